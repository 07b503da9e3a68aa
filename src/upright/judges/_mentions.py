"""Mentions of answers in a text: where each is named, whether it is rejected or only listed."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

BETWEEN = re.compile(
    r"(?:\W|_|\b(?:or|and|to|either|versus|vs|option|label|number|choice)\b)*", re.I
)


@dataclass(frozen=True)
class Mention:
    """`rejected`: named to be turned down. `listed`: named in one breath with another one."""

    answer: str
    start: int
    end: int
    rejected: bool = False
    listed: bool = False

    @property
    def stands(self) -> bool:
        return not self.rejected and not self.listed


def mark_listed(text: str, mentions: Sequence[Mention]) -> list[Mention]:
    """Mark mentions that follow one another with nothing between ("A or B?", "1, 2, 3")."""
    standing = [m for m in mentions if not m.rejected]
    listed = {m.start for pair in _neighbours(text, standing) for m in pair}
    return [replace(m, listed=m.start in listed) for m in mentions]


def _neighbours(text: str, mentions: Sequence[Mention]) -> Iterator[tuple[Mention, Mention]]:
    for one, other in pairwise(mentions):
        between = text[one.end : other.start]
        close = len(between) < 40 and BETWEEN.fullmatch(between)
        if one.answer != other.answer and close:
            yield one, other
