"""Does a model know when it is wrong: its stated confidence against what came of it.

`confidence` is any score, higher being surer; a probability where a score of calibration is
meant. `calibration_error` lies with the other measures of agreement.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma

from upright.core import Interval
from upright.stats.bootstrap import bootstrap
from upright.stats.intervals import Floats

Places = NDArray[np.intp]


def brier(right: Floats, probabilities: Floats, clusters: Sequence[str]) -> Interval:
    """The mean squared distance of a probability from what happened (Brier 1950).

    0 is perfect; 0.25 is what "one half" always gets.
    """
    squares = (np.asarray(probabilities, float) - np.asarray(right, float)) ** 2
    return bootstrap(lambda w: np.asarray(w @ squares / w.sum(axis=1)), clusters)


def aurc(confidence: Floats, losses: Floats, clusters: Sequence[str]) -> Interval:
    """The area under the risk-coverage curve (Geifman and El-Yaniv 2017, arXiv 1705.08500).

    The mean, over samples, of the mean loss of all answers at least as sure: what one gets on
    average who answers only what it is sure of. Equally sure answers are accepted together, so
    that their order does not matter.
    """
    order, ends = _ranked(confidence)
    sorted_losses = np.asarray(losses, float)[order]
    return bootstrap(lambda w: _area(w[:, order], sorted_losses, ends), clusters)


def excess_aurc(confidence: Floats, wrong: Floats, clusters: Sequence[str]) -> Interval:
    """AURC less that of the best possible order: Geifman et al. 2019 (arXiv 1805.08206).

    0 if every right answer is surer than every wrong one, however many are wrong. For losses of
    0 and 1: m errors among n, all last, have the area (1/n) sum over k <= m of k / (n - m + k).
    """
    order, ends = _ranked(confidence)
    sorted_wrong = np.asarray(wrong, float)[order]

    def excess(w: Floats) -> Floats:
        drawn = w[:, order]
        return np.asarray(_area(drawn, sorted_wrong, ends) - _best(drawn, sorted_wrong))

    return bootstrap(excess, clusters)


def _ranked(confidence: Floats) -> tuple[Places, Places]:
    """The surest first, and for each place the last place that is as sure."""
    scores = -np.asarray(confidence, float)
    order = np.argsort(scores, kind="stable")
    ends = np.searchsorted(scores[order], scores[order], side="right") - 1
    return order, ends


def _area(weights: Floats, losses: Floats, ends: Places) -> Floats:
    """(draws, n) weights, surest first -> (draws,)"""
    count = np.cumsum(weights, axis=1)[:, ends]
    lost = np.cumsum(weights * losses, axis=1)[:, ends]
    # Nothing drawn down to here: those places have no weight of their own either.
    risk = np.divide(lost, count, out=np.zeros_like(lost), where=count > 0)
    return np.asarray((weights * risk).sum(axis=1) / weights.sum(axis=1))


def _best(weights: Floats, wrong: Floats) -> Floats:
    """The area with all errors last: m - (n - m)(H_n - H_(n-m)), over n; H harmonic numbers."""
    n, m = weights.sum(axis=1), weights @ wrong
    return np.asarray((m - (n - m) * (digamma(n + 1) - digamma(n - m + 1))) / n)
