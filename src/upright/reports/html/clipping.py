"""Long texts on a page: a start to read, more to unfold, and how much is left out."""

from typing import NamedTuple

SHOWN_AT_ONCE = 280
STORED = 2_000
"""Characters of one text that a page carries; the whole is in samples.parquet."""


class Text(NamedTuple):
    """A text as a page shows it: its start, all of it if that is longer, and what is left out."""

    start: str
    whole: str
    omitted: int


def clip(text: str) -> Text:
    """Short texts whole; longer ones with a start to read before unfolding."""
    kept = text[:STORED]
    omitted = len(text) - len(kept)
    if len(text) <= SHOWN_AT_ONCE * 1.2:
        return Text(text, "", 0)
    start = kept[:SHOWN_AT_ONCE]
    return Text(start.rsplit(maxsplit=1)[0] if " " in start[-40:] else start, kept, omitted)
