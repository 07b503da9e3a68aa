"""A release gate: may the candidate replace the baseline?"""

import msgspec

from upright.comparisons.two_runs.result import Comparison, Difference
from upright.core import TOLERATED
from upright.stats.equivalence import Standing


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What a gate says, and because of which benchmarks.

    worse       a loss is significant, and larger than the margin
    unproven    no such loss is shown, nor excluded; fails a strict gate only
    lost        the candidate lost the evidence: too many of its answers have no score
    """

    passed: bool
    strict: bool
    worse: tuple[str, ...]
    unproven: tuple[str, ...]
    lost: tuple[str, ...]


def decide(comparison: Comparison, *, strict: bool = False) -> Decision:
    """Fails on a significant loss larger than the margin, and where the evidence for one is gone.

    A strict gate passes only where such a loss is excluded everywhere (non-inferiority).
    """
    worse = _named(comparison, Standing.WORSE)
    unproven = _named(comparison, Standing.CANNOT_TELL)
    lost = tuple(d.benchmark for d in comparison.differences if loses_evidence(d))
    failed = worse or lost or (strict and unproven)
    return Decision(passed=not failed, strict=strict, worse=worse, unproven=unproven, lost=lost)


def loses_evidence(difference: Difference) -> bool:
    """Whether answers that could not be scored might hide a loss.

    Silence, refusals and unreadable answers are scored; what is unscored are errors and broken
    judges. A run that errs where the other does not must not pass for want of evidence.
    """
    pairing = difference.pairing
    gone = pairing.unscored_candidate - pairing.unscored_baseline
    return gone > TOLERATED * pairing.met


def _named(comparison: Comparison, standing: Standing) -> tuple[str, ...]:
    return tuple(d.benchmark for d in comparison.standing(standing))
