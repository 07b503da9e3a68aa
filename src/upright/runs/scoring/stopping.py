"""When a benchmark has told enough, and what its numbers are then: `--until`, `--decide`.

Two intervals, of two things. `--until` stops a benchmark by the value that *all of its planned
samples* would give: that is what stopping forgoes, and drawing without replacement closes in on
it. What is printed is for the *model's rate* on questions like these, as every other interval of a
report: only so may a stopped benchmark stand beside one that ran in full. `--decide` holds the
printed one against its bound. With `--like` both rest on a reference as well.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import msgspec
import numpy as np

from upright.core import Interval, Metric, Outcome, Response, Sample, Scored, Verdict
from upright.runs.items import Part
from upright.runs.reference import Reference
from upright.runs.scoring.likeness import Likeness, Twin, likeness_of
from upright.runs.subset import Place
from upright.stats.intervals import Bounds
from upright.stats.metrics import Compute, Mean, Value, Weighted, cluster
from upright.stats.sequential import Aim, Bound, Draws, of_rate, of_whole

Weights = tuple[tuple[str, str, float], ...]


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one score set under `--until` or `--decide`.

    half_width, bound   what was to be reached; either may be None
    side            "above" or "below" where the bound was decided before all was asked, else ""
    planned, asked  its samples
    about           how many of the planned its headline is about, and in how many `clusters`
    largest         the most of them in one cluster; `largest_of_all` counts all its items
    weights         (outer, inner class, what one answer counts) where it is a mean of class means
    rounds          after how many it ended
    like            the folder of the run that it was asked beside, or ""
    low, high       what all planned samples would give, as its headline stood at the end; None
                    where the headline is neither a mean nor a mean of class means, and where
                    no half-width was given
    """

    benchmark: str
    score_set: str
    metric: str
    half_width: float | None = None
    bound: float | None = None
    side: str = ""
    planned: int
    asked: int
    about: int
    clusters: int
    largest: float
    largest_of_all: int
    rounds: int
    stopped: bool
    reason: str
    weights: Weights = ()
    like: str = ""
    low: float | None = None
    high: float | None = None

    @property
    def aim(self) -> Aim | Bound | None:
        """What bets on the headline were made for."""
        if self.half_width is not None:
            return Aim(self.half_width, self.about, self.clusters)
        return Bound(self.bound, self.about, self.clusters) if self.bound is not None else None


Stops = Mapping[Part, Stop]


def read_stops(info: Mapping[str, Any]) -> dict[Part, Stop]:
    """From run.json; empty for a run that could not stop early."""
    told = (info.get("until") or {}).get("score_sets", [])
    stops = [msgspec.convert(one, Stop) for one in told]
    return {(stop.benchmark, stop.score_set): stop for stop in stops}


class Reading(NamedTuple):
    """A headline as a weighted mean: each answer's value, and how much it counts."""

    value: Value
    weight: Callable[[Scored], float]


def class_weights(metric: Metric, samples: Sequence[Sample]) -> Weights:
    """What one answer of each class counts in a mean of class means over all planned samples, 1 on
    average; empty for any other metric."""
    by_class = metric.compute.by_class if isinstance(metric.compute, Weighted) else None
    if by_class is None:
        return ()
    sizes = Counter(by_class.key(_unanswered(sample)) for sample in samples)
    inner = Counter(outer for outer, _ in sizes)
    return tuple(
        (*key, len(samples) / (len(inner) * inner[key[0]] * size))
        for key, size in sorted(sizes.items())
    )


def _unanswered(sample: Sample) -> Scored:
    return Scored(sample, Response(), Verdict(outcome=Outcome.ERROR, value=None))


def reading(metric: Metric, weights: Weights) -> Reading | None:
    """None for what is neither a plain mean nor a mean of class means."""
    compute = metric.compute
    if isinstance(compute, Mean):
        return Reading(compute.value, lambda one: 1.0)
    if isinstance(compute, Weighted) and compute.by_class is not None:
        key, value = compute.by_class
        table = {(outer, inner): weight for outer, inner, weight in weights}
        return Reading(value, lambda one: table[key(one)])
    return None


