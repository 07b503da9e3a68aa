"""By what rule a finding is supported, not supported, or neither.

The rule is the same for every statistic: an effect is shown where its interval leaves the null
on the claimed side, and shown to be absent where even the largest effect that the data allow
would be too small to matter (Schuirmann 1987; Lakens 2017). With a dozen models most questions
stay open, and then that is what is said. It was written with the paper's table at hand.
"""

from enum import StrEnum
from typing import NamedTuple

from upright.stats.intervals import Bounds

RELEVANT_CORRELATION = 0.5
RELEVANT_DIFFERENCE = 0.10
RELEVANT_SHARE = 0.25
"""Above one half: three models in four."""

RULE = (
    "Supported: the 95 % interval lies wholly on the claimed side of the null. "
    "Not supported: it lies wholly on the other side, or the one-sided 95 % bound excludes an "
    f"effect that would matter (a rank correlation of {RELEVANT_CORRELATION}, a difference of "
    f"{RELEVANT_DIFFERENCE:.2f}, three models in four) in the claimed direction. "
    "Cannot tell: neither. A claim with several checks is supported if all are, and not "
    "supported if one is not."
)


class Verdict(StrEnum):
    SUPPORTED = "supported"
    NOT_SUPPORTED = "not supported"
    CANNOT_TELL = "cannot tell"
    NOT_MEASURED = "not measured"


class Evidence(NamedTuple):
    """An effect with its 95 % interval, and the 90 % one whose ends are one-sided 95 % bounds."""

    wide: Bounds
    narrow: Bounds


def decide(evidence: Evidence, sign: int, null: float, relevant: float) -> Verdict:
    """By the rule; `sign` is the claimed side of the null, `relevant` the effect that matters."""
    low, high = _toward(evidence.wide, sign, null)
    if low > 0:
        return Verdict.SUPPORTED
    most = _toward(evidence.narrow, sign, null).high
    if high < 0 or most < relevant:
        return Verdict.NOT_SUPPORTED
    return Verdict.CANNOT_TELL


def _toward(bounds: Bounds, sign: int, null: float) -> Bounds:
    """Distances from the null, counted positive in the claimed direction."""
    ends = sorted((sign * (bounds.low - null), sign * (bounds.high - null)))
    return Bounds(*ends)


def together(verdicts: list[Verdict]) -> Verdict:
    """Of a claim, from its checks."""
    measured = [v for v in verdicts if v is not Verdict.NOT_MEASURED]
    if not measured:
        return Verdict.NOT_MEASURED
    if Verdict.NOT_SUPPORTED in measured:
        return Verdict.NOT_SUPPORTED
    return Verdict.SUPPORTED if set(verdicts) == {Verdict.SUPPORTED} else Verdict.CANNOT_TELL
