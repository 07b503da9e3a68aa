"""One benchmark's difference between two runs, on the answers that pair.

A plain mean has a closed form. Any other headline (a balanced accuracy, an F1, a correlation) is
a function of weights, taken in both runs on the same draws of the same clusters.
"""

from typing import NamedTuple

import numpy as np

from upright.comparisons.two_runs.pairing import Paired
from upright.core import Interval, Metric, Scored, every
from upright.stats.bootstrap import bootstrap
from upright.stats.distributions import normal_above, normal_quantile
from upright.stats.intervals import LEVEL, Bounds, Clusters, Floats
from upright.stats.intervals import difference as apart
from upright.stats.metrics import Mean, Weighted, cluster, verdict
from upright.stats.paired import Significance, paired_difference, paired_test
from upright.stats.unpaired import unpaired_difference, unpaired_test


class Measured(NamedTuple):
    """Both values; candidate - baseline alone and jointly with others; the same without pairs."""

    baseline: float | None
    candidate: float | None
    alone: Interval
    jointly: Interval
    test: Significance
    unpaired: Interval
    unpaired_test: Significance


def measure(metric: Metric, paired: Paired, joint: float) -> Measured:
    """`joint` is the level at which the intervals of all benchmarks hold together."""
    compute = metric.compute
    if isinstance(compute, Mean) and compute.value is verdict and metric.of is every:
        return of_means(paired.a, paired.b, paired.clusters, joint)
    a, b = _about(metric, paired)
    if isinstance(compute, Mean):
        values = np.array([[_number(compute.value(i)) for i in side] for side in (a, b)])
        known = np.isfinite(values).all(axis=0)
        clusters = np.array([cluster(item) for item in a])
        return of_means(values[0, known], values[1, known], clusters[known], joint)
    return _of_others(metric, a, b, joint)


def of_means(a: Floats, b: Floats, clusters: Clusters, joint: float) -> Measured:
    """The difference of two plain means."""
    if len(a) == 0:
        return _none("nothing pairs")
    return Measured(
        baseline=float(a.mean()),
        candidate=float(b.mean()),
        alone=paired_difference(a, b, clusters),
        jointly=paired_difference(a, b, clusters, joint),
        test=paired_test(a, b, clusters),
        unpaired=unpaired_difference(a, clusters, b, clusters),
        unpaired_test=unpaired_test(a, clusters, b, clusters),
    )


def _about(metric: Metric, paired: Paired) -> tuple[list[Scored], list[Scored]]:
    """The paired answers that the metric is about, in the same order on both sides."""
    a = paired.baseline.scored(paired.at_baseline)
    b = paired.candidate.scored(paired.at_candidate)
    kept = [at for at, item in enumerate(a) if metric.of(item.sample)]
    return [a[at] for at in kept], [b[at] for at in kept]


def _of_others(metric: Metric, a: list[Scored], b: list[Scored], joint: float) -> Measured:
    compute = metric.compute
    one, other = compute(a), compute(b)
    if not a or one.value is None or other.value is None:
        return _none(one.method if one.value is None else other.method)
    unpaired = _unpaired(one, other)
    if not isinstance(compute, Weighted):
        return _measured(one, other, unpaired, unpaired, unpaired)
    before, after = compute.weighted(a), compute.weighted(b)
    clusters = [cluster(item) for item in a]
    alone, jointly = (
        bootstrap(lambda w: np.asarray(after(w) - before(w)), clusters, (-1, 1), level)
        for level in (LEVEL, joint)
    )
    return _measured(one, other, alone, jointly, unpaired)


def _measured(
    one: Interval, other: Interval, alone: Interval, jointly: Interval, unpaired: Interval
) -> Measured:
    told = implied(alone), implied(unpaired)
    return Measured(one.value, other.value, alone, jointly, told[0], unpaired, told[1])


def _unpaired(one: Interval, other: Interval) -> Interval:
    """The difference of two numbers that know nothing of one another."""
    p, q = _part(one), _part(other)
    if p is None or q is None:
        return Interval(None, None, None, "no interval in one of the runs")
    return Interval(q[0] - p[0], *apart(q, p), "unpaired, MOVER difference")


def _part(interval: Interval) -> tuple[float, Bounds] | None:
    value, low, high = interval.value, interval.low, interval.high
    return None if value is None or low is None or high is None else (value, Bounds(low, high))


def implied(interval: Interval) -> Significance:
    """The two-sided p of no difference that a 95 % interval implies, read as a normal one."""
    part = _part(interval)
    if part is None:
        return Significance(float("nan"), "none")
    value, ends = part
    half = value - ends.low if value > 0 else ends.high - value
    z = abs(value) / half * normal_quantile(0.5 + LEVEL / 2) if half > 0 else 0.0
    return Significance(2 * normal_above(z), "from the interval")


def _none(why: str) -> Measured:
    nothing, untested = Interval(None, None, None, why), Significance(float("nan"), "none")
    return Measured(None, None, nothing, nothing, untested, nothing, untested)


def _number(value: float | None) -> float:
    return np.nan if value is None else value
