"""Asks in rounds, so that a benchmark which has told enough asks no more: `--until`, `--decide`.

After each round the benchmarks' own judges read what is there. Order and rounds follow from the
seed and the answers alone: an interrupted run goes through the same ones again.

The order is random, and not stratified: in a stratified one a sample can be foreseen from those
before it, and the proof of a confidence sequence rests on just that being impossible. What a
slice gets is its share give or take chance.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import ceil
from typing import Any, NamedTuple

import msgspec

from upright.core import Model, Response, Scored, digest
from upright.runs.asking.desk import ANSWERS, Desk
from upright.runs.items import Item, Part
from upright.runs.plan import Plan
from upright.runs.reference import Reference
from upright.runs.scoring.estimates import estimate_one
from upright.runs.scoring.judging import judge_part
from upright.runs.scoring.likeness import Likeness
from upright.runs.scoring.stopping import (
    Reading,
    Stop,
    Stops,
    after_stopping,
    beside,
    class_weights,
    draws_of,
    largest_cluster,
    reading,
    values_of,
    whole_value,
)
from upright.stats.intervals import Bounds
from upright.stats.sequential import Aim, Bound, Draws, expected_draws

FIRST = 30
"""Clusters of the first round: what a half-width of 0.05 takes where all answers are right."""
GROWTH = 1.1
"""Each round has at least a tenth more: the last one asks a twentieth too much on average."""
NEAR = 0.9
"""How far to go at once towards the expected end, so that there are few rounds."""

Cluster = list[Item]


class Asked(NamedTuple):
    """What was asked: the plan as far as it was carried out, in the order of asking where a score
    set stopped; and for run.json what stopping saved, None where nothing might stop."""

    plan: Plan
    responses: Mapping[str, Response]
    stops: Stops
    likenesses: Mapping[Part, Likeness]
    told: dict[str, Any] | None


async def ask_all(plan: Plan, model: Model, desk: Desk) -> Asked:
    """Everything, or with `--until` or `--decide` as much as it takes."""
    if not plan.settings.stopping:
        return Asked(plan, await desk.answer(ANSWERS, model, plan.requests), {}, {}, None)
    parts = [Asking(plan, part, tuple(items)) for part, items in plan.parts.items()]
    asked: set[str] = set()
    responses = desk.answers
    while going := [part for part in parts if not part.done]:
        wanted = [item for part in going for item in part.next_round()]
        requests = {item.key: item.request for item in wanted if item.key not in asked}
        if requests:
            await desk.answer(ANSWERS, model, list(requests.values()))
            await asyncio.to_thread(desk.sync)
            asked |= requests.keys()
        for part in going:
            part.look(responses)
    stops = [part.stop for part in parts]
    return Asked(
        plan=replace(plan, parts={part.part: part.asked for part in parts}),
        responses=responses,
        stops={(stop.benchmark, stop.score_set): stop for stop in stops},
        likenesses={part.part: part.likeness for part in parts if part.likeness},
        told=_told(plan, len(asked), stops),
    )


def _told(plan: Plan, asked: int, stops: Sequence[Stop]) -> dict[str, Any]:
    """Calls count each question once, however many score sets share its answer."""
    planned = len(plan.requests)
    return {
        "half_width": plan.settings.until,
        "bound": plan.settings.decide,
        "like": _like(plan.reference),
        "calls": {"planned": planned, "asked": asked, "saved": planned - asked},
        "score_sets": [msgspec.to_builtins(stop) for stop in stops],
    }


def _like(reference: Reference | None) -> dict[str, Any] | None:
    """Which run it was, and what an auditor needs to see that it is the same one still."""
    if reference is None:
        return None
    shared = sum(len(values) for values in reference.values.values())
    told = {"run": reference.run, "model": reference.model, "sha256": reference.sha256}
    return {**told, "samples": shared}


class Asking:
    """One score set on its way."""

    def __init__(self, plan: Plan, part: Part, items: Sequence[Item]) -> None:
        self.part, self._items = part, items
        self._dimension = plan.benchmarks[part[0]].card.dimension
        self._score_set = plan.score_set(*part)
        self._metric = self._score_set.metrics[0]
        self._about = [item for item in items if self._metric.of(item.sample)]
        self._order = _order(items, {item.id for item in self._about}, plan.settings.seed)
        size = len(self._about), sum(cluster.leads for cluster in self._order)
        half_width, bound = plan.settings.until, plan.settings.decide
        self._aim = None if half_width is None else Aim(half_width, *size)
        self._bound = None if bound is None else Bound(bound, *size)
        samples = [item.sample for item in self._about]
        self._weights = class_weights(self._metric, samples)
        self._read = reading(self._metric, self._weights)
        self._largest = largest_cluster(self._read, samples) if self._read else 1.0
        self._likeness = self._beside(plan.reference)
        self._taken, self._rounds = 0, 0
        self._whole: Bounds | None = None
        self._side = ""
        self._expected = 0.0
        self.done = False

    @property
    def asked(self) -> Sequence[Item]:
        """In the order of asking; one that ran in full is as if it had never been in doubt."""
        return self._items if self._taken == len(self._order) else self._so_far

    @property
    def _so_far(self) -> Sequence[Item]:
        return [item for cluster in self._order[: self._taken] for item in cluster.items]

    def next_round(self) -> Sequence[Item]:
        """The items to be asked by now that were not before."""
        before = self._taken
        self._taken = self._reach()
        self._rounds += 1
        return [item for cluster in self._order[before : self._taken] for item in cluster.items]

    def look(self, responses: Mapping[str, Response]) -> None:
        """Judge what there is; done if that is enough, or if nothing is left to ask."""
        if self._read:
            judged = judge_part(self._score_set, self._so_far, responses, {})
            about = [one.scored for one in judged if self._metric.of(one.item.sample)]
            if self._aim:
                self._whole = self._whole_value(self._read, self._aim, about)
            if self._bound:
                self._side = self._side_of(self._bound.at, about)
            draws = self._draws(self._read, about)
            goals = [goal for goal in (self._aim, self._bound) if goal]
            self._expected = min(expected_draws(draws, goal) for goal in goals)
        self.done = self._known or self._side != "" or self._taken == len(self._order)

    def _whole_value(self, read: Reading, aim: Aim, about: Sequence[Scored]) -> Bounds:
        if like := self.likeness:
            return like.whole(values_of(about, read), self._largest, aim)
        return whole_value(about, read, self._largest, aim)

    def _draws(self, read: Reading, about: Sequence[Scored]) -> Draws:
        if like := self.likeness:
            return like.draws(values_of(about, read), self._largest)
        return draws_of(about, read, self._largest)

    @property
    def likeness(self) -> Likeness | None:
        """What the reference got on all that is planned; None where it has nothing."""
        if self._likeness is None:
            return None
        asked = sum(self._metric.of(item.sample) for item in self._so_far)
        return replace(self._likeness, asked=asked)

    def _beside(self, reference: Reference | None) -> Likeness | None:
        if not (reference and self._read):
            return None
        items = [item for cluster in self._order for item in cluster.items]
        about = [(i.sample, i.epoch) for i in items if self._metric.of(i.sample)]
        return beside(reference, self.part, self._read, about)

    def _side_of(self, bound: float, about: Sequence[Scored]) -> str:
        """Of the bound, as the headline would be printed; "" while it lies inside the interval,
        and while too much is unscored for any number to be printed."""
        metric = after_stopping(self._metric, self._stop(stopped=True), of_slice=False)
        printed = estimate_one(self._dimension, self.part, metric, "", True, about)
        if printed.low is None or printed.high is None:
            return ""
        return "above" if printed.low > bound else "below" if printed.high < bound else ""

    @property
    def stop(self) -> Stop:
        return self._stop(stopped=self._taken < len(self._order))

    def _stop(self, *, stopped: bool) -> Stop:
        return Stop(
            benchmark=self.part[0],
            score_set=self.part[1],
            metric=self._metric.name,
            half_width=self._aim.half_width if self._aim else None,
            bound=self._bound.at if self._bound else None,
            side=self._side if stopped else "",
            planned=len(self._items),
            asked=len(self.asked),
            about=len(self._about),
            clusters=sum(cluster.leads for cluster in self._order),
            largest=self._largest,
            largest_of_all=max(len(cluster.items) for cluster in self._order),
            weights=self._weights,
            rounds=self._rounds,
            stopped=stopped,
            like=self._likeness.run if self._likeness else "",
            reason=self._reason(stopped),
            low=self._whole.low if self._whole else None,
            high=self._whole.high if self._whole else None,
        )

    def _reason(self, stopped: bool) -> str:
        if stopped and self._side and self._bound:
            return f"surely {self._side} {self._bound.at:g}"
        if stopped and self._aim:
            return f"the value of the whole benchmark is known to ±{self._aim.half_width:g}"
        if self._read is None:
            return f"in full: {self._metric.name} is no mean, nor one of class means"
        missed = [f"±{self._aim.half_width:g} was not reached"] if self._aim else []
        missed += [f"{self._bound.at:g} was not decided"] if self._bound else []
        return f"in full: {' and '.join(missed)} sooner"

    @property
    def _known(self) -> bool:
        if self._whole is None or self._aim is None:
            return False
        return (self._whole.high - self._whole.low) / 2 <= self._aim.half_width

    def _reach(self) -> int:
        """How much of the order to have asked after the next round."""
        if self._read is None:
            return len(self._order)
        leading = [place for place, cluster in enumerate(self._order, start=1) if cluster.leads]
        done = sum(place <= self._taken for place in leading)
        wanted = max(ceil(done * GROWTH), int(self._expected * NEAR)) if done else FIRST
        return leading[wanted - 1] if wanted < len(leading) else len(self._order)


class _Ordered(NamedTuple):
    """A cluster, and whether the headline is about any of it."""

    items: Cluster
    leads: bool


def _order(items: Sequence[Item], about: set[str], seed: int) -> list[_Ordered]:
    """Whole clusters in a random order, by their names alone: the score sets of one benchmark
    share their questions as far as they can. Clusters that the headline is not about lie evenly
    between those that it is about.
    """
    clusters: dict[str, Cluster] = {}
    for item in items:
        clusters.setdefault(item.sample.cluster, []).append(item)
    leading = {name for name, found in clusters.items() if any(i.id in about for i in found)}
    shuffled = sorted(clusters, key=lambda name: digest((seed, "until", name)))
    placed: list[tuple[float, bool, str]] = []
    for leads in (True, False):
        names = [name for name in shuffled if (name in leading) == leads]
        placed += [((at + 0.5) / len(names), leads, name) for at, name in enumerate(names)]
    return [_Ordered(clusters[name], leads) for _, leads, name in sorted(placed)]
