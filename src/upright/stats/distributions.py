"""Quantiles, tails and ranks. scipy.stats has them all, but takes most of a second to import,
which is half of a short run; scipy.special, on which it rests, is there at once.
"""

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, betaincinv, chdtrc, ndtr, ndtri, stdtrit

Floats = NDArray[np.float64]


def normal_quantile(p: float) -> float:
    return float(ndtri(p))


def normal_below(z: float) -> float:
    """The chance of a value below z."""
    return float(ndtr(z))


def normal_above(z: float) -> float:
    return float(ndtr(-z))  # not 1 - ndtr(z), which far out is 0


def t_quantile(p: float, freedom: float) -> float:
    """Student's t; NaN without a degree of freedom."""
    return float(stdtrit(freedom, p))


def sign_test(yes: int, n: int) -> float:
    """The exact two-sided p of `yes` of `n` where both sides are equally likely."""
    fewer = min(yes, n - yes)
    return min(1.0, 2 * float(betainc(n - fewer, fewer + 1, 0.5)))


def binomial_bounds(k: int, n: int, level: float) -> tuple[float, float]:
    """The shares at which `k` or more, and `k` or fewer, of `n` have a chance of half the rest."""
    tail = (1 - level) / 2
    low = float(betaincinv(k, n - k + 1, tail)) if k else 0.0
    high = float(betaincinv(k + 1, n - k, 1 - tail)) if k < n else 1.0
    return low, high


def chi_square_p(table: ArrayLike, *, yates: bool) -> float:
    """Pearson's test that rows and columns of a table of counts have nothing to do with each other.

    `yates` brings the counts of a table of two by two nearer to the expected ones, by half at most.
    """
    counts = np.asarray(table, float)
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0) / counts.sum()
    freedom = (counts.shape[0] - 1) * (counts.shape[1] - 1)
    if not freedom:
        return 1.0
    apart = np.abs(counts - expected)
    if yates and freedom == 1:
        apart -= np.minimum(0.5, apart)
    return float(chdtrc(freedom, (apart**2 / expected).sum()))


def ranked(
    values: ArrayLike, axis: int = -1, ties: Literal["average", "min"] = "average"
) -> Floats:
    """Ranks from 1 for the least; a NaN among them leaves none."""
    rows: NDArray[Any] = np.moveaxis(np.asarray(values), axis, -1)
    places = np.arange(rows.shape[-1])
    order = np.argsort(rows, axis=-1, kind="stable")
    rising = np.take_along_axis(rows, order, -1)
    risen = rising[..., 1:] != rising[..., :-1]
    edge = np.ones((*rows.shape[:-1], 1), bool)
    first, last = np.concatenate((edge, risen), -1), np.concatenate((risen, edge), -1)
    low = np.maximum.accumulate(np.where(first, places, 0), -1)
    high = np.flip(np.minimum.accumulate(np.flip(np.where(last, places, len(places)), -1), -1), -1)
    ranks = np.empty(rows.shape)
    np.put_along_axis(ranks, order, 1.0 + (low if ties == "min" else (low + high) / 2), -1)
    ranks[np.isnan(rows).any(-1)] = np.nan
    return np.moveaxis(ranks, -1, axis)
