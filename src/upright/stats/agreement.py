"""How well two readers agree: a judge with people, or several judges with one another.

Everywhere `people` and `judge` are arrays of 0 and 1, 1 being "yes".
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from upright.core import Interval
from upright.stats.distributions import normal_quantile, ranked
from upright.stats.intervals import LEVEL, Floats, wilson

NOTHING = Interval(None, None, None, "undefined: one class only")
BINS = 10


class Confusion(NamedTuple):
    """Both say yes, only the judge, only people, neither."""

    hits: float
    false_alarms: float
    misses: float
    rejections: float

    @property
    def n(self) -> float:
        return sum(self)

    @property
    def n_yes(self) -> float:
        """How often people say yes."""
        return self.hits + self.misses

    @property
    def n_no(self) -> float:
        return self.false_alarms + self.rejections

    @property
    def accuracy(self) -> float:
        return (self.hits + self.rejections) / self.n

    @property
    def f1(self) -> float:
        """0 where neither ever says yes."""
        of = 2 * self.hits + self.false_alarms + self.misses
        return 2 * self.hits / of if of else 0.0


def confusion(people: Floats, judge: Floats) -> Confusion:
    """The four counts."""
    yes, said = np.asarray(people, bool), np.asarray(judge, bool)
    counts = (yes & said, ~yes & said, yes & ~said, ~yes & ~said)
    return Confusion(*(float(np.sum(c)) for c in counts))


def sensitivity(counts: Confusion, design_effect: float = 1.0) -> Interval:
    """The share of people's yes that the judge finds, with Wilson's interval."""
    return _share(counts.hits, counts.n_yes, design_effect)


def specificity(counts: Confusion, design_effect: float = 1.0) -> Interval:
    """The share of people's no that the judge finds, with Wilson's interval."""
    return _share(counts.rejections, counts.n_no, design_effect)


def _share(k: float, n: float, design_effect: float) -> Interval:
    return Interval(k / n, *wilson(k / n, n / design_effect), "Wilson") if n else NOTHING


def hanley_mcneil(area: float, n_yes: float, n_no: float) -> Interval:
    """The interval of an AUROC of which only the value is known: Hanley and McNeil 1982."""
    if not n_yes or not n_no:
        return NOTHING
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    spread = (n_yes - 1) * (q1 - area**2) + (n_no - 1) * (q2 - area**2)
    half = _z() * float(np.sqrt(max(0.0, area * (1 - area) + spread) / (n_yes * n_no)))
    return Interval(area, max(0.0, area - half), min(1.0, area + half), "Hanley-McNeil")


def kappa(counts: Confusion) -> Interval:
    """Cohen's kappa with the large-sample interval of Fleiss, Cohen and Everitt 1969.

    (p_o - p_e) / (1 - p_e), p_e the agreement of independent readers with the same margins.
    """
    table = np.array(
        [[counts.hits, counts.misses], [counts.false_alarms, counts.rejections]]
    ) / max(counts.n, 1.0)
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    observed, expected = float(np.trace(table)), float(rows @ columns)
    if counts.n == 0 or expected == 1:
        return NOTHING
    value = (observed - expected) / (1 - expected)
    on = sum(
        table[i, i] * ((1 - expected) - (rows[i] + columns[i]) * (1 - observed)) ** 2
        for i in (0, 1)
    )
    off = (1 - observed) ** 2 * sum(
        table[i, 1 - i] * (columns[i] + rows[1 - i]) ** 2 for i in (0, 1)
    )
    rest = (observed * expected - 2 * expected + observed) ** 2
    variance = max(on + off - rest, 0.0) / (1 - expected) ** 4 / counts.n
    half = _z() * float(np.sqrt(variance))
    return Interval(value, max(value - half, -1.0), min(value + half, 1.0), "Fleiss 1969")


def auroc(people: Floats, scores: Floats) -> Interval:
    """How often a yes outscores a no, ties counting half; DeLong's interval.

    Placement values from midranks: DeLong et al. 1988 (Biometrics 44), Sun and Xu 2014. On the
    logit scale, so that the interval stays inside [0, 1]; where every pair is in order, the
    bound that Wilson's leaves after as many trials as the smaller class has rows.
    """
    yes = np.asarray(people, bool)
    values = np.asarray(scores, float)
    m, n = int(yes.sum()), int((~yes).sum())
    if not m or not n:
        return NOTHING
    ranks = ranked(values)
    above = (ranks[yes] - ranked(values[yes])) / n  # (m,) share of no below each yes
    below = 1 - (ranks[~yes] - ranked(values[~yes])) / m  # (n,)
    value = float(above.mean())
    variance = sum(
        float(np.var(part, ddof=1)) / len(part) for part in (above, below) if len(part) > 1
    )
    if value in (0.0, 1.0) or variance == 0:
        gap = 1 - wilson(1.0, min(m, n)).low
        return Interval(value, max(0.0, value - gap), min(1.0, value + gap), "Wilson bound")
    half = _z() * float(np.sqrt(variance)) / (value * (1 - value))
    centre = np.log(value / (1 - value))
    low, high = (float(1 / (1 + np.exp(-end))) for end in (centre - half, centre + half))
    return Interval(value, low, high, "DeLong, logit")


def calibration_error(people: Floats, probabilities: Floats, bins: int = BINS) -> float:
    """Expected calibration error over equal-mass bins (Nixon et al. 2019, arXiv 1904.01685).

    The mean over bins of |share of yes - mean probability|, weighted by size. Bins hold equally
    many rows, but rows of equal probability are never parted.
    """
    p = np.asarray(probabilities, float)
    order = np.argsort(p, kind="stable")
    p, yes = p[order], np.asarray(people, float)[order]
    edges = {round(len(p) * k / bins) for k in range(1, bins)}
    cuts = sorted({int(np.searchsorted(p, p[e], "left")) for e in edges if e < len(p)} - {0})
    parts = zip(np.split(p, cuts), np.split(yes, cuts), strict=True)
    return float(sum(abs(float(a.sum() - b.sum())) for a, b in parts) / len(p))


def krippendorff(
    ratings: Sequence[Sequence[float | str | None]],
    level: Literal["nominal", "interval"] = "nominal",
) -> float | None:
    """Krippendorff's alpha of units (rows) rated by any number of readers; None is no rating.

    1 - observed / expected disagreement from the coincidence matrix (Krippendorff 2011,
    "Computing Krippendorff's alpha-reliability"); units with one rating are left out. None where
    nothing is paired or nobody ever differs from anybody on any unit (no variation).
    """
    units = [[r for r in unit if r is not None] for unit in ratings]
    units = [unit for unit in units if len(unit) > 1]
    values = sorted({r for unit in units for r in unit}, key=lambda r: (str(type(r)), r))
    if len(values) < 2:
        return None
    at = {value: i for i, value in enumerate(values)}
    pairs = np.zeros((len(values), len(values)))
    for unit in units:
        counts = np.bincount([at[r] for r in unit], minlength=len(values)).astype(float)
        pairs += (np.outer(counts, counts) - np.diag(counts)) / (len(unit) - 1)
    totals = pairs.sum(axis=1)
    distance = _distance(values, level)
    expected = (np.outer(totals, totals) * distance).sum() / (totals.sum() - 1)
    return float(1 - (pairs * distance).sum() / expected)


def _distance(values: Sequence[float | str], level: str) -> Floats:
    if level == "nominal":
        return 1.0 - np.eye(len(values))
    numbers = np.array(values, float)
    return np.asarray((numbers[:, None] - numbers[None, :]) ** 2)


def _z() -> float:
    return normal_quantile(0.5 + LEVEL / 2)
