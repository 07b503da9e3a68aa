"""From verdicts to a number and how sure we are of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from upright.core.sample import Sample
from upright.core.verdict import Scored


class Interval(msgspec.Struct, frozen=True):
    """A value with its 95 % interval; all None when it cannot be computed.

    `method` names the interval's method, or says why there is no value.
    """

    value: float | None
    low: float | None
    high: float | None
    method: str


@dataclass(frozen=True, kw_only=True)
class Metric:
    """`compute` receives the scored items (value not None) that the metric is about.

    of          which samples it is about, such as the attacked ones; its n counts these
    chance      what a uniformly guessing responder gets; `ceiling` what a perfect one gets
    column      the column of the paper's results table that this metric is, or ""
    by          slices for which it is reported too
    """

    name: str
    compute: Callable[[Sequence[Scored]], Interval]
    higher_is_better: bool = True
    chance: float | None = None
    ceiling: float = 1.0
    column: str = ""
    by: tuple[str, ...] = ()
    of: Callable[[Sample], bool] = field(default=lambda sample: True)

    def measure(self, items: Sequence[Scored]) -> Interval:
        """The metric over those of the scored items that it is about."""
        return self.compute([item for item in items if self.of(item.sample)])


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """One printed number. n = scored + unscored; `withheld` says why there is no value."""

    benchmark: str
    dimension: str
    score_set: str
    metric: str
    headline: bool
    slice: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    n_unscored: int
    method: str
    higher_is_better: bool
    chance: float | None
    ceiling: float
    column: str
    judge: str
    withheld: str = ""
