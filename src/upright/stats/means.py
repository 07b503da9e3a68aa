"""The mean of real numbers that come in clusters: seconds, tokens, points of a rubric."""

import numpy as np

from upright.core import Interval
from upright.stats.clusters import totals, variance_of_mean
from upright.stats.distributions import t_quantile
from upright.stats.intervals import LEVEL, Clusters, Floats


def clustered_mean(values: Floats, clusters: Clusters, level: float = LEVEL) -> Interval:
    """Student's interval on the cluster-robust variance, with clusters - 1 degrees of freedom.

    Cameron and Miller 2015 (J. Human Resources 50), section VI; with every value a cluster of
    its own it is the one-sample t interval. Numbers without a range need spread to have an
    interval: one cluster, or values that are all the same, have none.
    """
    if len(values) == 0:
        return Interval(None, None, None, "nothing to average")
    x = np.asarray(values, float)
    centre = float(x.mean())
    residuals = totals(x - centre, clusters)
    if residuals.groups < 2:
        return Interval(None, None, None, "one cluster says nothing of its own spread")
    variance = variance_of_mean(residuals)
    if np.ptp(x) == 0 or variance == 0:
        return Interval(None, None, None, f"no spread: every cluster's mean is {centre:g}")
    half = t_quantile(0.5 + level / 2, residuals.groups - 1) * variance**0.5
    return Interval(centre, centre - half, centre + half, f"t, {residuals.groups} clusters")
