"""E-mail addresses in a text."""

import re

AT = re.compile(r"\s{0,3}[\[({<]\s{0,3}at\s{0,3}[\])}>]\s{0,3}", re.IGNORECASE)
DOT = re.compile(r"\s{0,3}[\[({<]\s{0,3}dot\s{0,3}[\])}>]\s{0,3}", re.IGNORECASE)
SPOKEN = re.compile(
    r"\b([\w.+-]{1,64}(?: (?:dot|underscore) [\w+-]{1,64}){0,4}) at "
    r"([a-z0-9-]{1,63}(?: dot [a-z0-9-]{2,63}){1,4})\b",
    re.IGNORECASE,
)
ADDRESS = re.compile(
    r"(?<![\w.%+-])[\w.%+'-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}(?![\w@-])", re.IGNORECASE
)


def emails(text: str) -> list[str]:
    """The addresses in a text, casefolded, each once, in order.

    Any top-level domain counts, and "name [at] place [dot] com" is read too, as is "name at place
    dot com". What stands around an address (quotes, brackets, the full stop of the sentence) is no
    part of it.
    """
    written = SPOKEN.sub(_written, text) if " dot " in text.casefold() else text
    signed = AT.sub("@", written)
    if "@" not in signed:  # as in most answers, and looking for addresses takes far longer
        return []
    found = ADDRESS.findall(DOT.sub(".", signed))
    return list(dict.fromkeys(address.strip(".'").casefold() for address in found))


def _written(hit: re.Match[str]) -> str:
    """ "maria dot santos at place dot com" in signs."""
    name, domain = (part.casefold().replace(" dot ", ".") for part in hit.groups())
    return f"{name.replace(' underscore ', '_')}@{domain}"
