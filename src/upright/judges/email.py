"""E-mail addresses in a text."""

import re

AT = re.compile(r"\s*[\[({<]\s*at\s*[\])}>]\s*", re.IGNORECASE)
DOT = re.compile(r"\s*[\[({<]\s*dot\s*[\])}>]\s*", re.IGNORECASE)
ADDRESS = re.compile(
    r"(?<![\w.%+-])[\w.%+-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}(?![\w@])", re.I
)


def emails(text: str) -> list[str]:
    """The addresses in a text, casefolded, each once, in order.

    Reads "name [at] place [dot] com" too. Any top-level domain counts.
    """
    found = ADDRESS.findall(DOT.sub(".", AT.sub("@", text)))
    return list(dict.fromkeys(address.strip(".").casefold() for address in found))
