"""Markdown that shows what a run says and does nothing with it."""

import re
from collections.abc import Iterable

from upright.core.inert import one_line

ACTIVE = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$&@:/])")


def plain(text: str, width: int = 120) -> str:
    """Text that Markdown shows and does nothing with: no link, mention, image, tag or table."""
    return ACTIVE.sub(r"\\\1", one_line(text, width)).replace("\\@", "@\u200b")


def row(cells: Iterable[str]) -> str:
    """A line of a table; the cells are Markdown already."""
    return f"| {' | '.join(cells)} |"
