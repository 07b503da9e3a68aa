"""Differences under one another on one axis, each with its interval: drawn without a script."""

from collections.abc import Iterable, Mapping
from math import ceil, isfinite
from typing import NamedTuple

from upright.reports.html import Chart, Point, draw
from upright.reports.scale import Axis
from upright.reports.standing import Standing

REACHES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.25, 1.5)
"""Where an axis may end, before whole numbers."""


class Line(NamedTuple):
    """`told` is the value as a text; `beside` and `said` are small words about it."""

    label: str
    chart: Chart
    told: str
    beside: str = ""
    said: str = ""
    href: str = ""


def around_zero(ends: Iterable[float | None]) -> Axis:
    """Symmetric, with no difference in the middle, and wide enough for all."""
    furthest = max((abs(e) for e in ends if e is not None and isfinite(e)), default=0.0)
    reach = next((r for r in REACHES if furthest <= r), float(ceil(furthest)))
    return Axis(-reach, reach)


def drawn(
    label: str,
    ends: tuple[float | None, float | None, float | None],
    on: Axis,
    stands: Standing,
    references: Mapping[str, float] | None = None,
) -> Chart:
    """Value, low, high as a dot with its interval and a line at no difference."""
    value, low, high = ends
    return draw(Point(label, value, low, high, 0.0), on, stands, references)
