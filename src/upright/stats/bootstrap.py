"""The cluster bootstrap, for statistics without a closed form.

A statistic is a function of weights: rows of an array (draws, n) that say how often each item
was drawn. The value itself is the statistic at weight one; its interval comes from the same
function on resampled weights, all draws at once.
"""

from collections.abc import Callable

import numpy as np

from upright.core import Interval
from upright.stats.distributions import normal_above, t_quantile
from upright.stats.intervals import LEVEL, Clusters, Floats, wilson

Statistic = Callable[[Floats], Floats]
"""(draws, n) weights -> (draws,) values; NaN where a draw leaves it undefined."""

DRAWS = 2000
AT_ONCE = 4_000_000
"""Weights held in memory at a time."""


def drawn_values(statistic: Statistic, clusters: Clusters, seed: int = 0) -> Floats:
    """The statistic on draws of whole clusters with replacement, NaN where it is undefined.

    A part of the draws at a time: memory stays small for any number of items.
    """
    _, codes = np.unique(np.asarray(clusters), return_inverse=True)
    groups = int(codes.max()) + 1
    share, random = np.full(groups, 1 / groups), np.random.default_rng(seed)
    most = max(1, AT_ONCE // len(codes))
    sizes = [min(most, DRAWS - done) for done in range(0, DRAWS, most)]
    parts = [
        statistic(random.multinomial(groups, share, size)[:, codes].astype(np.float64))
        for size in sizes
    ]
    return np.concatenate(parts)


def bootstrap(
    statistic: Statistic,
    clusters: Clusters,
    span: tuple[float, float] = (0.0, 1.0),
    level: float = LEVEL,
) -> Interval:
    """Value and percentile interval of a statistic whose possible values span `span`.

    Percentiles of few clusters lie too close together: they are expanded as Student's t exceeds
    the normal, and the variance of clusters - 1 that of clusters (Hesterberg 2015, The American
    Statistician 69, section 5.3).

    Where every draw gives the same value the percentiles would claim certainty; then each end
    is moved by what Wilson's interval leaves open after as many equal trials as clusters.
    """
    n = len(clusters)
    if n == 0:
        return Interval(None, None, None, "nothing to score")
    value = float(statistic(np.ones((1, n)))[0])
    if not np.isfinite(value):
        return Interval(None, None, None, "undefined on these answers")
    drawn = drawn_values(statistic, clusters)
    drawn = drawn[np.isfinite(drawn)]
    groups = len(np.unique(np.asarray(clusters)))
    tail = _expanded(level, groups)
    tails = np.quantile(drawn, [tail, 1 - tail]) if len(drawn) else [value] * 2
    low, high = (float(t) for t in tails)
    if high - low > 1e-12:
        return Interval(value, min(low, value), max(high, value), "cluster bootstrap")
    gap = (1 - wilson(1.0, groups, level).low) * (span[1] - span[0])
    low, high = max(span[0], value - gap), min(span[1], value + gap)
    return Interval(value, low, high, "Wilson bound (no variation between draws)")


def _expanded(level: float, groups: int) -> float:
    """The percentile of the lower end."""
    if groups < 2:
        return 0.0
    width = np.sqrt(groups / (groups - 1)) * t_quantile(0.5 + level / 2, groups - 1)
    return normal_above(width)
