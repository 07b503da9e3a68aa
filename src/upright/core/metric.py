"""From verdicts to a number and how sure we are of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TypeVar

import msgspec

from upright.core.sample import Sample
from upright.core.verdict import Scored

NOT = "not "
TOLERATED = 0.05
"""The share of answers that may stay unscored: above it a number would mislead."""


class Interval(msgspec.Struct, frozen=True):
    """A value with its 95 % interval; all None when it cannot be computed.

    `method` names the interval's method, or says why there is no value.
    """

    value: float | None
    low: float | None
    high: float | None
    method: str


R = TypeVar("R", bound=Callable[..., object])


def wordless(reader: R) -> R:
    """Says of a function of samples or answers that it reads no words.

    That is: of a sample its cluster, target and slices, of a response its finish reason, and
    verdict and epoch. A large benchmark has only these in memory where all of its metrics say so.
    """
    vars(reader)["wordless"] = True
    return reader


def is_wordless(*readers: object) -> bool:
    """Whether all of them say so."""
    return all(getattr(reader, "wordless", False) for reader in readers)


@wordless
def every(sample: Sample) -> bool:
    """A metric's `of` where it is about all samples."""
    return True


@dataclass(frozen=True, kw_only=True)
class Metric:
    """`compute` receives the scored items (value not None) that the metric is about.

    of          which samples it is about, such as the attacked ones; its n counts these
    chance      what a uniformly guessing responder gets; `ceiling` what a perfect one gets
    column      the column of the paper's results table that this metric is, or ""
    by          slices for which it is reported too
    event       what the metric is the rate of ("refusal") or of whose absence ("not refusal"),
                where it is the mean of yes/no verdicts: such a rate may be corrected for the
                judge's error, and people may label it
    """

    name: str
    compute: Callable[[Sequence[Scored]], Interval]
    higher_is_better: bool = True
    chance: float | None = None
    ceiling: float = 1.0
    column: str = ""
    by: tuple[str, ...] = ()
    of: Callable[[Sample], bool] = every
    event: str = ""

    @property
    def happening(self) -> str:
        """The event itself, whichever way the metric counts it."""
        return self.event.removeprefix(NOT)

    @property
    def absence(self) -> bool:
        """Whether the metric is the rate at which the event fails to happen."""
        return self.event.startswith(NOT)

    @property
    def wordless(self) -> bool:
        """Whether it says that it reads no words."""
        return is_wordless(self.of, self.compute)

    def measure(self, items: Sequence[Scored]) -> Interval:
        """The metric over those of the scored items that it is about."""
        return self.compute(self._about(items))

    def value(self, items: Sequence[Scored]) -> float | None:
        """That alone: an interval by bootstrap takes far longer, where `compute` tells it apart."""
        about = self._about(items)
        alone: Callable[[Sequence[Scored]], float | None] | None
        alone = getattr(self.compute, "alone", None)
        return alone(about) if alone else self.compute(about).value

    def _about(self, items: Sequence[Scored]) -> list[Scored]:
        return [item for item in items if self.of(item.sample)]


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """One printed number. n = scored + unscored; `withheld` says why there is no value.

    corrected, corrected_low, corrected_high   after correction for the judge's error, or None
    correction   the method and the labelled set, or why there is none; "" where a correction
                 has no meaning
    """

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
    corrected: float | None = None
    corrected_low: float | None = None
    corrected_high: float | None = None
    correction: str = ""

    @property
    def told(self) -> bool:
        """Whether there is a value to show: computed, and not withheld."""
        return self.value is not None and isfinite(self.value) and not self.withheld

    @property
    def thin(self) -> bool:
        """Whether so much of the evidence is missing that even a value that is told may mislead."""
        return self.n_unscored > TOLERATED * self.n
