"""All answers of a run inside its page, compressed, up to a budget; the worst come first.

Texts are stored once, however often a prompt or an answer occurs, and rows point at them. Each
block adds texts and rows to those before it, so that a page's script can read one after another
and a budget can end the list anywhere.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from upright.core import PUBLISHED
from upright.reports.answers import Ranked, Shown, in_turns, read
from upright.reports.html.embed import inert_json, packed_block
from upright.reports.profile import Profile

BUDGET = 1_850_000
"""Bytes of a page for its answers: with scripts and numbers it stays below 3 MB."""
CLIPS = (3_000, 600, 400)
"""Characters kept of a text; the next where one would not let every answer in."""
ROWS = 500
"""Of one block."""
MOST = 20_000
"""Rows whose texts are read: more never fit the budget."""

Text = str | tuple[str, int]
"""A text, or its start and how many characters are left out."""


class Table(NamedTuple):
    """The blocks; how many answers of the upright set are in them and of how many; how many of
    the published set; the longest text kept."""

    blocks: tuple[Markup, ...]
    kept: int
    total: int
    published: int
    clip: int


def answer_table(profile: Profile, ranked: Sequence[Ranked], budget: int = BUDGET) -> Table:
    """As much as the budget allows: texts are clipped harder before an answer is left out."""
    order = {b.id: place for place, b in enumerate(profile.benchmarks)}
    chosen = in_turns(ranked, order)[:MOST]
    shown = read(profile.path, chosen)
    for clip in CLIPS:
        blocks = tuple(_blocks(shown, order, clip, budget))
        kept = shown[: len(blocks) * ROWS]
        if len(kept) == len(shown):
            break
    upright = sum(one.ranked.score_set != PUBLISHED for one in kept)
    total = sum(one.score_set != PUBLISHED for one in ranked)
    return Table(blocks, upright, total, len(kept) - upright, clip)


def _blocks(
    shown: Sequence[Shown], order: Mapping[str, int], clip: int, budget: int
) -> Iterator[Markup]:
    """Blocks while they fit."""
    places: dict[str, int] = {}
    for first in range(0, len(shown), ROWS):
        known = len(places)
        # Texts of one benchmark side by side: they are alike, and so take a tenth less.
        part = sorted(shown[first : first + ROWS], key=lambda one: _shelf(one.ranked, order))
        rows = [_row(one, order, places) for one in part]
        texts = [_clipped(text, clip) for text in list(places)[known:]]
        block = packed_block("answers", inert_json({"texts": texts, "rows": rows}))
        budget -= len(block)
        if budget < 0:
            return
        yield block


def _shelf(ranked: Ranked, order: Mapping[str, int]) -> tuple[bool, int]:
    return ranked.score_set == PUBLISHED, order[ranked.benchmark]


def _row(one: Shown, order: Mapping[str, int], places: dict[str, int]) -> list[Any]:
    """In the order that `table.js` reads; texts as their places."""

    def place(text: str) -> int:
        return places.setdefault(text, len(places))

    return [
        order[one.ranked.benchmark],
        int(one.ranked.score_set == PUBLISHED),
        int(one.ranked.fate),
        one.ranked.rank,
        one.value,
        one.epoch,
        [(place(name), place(value)) for name, value in one.slices.items() if value],
        *map(place, (one.outcome, one.sample_id, one.judge, one.finish_reason)),
        *map(place, (one.system, one.prompt, one.response, one.target, one.reason, one.error)),
    ]


def _clipped(text: str, clip: int) -> Text:
    return text if len(text) <= clip else (text[:clip], len(text) - clip)
