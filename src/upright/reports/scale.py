"""Where a number lies between worse and better: the axis of every chart.

All charts read the same way: further right is better, whatever the direction of the metric.
Only the drawing is turned round; the number printed is the true one.
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from upright.core import Estimate, Interval


class Axis(NamedTuple):
    """The values at the left and at the right end."""

    worse: float
    better: float

    def place(self, value: float) -> float:
        """0 at the worse end, 1 at the better one; clipped to the axis."""
        share = (value - self.worse) / (self.better - self.worse)
        return min(1.0, max(0.0, share))


def axis(estimate: Estimate, also: Iterable[float] = ()) -> Axis:
    """From 0 to 1, widened to whole numbers where the metric leaves that range.

    `also` are other values to be drawn on the same axis.
    """
    told = (estimate.value, estimate.low, estimate.high, estimate.chance, estimate.ceiling, *also)
    known = [v for v in told if v is not None and math.isfinite(v)]
    low = math.floor(min([0.0, *known]) + 1e-9)
    high = math.ceil(max([1.0, *known]) - 1e-9)
    return Axis(low, high) if estimate.higher_is_better else Axis(high, low)


def number(value: float | None, decimals: int = 3) -> str:
    """With a true minus; a dash for no value."""
    if value is None or not math.isfinite(value):
        return "–"
    text = f"{value:.{decimals}f}" if abs(value) < 10 else f"{value:.1f}"
    return text.replace("-", "−") if float(text) else text.removeprefix("-")


def interval(estimate: Estimate | Interval, decimals: int = 3) -> str:
    """Both ends, or nothing."""
    if estimate.low is None or estimate.high is None:
        return ""
    return f"{number(estimate.low, decimals)} – {number(estimate.high, decimals)}"


def corrected(estimate: Estimate) -> Estimate | None:
    """The same number after correction for the judge's error, where there is one."""
    if not estimate.told or estimate.corrected is None or not math.isfinite(estimate.corrected):
        return None
    return msgspec.structs.replace(
        estimate,
        value=estimate.corrected,
        low=estimate.corrected_low,
        high=estimate.corrected_high,
    )


def arrow(higher_is_better: bool) -> str:
    return "↑" if higher_is_better else "↓"
