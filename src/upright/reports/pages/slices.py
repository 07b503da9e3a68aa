"""Charts of a benchmark's slices: one for each metric and what it is sliced by."""

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from upright.core import Estimate
from upright.reports.html import Point, Spec, interval_chart
from upright.reports.scale import Axis, arrow, axis

FEWEST = 2
"""A chart of one slice compares nothing."""


class SliceChart(NamedTuple):
    """`metric` by `name`; `leading` where the metric is the benchmark's headline."""

    metric: str
    name: str
    leading: bool
    direction: str
    spec: Spec


def slice_charts(headline: Estimate, others: Sequence[Estimate]) -> list[SliceChart]:
    """In the order of the metrics, the headline's first."""
    sliced = [e for e in others if e.slice]
    found = []
    for (metric, name), part in groupby(sliced, key=lambda e: (e.metric, _name(e))):
        slices = list(part)
        if len(slices) >= FEWEST and any(e.told for e in slices):
            found.append(_chart(metric, name, slices, metric == headline.metric))
    return sorted(found, key=lambda chart: not chart.leading)


def _name(estimate: Estimate) -> str:
    return estimate.slice.partition("=")[0]


def _chart(metric: str, name: str, slices: Sequence[Estimate], leading: bool) -> SliceChart:
    told = metric.replace("_", " ")
    spec = interval_chart(
        [_point(e) for e in slices],
        _axis(slices),
        f"{told} by {name}: {len(slices)} slices with 95 % intervals",
    )
    return SliceChart(told, name, leading, arrow(slices[0].higher_is_better), spec)


def _axis(slices: Sequence[Estimate]) -> Axis:
    """Wide enough for all of them."""
    axes = [axis(e) for e in slices if e.told]
    return max(axes, key=lambda a: abs(a.better - a.worse))


def _point(estimate: Estimate) -> Point:
    told = estimate.told
    return Point(
        label=estimate.slice.partition("=")[2] or estimate.slice,
        value=estimate.value if told else None,
        low=estimate.low if told else None,
        high=estimate.high if told else None,
        chance=estimate.chance,
        note=f"n = {estimate.n}, {estimate.n_unscored} unscored",
    )
