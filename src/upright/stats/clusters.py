"""What a variance needs of clustered values: one total and one size per cluster."""

from typing import NamedTuple

import numpy as np

from upright.stats.intervals import Clusters, Floats


class Totals(NamedTuple):
    """Per cluster: the sum of its values, and how many it holds."""

    sums: Floats
    sizes: Floats

    @property
    def groups(self) -> int:
        return len(self.sizes)

    @property
    def alone(self) -> bool:
        """Whether every value is a cluster of its own."""
        return bool(np.all(self.sizes == 1))


def totals(values: Floats, clusters: Clusters) -> Totals:
    """Sums and sizes of the clusters, in no particular order."""
    _, codes = np.unique(np.asarray(clusters), return_inverse=True)
    sums = np.asarray(np.bincount(codes, weights=values), np.float64)
    return Totals(sums, np.asarray(np.bincount(codes), np.float64))


def variance_of_mean(residuals: Totals) -> float:
    """The cluster-robust variance of a mean, from sums of what lies around that mean.

    CR2 (Bell and McCaffrey 2002, Survey Methodology 28), which for a mean has the closed form
    sum of S_g^2 / (1 - n_g / n), over n^2. With clusters of one size it is the usual
    G / (G - 1); with unequal ones it allows for how far a large cluster draws the mean to itself.
    0 for a single cluster, which says nothing of its own spread.
    """
    n = float(residuals.sizes.sum())
    if residuals.groups < 2:
        return 0.0
    return float(np.sum(residuals.sums**2 / (1 - residuals.sizes / n))) / n**2
