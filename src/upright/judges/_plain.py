"""Plain text: what people type and models print, brought to one form before rules read it."""

import re
import unicodedata

LONGEST = 20_000
"""Rules read this much of a response: a clear answer comes early, and a megabyte is a loop."""

QUOTES = str.maketrans(
    "‘’‛ʼ´`“”„‟«»−–—‑", "''''''\"\"\"\"\"\"----", "\u00ad\u200b\u200c\u200d\u2060\ufeff"
)
ABBREVIATIONS = re.compile(
    r"\b(e\.g|i\.e|etc|vs|mr|mrs|ms|dr|prof|st|no|u\.s|u\.k)\.", re.IGNORECASE
)
WORD = re.compile(r"[\u3040-\u9fff]|[^\W_\u3040-\u9fff]+(?:'[^\W_\u3040-\u9fff]+)?")
SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]*_]*\s+|(?<=[。！？])|\n+")


def plain(text: str) -> str:
    """The first part of a text with plain quotes and dashes, without invisible characters."""
    return unicodedata.normalize("NFKC", text[:LONGEST].translate(QUOTES))[:LONGEST]


def sentences(text: str) -> list[str]:
    """A plain text cut into sentences and lines; empty ones are left out."""
    whole = ABBREVIATIONS.sub(lambda m: m[1].replace(".", ""), text)
    return [s for piece in SENTENCE_END.split(whole) if (s := piece.strip())]


def words(text: str) -> list[str]:
    """The words of a text, casefolded; each Chinese or Japanese character is a word."""
    return WORD.findall(text.casefold())