def largest_cluster(read: Reading, samples: Sequence[Sample]) -> float:
    """What the samples of one cluster count together, at most."""
    sizes: dict[str, float] = {}
    for one in map(_unanswered, samples):
        sizes[cluster(one)] = sizes.get(cluster(one), 0.0) + read.weight(one)
    return max(sizes.values(), default=1.0)


def draws_of(
    answers: Sequence[Scored], read: Reading, largest: float, unscored: float | None = None
) -> Draws:
    """Answers in the order of asking as clusters. Unscored ones count as `unscored`; None leaves
    them out."""
    clusters: dict[str, list[tuple[float, float]]] = {}
    for one in answers:
        found = read.value(one) if one.value is not None else None
        counted = unscored if found is None else found
        if counted is not None:
            clusters.setdefault(cluster(one), []).append((counted, read.weight(one)))
    sums = [sum(value * weight for value, weight in found) for found in clusters.values()]
    sizes = [sum(weight for _, weight in found) for found in clusters.values()]
    return Draws(np.array(sums, float), np.array(sizes, float), largest)


def whole_value(answers: Sequence[Scored], read: Reading, largest: float, aim: Aim) -> Bounds:
    """What all planned samples would give, from the answers so far.

    An unscored answer counts as 0 in the lower bound and as 1 in the upper: nobody knows how many
    of the rest will be unscored.
    """
    worst, best = (draws_of(answers, read, largest, unscored) for unscored in (0.0, 1.0))
    return Bounds(of_whole(worst, aim).low, of_whole(best, aim).high)


def values_of(answers: Sequence[Scored], read: Reading) -> dict[Place, float]:
    """What was scored, by sample and epoch."""
    scored = [one for one in answers if one.value is not None]
    found = {(one.sample.id, one.epoch): read.value(one) for one in scored}
    return {place: value for place, value in found.items() if value is not None}


def beside(
    reference: Reference, part: Part, read: Reading, planned: Iterable[tuple[Sample, int]]
) -> Likeness | None:
    """What a reference got on the samples and epochs that a headline is about, which are in the
    order of asking; None where it has nothing on any."""
    values = reference.values.get(part)
    if not values:
        return None
    return likeness_of(
        reference.run,
        (
            Twin(
                place=(sample.id, epoch),
                cluster=sample.cluster,
                weight=read.weight(_unanswered(sample)),
                value=values.get((sample.id, epoch)),
            )
            for sample, epoch in planned
        ),
    )


def after_stopping(
    metric: Metric, stop: Stop, like: Likeness | None = None, *, of_slice: bool
) -> Metric:
    """The same metric with an interval that holds although the data decided when to stop.

    Bets on a slice have no aim: how much of it comes before the stop is not planned. Nor are the
    sizes of its classes, or of those of another metric than the headline. A bound is held against
    the headline alone, and so is a reference.
    """
    if not stop.stopped:
        return metric
    headline = metric.name == stop.metric
    read = reading(metric, stop.weights)
    if read is None or (not isinstance(metric.compute, Mean) and (of_slice or not headline)):
        return replace(metric, compute=_warned(metric.compute, stop))
    largest = stop.largest if headline else stop.largest_of_all
    aimless = of_slice or (stop.half_width is None and not headline)
    aim = None if aimless else stop.aim
    if like and headline and not of_slice:
        return replace(metric, compute=_beside(metric.compute, stop, like, read))
    told = f"betting confidence sequence, {_where(stop)}"

    def interval(items: Sequence[Scored]) -> Interval:
        found = metric.compute(items)
        if found.value is None:
            return found
        low, high = of_rate(draws_of(items, read, largest), aim)
        return Interval(found.value, min(low, found.value), max(high, found.value), told)

    return replace(metric, compute=interval)


def _beside(compute: Compute, stop: Stop, like: Likeness, read: Reading) -> Compute:
    """The value is that of all planned samples, estimated with the reference's."""
    aim = stop.aim
    assert isinstance(aim, Aim)
    told = f"betting confidence sequence with the reference run {like.run}, {_where(stop)}"

    def interval(items: Sequence[Scored]) -> Interval:
        found = compute(items)
        if found.value is None:
            return found
        value, (low, high) = like.rate(values_of(items, read), stop.largest, aim)
        return Interval(value, low, high, told)

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
