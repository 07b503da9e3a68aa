"""Does a model know when it is wrong: its stated confidence against what came of it.

`confidence` is any score, higher being surer; a probability where a score of calibration is
meant. `calibration_error` lies with the other measures of agreement.

Intervals come from influence functions (Hampel 1974, JASA 69): how far each answer draws the
value, summed by cluster, gives a variance in closed form. On the logit scale, which keeps them
inside [0, 1] and, in simulation, their coverage from 50 answers up; a percentile bootstrap falls
short there and needs a thousand times the memory.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, expit, logit

from upright.core import Interval
from upright.stats.clusters import totals, variance_of_mean
from upright.stats.distributions import t_quantile
from upright.stats.intervals import LEVEL, Clusters, Floats, wilson

NOTHING = Interval(None, None, None, "nothing to score")


def brier(
    right: Floats, probabilities: Floats, clusters: Clusters, level: float = LEVEL
) -> Interval:
    """The mean squared distance of a probability from what happened (Brier 1950).

    0 is perfect; 0.25 is what "one half" always gets.
    """
    if len(clusters) == 0:
        return NOTHING
    squares = (np.asarray(probabilities, float) - np.asarray(right, float)) ** 2
    value = float(squares.mean())
    return _interval(value, squares - value, clusters, level)


def aurc(confidence: Floats, losses: Floats, clusters: Clusters, level: float = LEVEL) -> Interval:
    """The area under the risk-coverage curve (Geifman and El-Yaniv 2017, arXiv 1705.08500).

    The mean, over samples, of the mean loss (in [0, 1]) of all answers at least as sure: what one
    gets on average who answers only what it is sure of. Equally sure answers are accepted
    together, so that their order does not matter.
    """
    if len(clusters) == 0:
        return NOTHING
    return _interval(*_area(confidence, losses), clusters, level)


def excess_aurc(
    confidence: Floats, wrong: Floats, clusters: Clusters, level: float = LEVEL
) -> Interval:
    """AURC less that of the best possible order: Geifman et al. 2019 (arXiv 1805.08206).

    0 if every right answer is surer than every wrong one, however many are wrong. For losses of
    0 and 1: m errors among n, all last, have the area (1/n) sum over k <= m of k / (n - m + k),
    which is about r + (1 - r) log(1 - r), r the share of errors.
    """
    if len(clusters) == 0:
        return NOTHING
    area = _area(confidence, wrong)
    errors = np.asarray(wrong, float)
    n, m = len(errors), float(errors.sum())
    harmonic = float(digamma(n + 1) - digamma(n - m + 1))  # H_n - H_(n-m)
    best = (m - (n - m) * harmonic) / n
    slope = -np.log(max(1 - m / n, 1 / n))  # of the best area in r
    pull = area.pull - slope * (errors - m / n)
    return _interval(max(area.value - best, 0.0), pull, clusters, level)


class _Area(NamedTuple):
    """AURC, and how far each answer draws it."""

    value: float
    pull: Floats


def _area(confidence: Floats, losses: Floats) -> _Area:
    """The area as the mean of r_i, the risk among the share c_i that is at least as sure as i.

    An answer j counts as one more i, and moves r_i by (loss_j - r_i) / c_i for each i no surer.
    """
    scores = -np.asarray(confidence, float)
    order = np.argsort(scores, kind="stable")  # the surest first
    scores, loss = scores[order], np.asarray(losses, float)[order]
    last = np.searchsorted(scores, scores, side="right") - 1
    first = np.searchsorted(scores, scores, side="left")
    accepted = last + 1.0
    risk = np.cumsum(loss)[last] / accepted
    value = float(risk.mean())
    moved = loss * _from(1 / accepted, first) - _from(risk / accepted, first)
    pull = np.empty(len(loss))
    pull[order] = risk - value + moved
    return _Area(value, pull)


def _from(values: Floats, first: NDArray[np.intp]) -> Floats:
    """The sum of the values from each place on."""
    return np.asarray(np.cumsum(values[::-1])[::-1][first])


def _interval(value: float, pull: Floats, clusters: Clusters, level: float) -> Interval:
    """Student's interval on the logit scale; without variation, the bound that Wilson's leaves."""
    groups = totals(pull - pull.mean(), clusters)
    variance = variance_of_mean(groups)
    if not 1e-9 < value < 1 - 1e-9 or variance < 1e-18:
        gap = 1 - wilson(1.0, groups.groups, level).low
        return Interval(value, max(0.0, value - gap), min(1.0, value + gap), "Wilson bound")
    half = t_quantile(0.5 + level / 2, groups.groups - 1) * variance**0.5
    half /= value * (1 - value)
    low, high = (float(expit(logit(value) + side * half)) for side in (-1, 1))
    return Interval(value, low, high, f"influence function, logit, {groups.groups} clusters")
