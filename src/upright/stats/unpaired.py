"""Two runs on samples of their own, or of which nobody kept what answers what.

What a comparison without pairs could have seen: shown beside `upright.stats.paired`, for where
both ran on the same samples most of the noise is common to both.
"""

import numpy as np

from upright.core import Interval
from upright.stats.distributions import normal_above
from upright.stats.intervals import (
    ADDED,
    LEVEL,
    Clusters,
    Floats,
    difference,
    effective_n,
    proportion,
)
from upright.stats.paired import Significance


def unpaired_difference(
    a: Floats,
    clusters_a: Clusters,
    b: Floats,
    clusters_b: Clusters,
    level: float = LEVEL,
) -> Interval:
    """mean(b) - mean(a) of values in [0, 1]: clustered Wilson intervals combined by MOVER.

    Newcombe 1998 (Stat. Med. 17), method 10, at effective sample sizes.
    """
    if len(a) == 0 or len(b) == 0:
        return Interval(None, None, None, "nothing to compare")
    p, q = float(np.mean(a)), float(np.mean(b))
    ends = difference((q, proportion(b, clusters_b, level)), (p, proportion(a, clusters_a, level)))
    return Interval(q - p, *ends, "unpaired, MOVER difference")


def unpaired_test(a: Floats, clusters_a: Clusters, b: Floats, clusters_b: Clusters) -> Significance:
    """The two-proportion score test at effective sample sizes, two-sided.

    The pooled z test, whose square is Pearson's chi-squared (Agresti 2013, section 3.2.1). For
    values between 0 and 1 it is conservative, as `proportion` is.
    """
    m, n = (effective_n(x, c, ADDED) for x, c in ((a, clusters_a), (b, clusters_b)))
    p, q = float(np.mean(a)), float(np.mean(b))
    pooled = (m * p + n * q) / (m + n)
    variance = pooled * (1 - pooled) * (1 / m + 1 / n)
    z = abs(q - p) / variance**0.5 if variance > 0 else 0.0
    return Significance(2 * normal_above(z), "unpaired, two-proportion z")
