"""The cluster bootstrap, for statistics without a closed form.

A statistic is a function of weights: rows of an array (draws, n) that say how often each item
was drawn. The value itself is the statistic at weight one; its interval comes from the same
function on resampled weights, all draws at once.
"""

from collections.abc import Callable, Sequence

import numpy as np

from upright.core import Interval
from upright.stats.intervals import LEVEL, Floats, wilson

Statistic = Callable[[Floats], Floats]
"""(draws, n) weights -> (draws,) values; NaN where a draw leaves it undefined."""

DRAWS = 2000
AT_ONCE = 4_000_000
"""Weights held in memory at a time."""


def drawn_values(statistic: Statistic, clusters: Sequence[str], seed: int = 0) -> Floats:
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
    clusters: Sequence[str],
    span: tuple[float, float] = (0.0, 1.0),
    level: float = LEVEL,
) -> Interval:
    """Value and percentile interval of a statistic whose possible values span `span`.

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
    tails = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2]) if len(drawn) else [value] * 2
    low, high = (float(t) for t in tails)
    if high - low > 1e-12:
        return Interval(value, min(low, value), max(high, value), "cluster bootstrap")
    gap = (1 - wilson(1.0, len(set(clusters)), level).low) * (span[1] - span[0])
    low, high = max(span[0], value - gap), min(span[1], value + gap)
    return Interval(value, low, high, "Wilson bound (no variation between draws)")
