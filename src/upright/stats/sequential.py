"""Confidence sequences: intervals for a mean that hold at all times at once.

A 95 % interval of fixed size n misses the truth far more often than in 5 % of runs where one looks
at it again and again and stops when it pleases. A confidence sequence leaves the truth out *at any
time* in at most 5 % of runs (Ville's inequality), so whoever reads it may stop whenever they like.

Waudby-Smith and Ramdas 2024, "Estimating means of bounded random variables by betting", JRSS-B 86
(arXiv 2010.09686). Values lie in [0, 1] and come in clusters: one observation is one cluster, its
value the mean of the cluster. Two populations are meant:

unlimited   the rate of the model on questions like these; the benchmark is a sample of them
finite      the value that the whole benchmark would give; nothing is left to chance once all is
            asked, so that the interval closes (their section 5)

From the finite benchmark clusters are drawn without replacement, the next one with probability
proportional to its size among those that are left (Shekhar, Xu, Lipton, Liang and Ramdas 2023,
UAI, arXiv 2305.06884). Then the expectation of the next cluster's mean is the mean of all *items*
left, however sizes vary: (total * m - sum of items seen) / (total - items seen) where the whole
benchmark's mean is m. With clusters of one size this is a plain random order.
"""

from typing import NamedTuple

import numpy as np

from upright.stats.intervals import LEVEL, Bounds, Floats

MOST, MOST_AIMED = 0.5, 0.75
"""The largest share of the capital that a bet may lose (c in the paper; any in (0, 1) is valid):
the paper's, and one for bets that have an aim. Larger ones end sooner near 0 and 1, where little
is lost, but the early bets of those without an aim would lose too much."""
HALVINGS = 40


class Aim(NamedTuple):
    """What bets are made for: a half-width, in a benchmark of so many clusters."""

    half_width: float
    clusters: int


class Draws(NamedTuple):
    """Clusters in the order in which they were drawn: the mean of each and how many items it has.

    total   the items of the whole benchmark, or None where the population is unlimited
    """

    values: Floats
    sizes: Floats
    total: float | None = None

    @property
    def mirrored(self) -> "Draws":
        return self._replace(values=1 - self.values)


class _Expected(NamedTuple):
    """The expectation of the next value if the mean is m: scale * m - shift, before each draw."""

    scale: Floats
    shift: Floats


def betting(draws: Draws, aim: Aim | None = None, level: float = LEVEL) -> Bounds:
    """The hedged capital confidence sequence (Theorem 3; without replacement Theorem 4), as it
    stands after the last draw: the intersection over all draws so far.

    Against each m two gamblers bet half a unit, one that the mean is above m, one that it is below.
    A gambler's fair capital reaches 1 / alpha in a share alpha of all runs at most: an m against
    which one does is out. Without an aim bets are the paper's predictable plug-in ones.
    """
    if len(draws.values) == 0:
        return Bounds(0.0, 1.0)
    low, high = _possible(draws)
    low = max(low, _lower(draws, aim, level))
    high = min(high, 1 - _lower(draws.mirrored, aim, level))
    return Bounds(low, high) if low <= high else _crossed(draws)


def expected_draws(draws: Draws, aim: Aim, level: float = LEVEL) -> float:
    """About how many clusters of a finite benchmark `betting` needs to reach the aim.

    Kelly's capital against an m at distance h grows by h^2 / (2 variance) a draw; the finite
    benchmark needs the harmonic sum of what that takes without an end, and of its own size.
    """
    variance = _variances_before(np.append(draws.values, 0.0))[-1]
    endless = 2 * np.log(2 / (1 - level)) * variance / aim.half_width**2
    return float(1 / (1 / endless + 1 / aim.clusters))


def empirical_bernstein(draws: Draws, level: float = LEVEL) -> Bounds:
    """The predictable plug-in empirical Bernstein confidence sequence (Theorem 2; without
    replacement section 5.2): in closed form, and wider than `betting`."""
    values = draws.values
    if len(values) == 0:
        return Bounds(0.0, 1.0)
    expected, cost = _expected(draws), np.log(2 / (1 - level))
    bets = np.minimum(_plug_in(values, level), MOST)
    spread = (values - _means_before(values)) ** 2
    paid = cost + np.cumsum(spread * (-np.log1p(-bets) - bets))
    weight = np.cumsum(bets * expected.scale)
    centre = np.cumsum(bets * (values + expected.shift)) / weight
    low, high = _possible(draws)
    low = max(low, float(np.max(centre - paid / weight)))
    high = min(high, float(np.min(centre + paid / weight)))
    return Bounds(low, high) if low <= high else _crossed(draws)


