"""Confidence sequences: intervals for a mean that hold at all times at once.

A 95 % interval of fixed size n misses the truth far more often than in 5 % of runs where one looks
at it again and again and stops when it pleases. A confidence sequence leaves the truth out *at any
time* in at most 5 % of runs (Ville's inequality), so whoever reads it may stop whenever they like.

Waudby-Smith and Ramdas 2024, "Estimating means of bounded random variables by betting", JRSS-B 86
(arXiv 2010.09686). Values lie in [0, 1] and come in clusters, which are drawn whole and in random
order. Two things may be meant by their mean:

`of_rate`   the rate of the model on questions like these, of which the benchmark is a sample
`of_whole`  the value that the whole benchmark would give: clusters are drawn without replacement,
            and nothing is left to chance once all are (their section 5)

One observation is one cluster. If the mean is m, what a cluster's sum exceeds m times its size by
is 0 on average, however sizes vary and whether or not large clusters are harder; and it lies
between -m and 1 - m when divided by the size of the largest cluster. So the paper's bets on x - m
become bets on (sum - m * size) / largest, which for clusters of one item is the same.

Where a reference is known on all clusters, drawn or not, a share of what it exceeds its own mean by
may be taken off each sum: over all clusters that adds up to 0, so that every bet stays fair
whatever the reference is worth, and what is bet on varies less the better it foretells (Shekhar et
al. 2023, "Risk-limiting financial audits via weighted sampling without replacement", arXiv
2305.06884: control variates). The share is settled before each draw, from those before it.
"""

from typing import NamedTuple

import numpy as np

from upright.stats.intervals import LEVEL, Bounds, Floats

MOST, MOST_AIMED = 0.5, 0.75
"""The largest share of the capital that a bet may lose (c in the paper; any in (0, 1) is valid):
the paper's, and one for bets that have an aim. Larger ones end sooner near 0 and 1, where little
is lost, but the early bets of those without an aim would lose too much."""
GRID = 1 << 40
"""Bounds are multiples of 1 / GRID."""
MOST_BESIDE = 0.9
"""The same beside a reference: a draw may go wrong by 1 and hardly ever does."""
TRUST = 10.0
"""For how many clusters a reference's foretelling is taken for perfect beforehand."""


class Beside(NamedTuple):
    """What a reference got on the same clusters: by what each one's sum exceeds its size times the
    mean of all. Of all clusters, drawn or not, the least and the most of it, and the mean square.
    """

    excess: Floats
    least: float
    most: float
    square: float

    @property
    def mirrored(self) -> "Beside":
        return Beside(-self.excess, -self.most, -self.least, self.square)


class Draws(NamedTuple):
    """Clusters in the order in which they were drawn: the sum of each one's values and how many
    these are. `largest` is known beforehand: none, drawn or not, has more."""

    sums: Floats
    sizes: Floats
    largest: float
    beside: Beside | None = None

    @property
    def mirrored(self) -> "Draws":
        beside = self.beside and self.beside.mirrored
        return self._replace(sums=self.sizes - self.sums, beside=beside)

    @property
    def with_one_more(self) -> "Draws":
        """One of nothing: what is known before it is all that is known."""
        beside = self.beside and self.beside._replace(excess=np.append(self.beside.excess, 0.0))
        sums, sizes = np.append(self.sums, 0.0), np.append(self.sizes, 0.0)
        return Draws(sums, sizes, self.largest, beside)


class Aim(NamedTuple):
    """A half-width to be reached, in a benchmark of so many items and clusters."""

    half_width: float
    items: int
    clusters: int


class Bound(NamedTuple):
    """A mean that the rate is to be shown above or below, in a benchmark of so many items and
    clusters."""

    at: float
    items: int
    clusters: int


class _Nulls(NamedTuple):
    """For a mean of m, before each draw: the bet is on `gain - loss * m`, which is 0 on average
    and at least `spare - most * m`."""

    gain: Floats
    loss: Floats
    spare: Floats
    most: Floats


def of_rate(draws: Draws, aim: Aim | Bound | None = None, level: float = LEVEL) -> Bounds:
    """The hedged capital confidence sequence (Theorem 3) for the rate behind the draws, as it
    stands after the last: the intersection over all draws so far.

    Against each m two gamblers bet half a unit, one that the mean is above m, one that it is below.
    A gambler's fair capital reaches 1 / alpha in a share alpha of all runs at most: an m against
    which one does is out. Without an aim bets are the paper's predictable plug-in ones.
    """
    if len(draws.sums) == 0:
        return Bounds(0.0, 1.0)
    variances = _variances_before(draws)
    bets = _long(draws, variances, aim, level) if aim else _plug_in(variances, level)
    rule = _Rule(bets, MOST_AIMED if aim else MOST, np.log(2 / (1 - level)))
    low, high = _lower(_endless(draws), rule), 1 - _lower(_endless(draws.mirrored), rule)
    return Bounds(low, high) if low <= high else _crossed(draws)


