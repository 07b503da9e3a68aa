"""When a benchmark has told enough, and what its numbers are then: `--until`.

Two intervals, of two things. A benchmark stops by the value that *all of its planned samples*
would give: that is what stopping forgoes, and drawing without replacement closes in on it. What
is printed is for the *model's rate* on questions like these, as every other interval of a report:
only so may a stopped benchmark stand beside one that ran in full.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np

from upright.core import Interval, Metric, Scored
from upright.runs.stored import Part
from upright.stats.intervals import Bounds
from upright.stats.metrics import NOTHING, Compute, Mean, Value, cluster
from upright.stats.sequential import Aim, Draws, of_rate, of_whole


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one score set under `--until`.

    planned, asked  its samples
    about           how many of the planned its headline is about, and in how many `clusters`
    largest         the most of them in one cluster; `largest_of_all` counts all its items
    rounds          after how many it ended
    low, high       what all planned samples would give, as its headline stood at the end; None
                    where the headline is no plain mean
    """

    benchmark: str
    score_set: str
    metric: str
    half_width: float
    planned: int
    asked: int
    about: int
    clusters: int
    largest: int
    largest_of_all: int
    rounds: int
    stopped: bool
    reason: str
    low: float | None = None
    high: float | None = None

    @property
    def aim(self) -> Aim:
        return Aim(self.half_width, self.about, self.clusters)


Stops = Mapping[Part, Stop]


def read_stops(info: Mapping[str, Any]) -> dict[Part, Stop]:
    """From run.json; empty for a run without `--until`."""
    told = (info.get("until") or {}).get("score_sets", [])
    stops = [msgspec.convert(one, Stop) for one in told]
    return {(stop.benchmark, stop.score_set): stop for stop in stops}


def whole_value(metric: Metric, answers: Sequence[Scored], largest: int, aim: Aim) -> Bounds:
    """What the mean `metric` of all planned samples is, from those asked so far.

    An unscored answer counts as 0 in the lower bound and as 1 in the upper: nobody knows how many
    of the rest will be unscored.
    """
    value = value_of(metric.compute)
    about = [one for one in answers if metric.of(one.sample)]
    worst, best = (draws_of(about, value, unscored, largest) for unscored in (0.0, 1.0))
    return Bounds(of_whole(worst, aim).low, of_whole(best, aim).high)


def value_of(compute: object) -> Value:
    """The value that a plain mean is the mean of."""
    if not isinstance(compute, Mean):
        raise TypeError(f"{compute} is no plain mean")
    return compute.value


def draws_of(
    answers: Sequence[Scored], value: Value, unscored: float | None, largest: int
) -> Draws:
    """Answers in the order of asking as clusters. Unscored ones count as `unscored`; None leaves
    them out."""
    clusters: dict[str, list[float]] = {}
    for one in answers:
        found = value(one) if one.value is not None else None
        counted = unscored if found is None else found
        if counted is not None:
            clusters.setdefault(cluster(one), []).append(counted)
    sums = np.array([sum(values) for values in clusters.values()], float)
    return Draws(sums, np.array([len(v) for v in clusters.values()], float), largest)


def after_stopping(metric: Metric, stop: Stop, *, of_slice: bool) -> Metric:
    """The same metric with an interval that holds although the data decided when to stop.

    Bets on a slice have no aim: how much of it comes before the stop is not planned.
    """
    if not stop.stopped:
        return metric
    if not isinstance(metric.compute, Mean):
        return replace(metric, compute=_warned(metric.compute, stop))
    largest = stop.largest if metric.name == stop.metric else stop.largest_of_all
    aim = None if of_slice else stop.aim
    return replace(metric, compute=_anytime(metric.compute, stop, largest, aim))


def _anytime(compute: Mean, stop: Stop, largest: int, aim: Aim | None) -> Compute:
    told = f"betting confidence sequence, {_where(stop)}"

    def interval(items: Sequence[Scored]) -> Interval:
        draws = draws_of(items, compute.value, None, largest)
        if len(draws.sums) == 0:
            return NOTHING
        value = float(draws.sums.sum() / draws.sizes.sum())
        low, high = of_rate(draws, aim)
        return Interval(value, min(low, value), max(high, value), told)

    return interval


def _warned(compute: Compute, stop: Stop) -> Compute:
    """No sequence is known for what is no mean: the interval is for a number fixed beforehand."""

    def interval(items: Sequence[Scored]) -> Interval:
        found = compute(items)
        told = f"{found.method}; {_where(stop)}, for which this interval does not allow"
        return found if found.value is None else msgspec.structs.replace(found, method=told)

    return interval


def _where(stop: Stop) -> str:
    return f"stopped at {stop.asked:,} of {stop.planned:,} samples"