def _possible(draws: Draws) -> Bounds:
    """What the mean can be at all: were everything that is left wrong, or right."""
    if draws.total is None:
        return Bounds(0.0, 1.0)
    seen = float(draws.sizes @ draws.values)
    left = draws.total - float(draws.sizes.sum())
    return Bounds(seen / draws.total, (seen + left) / draws.total)


def _crossed(draws: Draws) -> Bounds:
    """Every m is out: the sequence has failed, as it may in 5 % of runs. The mean seen is left."""
    seen = float(np.average(draws.values, weights=draws.sizes))
    return Bounds(seen, seen)


def _expected(draws: Draws) -> _Expected:
    if draws.total is None:
        return _Expected(np.ones(len(draws.values)), np.zeros(len(draws.values)))
    left = draws.total - _before(draws.sizes)
    return _Expected(draws.total / left, _before(draws.sizes * draws.values) / left)


def _lower(draws: Draws, aim: Aim | None, level: float) -> float:
    """The largest m that is too low. A bet on more loses as m grows, so that halving finds it."""
    expected, goal = _expected(draws), np.log(2 / (1 - level))
    bets = _aimed(draws, aim, level) if aim else _plug_in(draws.values, level)
    most = MOST_AIMED if aim else MOST

    def too_low(m: float) -> bool:
        means = expected.scale * m - expected.shift
        if means.min() < 0:
            return True
        stakes = np.minimum(bets, most / np.maximum(means, 1e-12))
        capital = np.cumsum(np.log1p(stakes * (draws.values - means)))
        return bool(capital.max() >= goal)

    low, high = 0.0, 1.0
    if not too_low(low):
        return low
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if too_low(middle) else (low, middle)
    return low


def _plug_in(values: Floats, level: float) -> Floats:
    """Bets that suit every length (equation 26): they shrink as 1 / sqrt(t log t)."""
    t = np.arange(1, len(values) + 1)
    return np.asarray(
        np.sqrt(2 * np.log(2 / (1 - level)) / (_variances_before(values) * t * np.log1p(t)))
    )


def _aimed(draws: Draws, aim: Aim, level: float) -> Floats:
    """Kelly's bets for a truth at the distance where the sequence is to be tight: distance over
    variance.

    In the finite benchmark that is the half-width, which grows with what has been drawn: the mean
    of the rest must make up for it. In an unlimited population, where the stop is decided by the
    finite one, it is what the draws up to the expected stop can tell: after n clusters
    sqrt(2 log(2 / alpha) variance / n), where 1 / n = 1 / clusters + 1 / (clusters that the
    half-width would need without an end).
    """
    variances = _variances_before(draws.values)
    kelly = aim.half_width / variances
    if draws.total is not None:
        return np.asarray(kelly * _expected(draws).scale)
    whole = 2 * np.log(2 / (1 - level)) / (variances * aim.clusters)
    return np.asarray(np.sqrt(kelly**2 + whole))


def _means(values: Floats) -> Floats:
    """After each draw, with one value of 1/2 added."""
    return np.asarray((0.5 + np.cumsum(values)) / (np.arange(1, len(values) + 1) + 1))


def _means_before(values: Floats) -> Floats:
    return np.concatenate([[0.5], _means(values)[:-1]])


def _variances_before(values: Floats) -> Floats:
    """Before each draw, with one square of 1/4 added: a bet may know only what came before it."""
    squares = (0.25 + np.cumsum((values - _means(values)) ** 2)) / (np.arange(len(values)) + 2)
    return np.concatenate([[0.25], squares[:-1]])


def _before(values: Floats) -> Floats:
    """Sums of all that came before each."""
    return np.concatenate([[0.0], np.cumsum(values)[:-1]])
