"""E-mail addresses in a text."""

import re

AT = re.compile(r"\s{0,3}[\[({<]\s{0,3}at\s{0,3}[\])}>]\s{0,3}", re.IGNORECASE)
DOT = re.compile(r"\s{0,3}[\[({<]\s{0,3}dot\s{0,3}[\])}>]\s{0,3}", re.IGNORECASE)
ADDRESS = re.compile(
    r"(?<![\w.%+-])[\w.%+'-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}(?![\w@-])", re.IGNORECASE
)


def emails(text: str) -> list[str]:
    """The addresses in a text, casefolded, each once, in order.

    Any top-level domain counts, and "name [at] place [dot] com" is read too. What stands around
    an address (quotes, brackets, the full stop of the sentence) is no part of it.
    """
    found = ADDRESS.findall(DOT.sub(".", AT.sub("@", text)))
    return list(dict.fromkeys(address.strip(".'").casefold() for address in found))