def of_whole(draws: Draws, aim: Aim, level: float = LEVEL) -> Bounds:
    """The same for the mean of all items of a benchmark, drawn without replacement (section 5).

    What all clusters exceed m times their sizes by adds up to 0: the average of those that are
    left makes up for those that were drawn. Bets are Kelly's for a truth at the half-width, as
    far as it then is for what is left. The one place where a reference counts.
    """
    if len(draws.sums) == 0:
        return Bounds(0.0, 1.0)
    left = aim.clusters - np.arange(len(draws.sums), dtype=np.float64)
    lessened = _lessened(draws)
    bets = _kelly(lessened, _variances_before(lessened), aim)
    if draws.beside:
        bets = _wary(bets)
    most = MOST_BESIDE if draws.beside else MOST_AIMED
    rule = _Rule(bets * aim.clusters / left, most, np.log(2 / (1 - level)))
    seen, open_ = float(draws.sums.sum()), aim.items - float(draws.sizes.sum())
    low = max(seen / aim.items, _lower(_ending(draws, left), rule))
    high = min((seen + open_) / aim.items, 1 - _lower(_ending(draws.mirrored, left), rule))
    return Bounds(low, high) if low <= high else _crossed(draws)


def estimate_of_whole(draws: Draws) -> float:
    """The mean of what was drawn, less the share of what the reference got too much on it."""
    drawn = float(draws.sums.sum())
    if draws.beside:
        drawn -= float(_shares_before(draws.with_one_more)[-1] * draws.beside.excess.sum())
    return drawn / float(draws.sizes.sum())


def expected_draws(draws: Draws, aim: Aim | Bound, level: float = LEVEL) -> float:
    """About how many clusters `of_whole` needs to reach the half-width, or `of_rate` to leave the
    bound out.

    Kelly's capital against an m at distance h grows by h^2 / (2 variance) a draw; the finite
    benchmark needs the harmonic sum of what that takes without an end, and of its own size. Beside
    a reference a draw may go as wrong in either direction, and the highest bet is the limit.
    """
    more = _lessened(draws.with_one_more)
    variances = _variances_before(more)
    best = _kelly(more, variances, aim)[-1]
    bet = min(float(_wary(best)), MOST_BESIDE) if draws.beside else best
    speed = float(bet * (best - bet / 2) * variances[-1] / np.log(2 / (1 - level)))
    if isinstance(aim, Bound):
        return 1 / max(speed, 1 / aim.clusters)
    return 1 / (speed + 1 / aim.clusters)


def empirical_bernstein(
    values: Floats, population: int | None = None, level: float = LEVEL
) -> Bounds:
    """The predictable plug-in empirical Bernstein confidence sequence (Theorem 2; without
    replacement from a population section 5.2), for single values: in closed form, and wider."""
    if len(values) == 0:
        return Bounds(0.0, 1.0)
    n = np.arange(len(values))
    draws = Draws(values, np.ones(len(values)), 1.0)
    bets = np.minimum(_plug_in(_variances_before(draws), level), MOST)
    spread = (values - _means_before(draws)) ** 2
    paid = np.log(2 / (1 - level)) + np.cumsum(spread * (-np.log1p(-bets) - bets))
    made_up = np.zeros(len(values)) if population is None else 1 / (population - n)
    weight = np.cumsum(bets * (1 + n * made_up))
    centre = np.cumsum(bets * (values + _before(values) * made_up)) / weight
    low = max(0.0, float(np.max(centre - paid / weight)))
    high = min(1.0, float(np.min(centre + paid / weight)))
    return Bounds(low, high) if low <= high else _crossed(draws)


def _crossed(draws: Draws) -> Bounds:
    """Every m is out: the sequence has failed, as it may in 5 % of runs. The mean seen is left."""
    seen = float(draws.sums.sum() / draws.sizes.sum())
    return Bounds(seen, seen)


def _endless(draws: Draws) -> _Nulls:
    ones = np.ones(len(draws.sums))
    return _Nulls(draws.sums / draws.largest, draws.sizes / draws.largest, 0 * ones, ones)


def _ending(draws: Draws, left: Floats) -> _Nulls:
    """`left` counts the clusters that are left before each draw."""
    sums, sizes = draws.sums / draws.largest, draws.sizes / draws.largest
    owed, due = _before(sums) / left, _before(sizes) / left
    if draws.beside is None:
        return _Nulls(sums + owed, sizes + due, owed, 1 + due)
    shares = _shares_before(draws) / draws.largest
    excess, made_up = draws.beside.excess, _before(draws.beside.excess) / left
    taken, at_most = shares * (excess + made_up), shares * (draws.beside.most + made_up)
    return _Nulls(sums + owed - taken, sizes + due, owed - at_most, 1 + due)


class _Rule(NamedTuple):
    """What is bet before each draw, the share of the capital that may be lost, and the logarithm
    of the capital that settles it."""

    bets: Floats
    most: float
    goal: float


