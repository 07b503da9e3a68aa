"""A difference against a margin: worse, not worse, equivalent, or not known yet.

A difference that is not significant is no evidence of equality; a significant one may be too
small to matter. Both are decided on the interval of candidate - baseline against the largest
loss one is willing to bear: FDA 2016, "Non-Inferiority Clinical Trials to Establish
Effectiveness"; Piaggio et al. 2012 (CONSORT extension, JAMA 308), figure 1. With a 95 % interval
a candidate that lost nothing is called worse, and one that lost the margin not worse, in at most
2.5 % of cases.
"""

from enum import StrEnum

from upright.core import Interval, UsageError
from upright.stats.intervals import Bounds


class Standing(StrEnum):
    """Where a candidate stands against its baseline."""

    WORSE = "worse"
    NOT_WORSE = "not worse"
    BETTER = "better"
    EQUIVALENT = "equivalent"
    CANNOT_TELL = "cannot tell"


def non_inferiority(difference: Interval, margin: float, higher_is_better: bool = True) -> Standing:
    """Whether a candidate lost no more than `margin`, from candidate - baseline.

    With the interval and its middle turned so that up is good:
    - the interval lies above 0: better (superiority after non-inferiority costs no further test:
      CPMP 2001, "Points to consider on switching between superiority and non-inferiority");
    - below 0, and its value below -margin: worse, a loss is significant and too large to bear;
    - above -margin: not worse, even where all of it is below 0: a loss that is real but bearable;
    - otherwise cannot tell, more samples would.
    To ask of "worse" that a loss beyond the margin be significant itself would let most losses
    of twice the margin pass: 75 in 100 at 500 samples (`perf/gate.py`). With margin 0, worse and
    better are plain significance.
    """
    ends = _turned(difference, margin, higher_is_better)
    if ends is None or difference.value is None:
        return Standing.CANNOT_TELL
    value = difference.value if higher_is_better else -difference.value
    if ends.low > 0:
        return Standing.BETTER
    if ends.high < 0 and value < -margin:
        return Standing.WORSE
    return Standing.NOT_WORSE if ends.low > -margin else Standing.CANNOT_TELL


def equivalence(difference: Interval, margin: float, higher_is_better: bool = True) -> Standing:
    """Whether candidate and baseline differ by less than `margin` either way.

    Two one-sided tests (Schuirmann 1987, J. Pharmacokinet. Biopharm. 15): equivalent if the
    interval lies inside (-margin, margin), of which a 90 % interval tests at 5 % and a 95 % one
    at 2.5 %. Worse or better if it lies wholly beyond the margin on that side.
    """
    if margin <= 0:
        raise UsageError(
            f"A margin of {margin:g} leaves nothing to be equivalent within; name the largest "
            "difference that does not matter, such as 0.02."
        )
    ends = _turned(difference, margin, higher_is_better)
    if ends is None:
        return Standing.CANNOT_TELL
    if -margin < ends.low and ends.high < margin:
        return Standing.EQUIVALENT
    if ends.high < -margin:
        return Standing.WORSE
    return Standing.BETTER if ends.low > margin else Standing.CANNOT_TELL


def _turned(difference: Interval, margin: float, higher_is_better: bool) -> Bounds | None:
    """The interval with up being good; None where there is none."""
    if margin < 0:
        raise UsageError(f"A margin is a size, 0 or more, not {margin:g}.")
    if difference.low is None or difference.high is None:
        return None
    if higher_is_better:
        return Bounds(difference.low, difference.high)
    return Bounds(-difference.high, -difference.low)
