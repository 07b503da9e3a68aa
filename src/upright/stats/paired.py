"""Two runs on the same samples: how far apart they are, and whether chance explains it.

`a` is the baseline and `b` the candidate: aligned arrays of values in [0, 1]. Every difference
is b - a. `upright.stats.unpaired` does the same for runs on samples of their own.
"""

from typing import NamedTuple

import numpy as np

from upright.core import Interval
from upright.stats.clusters import Totals, totals, variance_of_mean
from upright.stats.distributions import normal_above, normal_quantile, sign_test, t_quantile
from upright.stats.intervals import LEVEL, Bounds, Clusters, Floats

DRAWS = 10_000
FEW, MANY = 14, 5000
"""Up to FEW clusters every sign is tried, at most 2^14; above MANY the normal approximation is
closer to the truth than so many draws, whose own error is 0.002 at p = 0.05."""


class Significance(NamedTuple):
    """A two-sided p-value and the test it comes from."""

    p: float
    method: str


def paired_difference(
    a: Floats, b: Floats, clusters: Clusters, level: float = LEVEL, largest: float = 0.0
) -> Interval:
    """mean(b) - mean(a) of the same samples.

    Bonett and Price 2012 (J. Educ. Behav. Stat. 37): Wald's interval after adding one
    difference of each sign, which keeps its coverage from n = 20 up and never has width zero.
    Two steps beyond the paper: the sample size is the effective one, with Student's quantile for
    clusters + 2 - 1 degrees of freedom; and what is added is as large as the largest difference
    seen, which is 1 for yes/no values, or the `largest` that there may be.
    """
    d = np.asarray(b, float) - np.asarray(a, float)
    if len(d) == 0:
        return Interval(None, None, None, "nothing to compare")
    value, square = float(d.mean()), float(np.mean(d * d))
    added = max(float(np.abs(d).max()), largest) or 1.0
    groups = totals(d - value, clusters)
    n = _effective(square - value**2, groups)
    total = n + 2
    centre = n * value / total
    variance = ((n * square + 2 * added**2) / total - centre**2) / total
    tail = 0.5 + level / 2
    quantile = normal_quantile(tail) if groups.alone else t_quantile(tail, groups.groups + 1)
    ends = _around(centre, quantile * variance**0.5, value)
    told = "" if groups.alone else f", {groups.groups} clusters"
    return Interval(value, *ends, f"paired, Bonett-Price{told}")


def _effective(spread: float, residuals: Totals) -> float:
    """How many independent differences these are worth: `intervals.effective_n` for [-1, 1]."""
    n = float(residuals.sizes.sum())
    clustered = variance_of_mean(residuals)
    if residuals.alone:
        return n
    if residuals.groups == 1 or clustered == 0:
        return float(residuals.groups)
    return min(n, max(spread / clustered, 1.0))


def _around(centre: float, half: float, value: float) -> Bounds:
    """Inside [-1, 1], and around the value: the added pair moves the centre towards 0."""
    return Bounds(min(max(centre - half, -1.0), value), max(min(centre + half, 1.0), value))


def mcnemar(a: Floats, b: Floats) -> float:
    """The exact two-sided p of McNemar's test (1947, Psychometrika 12) for yes/no values.

    Of the samples on which the two disagree, half should favour either if both are alike.
    """
    first, second = np.asarray(a) > 0.5, np.asarray(b) > 0.5
    gained, lost = int(np.sum(~first & second)), int(np.sum(first & ~second))
    return sign_test(gained, gained + lost) if gained + lost else 1.0


def permutation(
    differences: Floats, clusters: Clusters, draws: int = DRAWS, seed: int = 0
) -> Significance:
    """Whether the differences are centred on 0: signs of whole clusters flipped.

    Fisher's randomisation test for pairs (1935, The Design of Experiments, section 21). If both
    runs are alike, a cluster's total is as likely to have either sign. Exact by enumeration for
    few clusters; else from random signs, the observed ones counted in (Phipson and Smyth 2010,
    Stat. Appl. Genet. Mol. Biol. 9); the normal approximation for very many.
    """
    sums = totals(differences, clusters).sums
    seen = abs(float(sums.sum()))
    sizes = np.abs(sums)
    sizes = sizes[sizes > 1e-12]  # a cluster that did not change has no sign to flip
    seen -= 1e-9 * float(sizes.sum())  # rounding must not part ties
    if len(sizes) <= FEW:
        p = float(np.mean(np.abs(_every_total(sizes)) >= seen))
        return Significance(p, "permutation of clusters, exact")
    if len(sizes) > MANY:
        z = seen / float(np.sqrt(sizes @ sizes))
        return Significance(2 * normal_above(z), "permutation of clusters, normal approximation")
    as_far = _as_far(sizes, seen, draws, np.random.default_rng(seed))
    return Significance((1 + as_far) / (1 + draws), f"permutation of clusters, {draws:,} draws")


def _every_total(sizes: Floats) -> Floats:
    found = np.zeros(1)
    for size in sizes:
        found = np.concatenate([found - size, found + size])
    return found


def _as_far(sizes: Floats, seen: float, draws: int, rng: np.random.Generator) -> int:
    """How many of the draws of signs lie as far from 0 as what was seen."""
    found, at_once = 0, max(1, 1_000_000 // len(sizes))
    for start in range(0, draws, at_once):
        rows = min(at_once, draws - start)
        bits = np.unpackbits(rng.integers(0, 256, (rows, -(-len(sizes) // 8)), np.uint8), axis=1)
        drawn = 2 * (bits[:, : len(sizes)] @ sizes) - sizes.sum()
        found += int(np.sum(np.abs(drawn) >= seen))
    return found


def paired_test(a: Floats, b: Floats, clusters: Clusters) -> Significance:
    """McNemar's exact test for independent yes/no values; else signs of clusters flipped."""
    first, second = np.asarray(a, float), np.asarray(b, float)
    binary = all(bool(np.all((x == 0) | (x == 1))) for x in (first, second))
    if binary and len(set(clusters)) == len(clusters):
        return Significance(mcnemar(first, second), "McNemar, exact")
    return permutation(second - first, clusters)