def _lower(nulls: _Nulls, rule: _Rule) -> float:
    """The largest m that is too low. A bet on more gains less as m grows, so that halving finds
    it; where the straight line through both ends meets the goal is found in a third of the steps
    (the Illinois rule: an end that stays counts half), and every fourth one is a halving still."""
    ends, beyond = [0, GRID], [_beyond(nulls, rule, 0.0), _beyond(nulls, rule, 1.0)]
    if beyond[0] < 0:
        return 0.0
    moved, steps = -1, 0
    while (width := ends[1] - ends[0]) > 1:
        steps += 1
        halve = steps % 4 == 0 or np.isinf(beyond[0])
        share = 0.5 if halve else beyond[0] / (beyond[0] - beyond[1])
        at = ends[0] + min(max(int(width * share), 1), width - 1)
        found = _beyond(nulls, rule, at / GRID)
        end = int(found < 0)
        if end == moved:
            beyond[1 - end] /= 2
        ends[end], beyond[end], moved = at, found, end
    return ends[0] / GRID


def _beyond(nulls: _Nulls, rule: _Rule, m: float) -> float:
    """How far beyond the goal the logarithm of the capital ever was; infinite for an m that what
    was drawn already excludes."""
    at_stake = nulls.most * m - nulls.spare
    if at_stake.min() < 0:
        return np.inf
    bets = np.minimum(rule.bets, rule.most / np.maximum(at_stake, 1e-12))
    capital = np.cumsum(np.log1p(bets * (nulls.gain - nulls.loss * m)))
    return float(capital.max() - rule.goal)


def _plug_in(variances: Floats, level: float) -> Floats:
    """Bets that suit every length (equation 26): they shrink as 1 / sqrt(t log t)."""
    t = np.arange(1, len(variances) + 1)
    return np.asarray(np.sqrt(2 * np.log(2 / (1 - level)) / (variances * t * np.log1p(t))))


def _kelly(draws: Draws, variances: Floats, aim: Aim | Bound) -> Floats:
    """Distance over variance: what grows fastest if the truth is a half-width away, or as far
    from the bound as it looked before each draw."""
    cluster = aim.items / aim.clusters / draws.largest
    far = abs(_means_before(draws) - aim.at) if isinstance(aim, Bound) else aim.half_width
    return np.asarray(far * cluster / variances)


def _wary(bets: Floats) -> Floats:
    """Kelly's bets where differences are rare and whole: distance over variance is too much there.

    If the value is -1 or 1 at a rate of v, and else 0, the best bet b on a distance of h solves
    v b (1 + b^2) = h, but for small terms; below 0.85 this is within 6 % of it.
    """
    return np.asarray(bets / np.sqrt(1 + bets**2))


def _long(draws: Draws, variances: Floats, aim: Aim | Bound, level: float) -> Floats:
    """Bets on the rate, tight where `of_whole` is expected to end, or the bound to be left out.

    After n clusters sqrt(2 log(2 / alpha) / (variance n)) is best, where 1 / n is 1 / clusters plus
    1 / (the clusters that it would take without an end).
    """
    whole = 2 * np.log(2 / (1 - level)) / (variances * aim.clusters)
    return np.asarray(np.sqrt(_kelly(draws, variances, aim) ** 2 + whole))


def _lessened(draws: Draws) -> Draws:
    """With the reference's share taken off each sum: what is bet on."""
    if draws.beside is None:
        return draws
    return Draws(
        draws.sums - _shares_before(draws) * draws.beside.excess, draws.sizes, draws.largest
    )


def _shares_before(draws: Draws) -> Floats:
    """Before each draw, how much of the reference's excess the sums have shown: the slope of one
    on the other, both less what clusters of their sizes have on average, with `TRUST` clusters of
    slope 1 added. No reference is bet against."""
    assert draws.beside is not None
    excess, trust = draws.beside.excess, TRUST * draws.beside.square
    if trust == 0:
        return np.zeros(len(draws.sums))
    by_size = _before(excess * draws.sizes) / np.maximum(_before(draws.sizes), 1e-12)
    shown = _before(excess * draws.sums) - _before(draws.sums) * by_size
    there = _before(excess**2) - _before(excess) * by_size
    return np.clip((trust + shown) / (trust + np.maximum(there, 0.0)), 0.0, 1.0)


def _means_before(draws: Draws) -> Floats:
    """Before each draw, with one largest cluster of 1/2 added."""
    sums, sizes = _before(draws.sums), _before(draws.sizes)
    return np.asarray((draws.largest / 2 + sums) / (draws.largest + sizes))


def _variances_before(draws: Draws) -> Floats:
    """Of what is bet on, before each draw: a bet may know only what came before it. One square is
    added, that of a usual cluster all of which is 1/2 off."""
    n = np.arange(1, len(draws.sums) + 1)
    means = np.append(_means_before(draws)[1:], 0.5)  # after each draw; the last is not used
    squares = ((draws.sums - means * draws.sizes) / draws.largest) ** 2
    usual = (1 + _before((draws.sizes / draws.largest) ** 2)) / n
    return np.asarray((usual / 4 + _before(squares)) / n)


def _before(values: Floats) -> Floats:
    """Sums of all that came before each."""
    return np.concatenate([[0.0], np.cumsum(values)[:-1]])
