"""Ranks among models, and how far the intervals of the values leave them open.

Where models lie within each other's intervals a rank says little: its own interval shows that.
"""

from collections.abc import Sequence

import numpy as np

from upright.core import Interval
from upright.stats.distributions import normal_quantile, ranked
from upright.stats.intervals import LEVEL, Bounds, Floats

DRAWS = 4000
METHOD = "two-piece normal draws from the intervals of the values"


def competition_ranks(values: Floats, higher_is_better: bool) -> Floats:
    """1 for the best; equal values share the better rank, and the next is left out (1, 1, 3).

    Ranks along the last axis; a missing value (NaN) has no rank and takes nobody's.
    """
    missing = np.isnan(values)
    # Behind all others, where it moves nobody; nan_policy="omit" would take one row at a time.
    signed = np.where(missing, np.inf, -values if higher_is_better else values)
    ranks: Floats = np.where(missing, np.nan, ranked(signed, ties="min"))
    return ranks


def average_ranks(ranks: Floats) -> Floats:
    """Unweighted mean over columns (..., models, columns); of those where there is a rank."""
    means: Floats = np.nanmean(ranks, axis=-1)
    return means


def two_piece(intervals: Sequence[Interval], draws: int = DRAWS, seed: int = 0) -> Floats:
    """Values (draws, models) that the intervals allow, each model's independent of the others'.

    The two-piece normal with the value as median and the ends of the interval as the 2.5 and
    97.5 percentiles (Fechner 1897; Wallis 2014, Stat. Sci. 29): it keeps the asymmetry of
    Wilson's interval, and at 0 and 1 never leaves the range.
    """
    value, low, high = (
        np.array([getattr(interval, end) for interval in intervals], float)
        for end in ("value", "low", "high")
    )
    drawn = np.random.default_rng(seed).standard_normal((draws, len(intervals)))
    drawn /= normal_quantile(0.5 + LEVEL / 2)
    moved: Floats = value + np.where(drawn > 0, drawn * (high - value), drawn * (value - low))
    return moved


def rank_draws(
    intervals: Sequence[Interval], higher_is_better: bool, draws: int = DRAWS, seed: int = 0
) -> Floats | None:
    """Ranks (draws, models); None unless every model has an interval, for a rank is among all."""
    if not intervals or any(i.value is None or i.low is None or i.high is None for i in intervals):
        return None
    return competition_ranks(two_piece(intervals, draws, seed), higher_is_better)


def rank_bounds(ranks: Floats, draws: Floats) -> list[Bounds]:
    """The 95 % interval of each model's rank: whole places that hold the rank itself too."""
    tails = (1 - LEVEL) / 2
    low = np.quantile(draws, tails, axis=0, method="inverted_cdf")
    high = np.quantile(draws, 1 - tails, axis=0, method="inverted_cdf")
    ends = zip(np.minimum(low, ranks), np.maximum(high, ranks), strict=True)
    return [Bounds(float(best), float(worst)) for best, worst in ends]


def average_bounds(ranks: Floats, draws: int = DRAWS, seed: int = 0) -> list[Bounds]:
    """How far each average rank depends on which columns were chosen: a bootstrap of them.

    `ranks` is (models, columns) without gaps; all models see the same columns in every draw.
    """
    columns = ranks.shape[1]
    picked = np.random.default_rng(seed).integers(0, columns, (draws, columns))
    means = ranks[:, picked].mean(axis=-1)  # (models, draws)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=1)
    return [Bounds(float(a), float(b)) for a, b in zip(low, high, strict=True)]
