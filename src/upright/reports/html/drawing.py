"""Geometry of the page's charts, in per cent of their width; the templates draw it.

Percentages instead of pixels: one SVG serves phone, screen and paper.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

from upright.core import Estimate, Outcome
from upright.reports.scale import Axis, axis, interval, number
from upright.reports.standing import ONE, Standing, standing

OTHER = "other"


class Point(NamedTuple):
    """A value with its interval. `group` gives it a colour and a place beside others of its
    label; `note` is told on pointing at it."""

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    chance: float | None = None
    group: str = ""
    note: str = ""


class Mark(NamedTuple):
    """A value on an axis. `label` says in words what the drawing shows."""

    at: float
    text: str
    label: str


class Chart(NamedTuple):
    """One dot, its interval from `low` to `high`, chance, and reference values as ticks.

    `standing` gives the dot its shape: shapes are told apart without colour, and on paper.
    """

    at: float | None
    low: float | None
    high: float | None
    chance: float | None
    ticks: tuple[Mark, ...]
    references: tuple[Mark, ...]
    label: str
    standing: Standing


class Segment(NamedTuple):
    """A part of a stacked bar."""

    name: str
    n: int
    start: float
    width: float
    share: str


def dot_chart(estimate: Estimate, references: Mapping[str, float] | None = None) -> Chart:
    """The estimate on its axis; nothing is drawn for a withheld value."""
    references = references or {}
    point = Point("", estimate.value, estimate.low, estimate.high)
    if not estimate.told:
        point = Point("", None)
    return draw(
        point._replace(label=_in_words(estimate), chance=estimate.chance),
        axis(estimate, references.values()),
        standing(estimate),
        references,
    )


def draw(
    point: Point, on: Axis, stands: Standing, references: Mapping[str, float] | None = None
) -> Chart:
    """Any value with its interval; the point's label is what those hear who do not see it."""

    def place(value: float | None) -> float | None:
        known = value is not None and math.isfinite(value)
        return round(100 * on.place(value), 2) if known and value is not None else None

    ends = sorted(p for e in (point.low, point.high) if (p := place(e)) is not None)
    low, high = ends if len(ends) == 2 else (None, None)
    ticks = (on.worse, (on.worse + on.better) / 2, on.better)
    return Chart(
        at=place(point.value),
        low=low,
        high=high,
        chance=place(point.chance),
        ticks=tuple(_mark(place(t), f"{t:g}".replace("-", "−"), "") for t in ticks),
        references=tuple(
            _mark(place(v), number(v), k) for k, v in sorted((references or {}).items())
        ),
        label=point.label,
        standing=stands,
    )


def outcome_segments(outcomes: Mapping[str, int]) -> tuple[Segment, ...]:
    """Kinds of answers as parts of a whole bar."""
    total = sum(outcomes.values())
    segments, start = [], 0.0
    for name, count in outcomes.items():
        width = 100 * count / total
        segments.append(Segment(name, count, round(start, 3), round(width, 3), _share(width)))
        start += width
    return tuple(segments)


def outcome_kind(name: str) -> str:
    """The outcome as the style knows it; what we do not know must not become a class."""
    return name if name in set(Outcome) else OTHER


def _share(width: float) -> str:
    return "<1 %" if width < 1 else f"{width:.0f} %"


def _mark(at: float | None, text: str, label: str) -> Mark:
    return Mark(at if at is not None else 0.0, text, label)


def _in_words(estimate: Estimate) -> str:
    """The chart for those who do not see it."""
    if not estimate.told:
        return f"No value: {estimate.withheld or estimate.method}"
    between = f", 95 % interval {interval(estimate)}" if interval(estimate) else ""
    chance = f", chance {number(estimate.chance)}" if estimate.chance is not None else ""
    return f"{number(estimate.value)}{between}{chance}: {ONE[standing(estimate)]}"
