"""Simulated runs of real benchmarks that may stop early.

Every cluster of a benchmark has a rate of its own, drawn around the true rate (beta, intra-cluster
correlation 0.3), and its answers are right at that rate. The benchmark's own judge is replaced by
those verdicts; order, rounds and stopping are the real ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from upright.api import select
from upright.core import (
    UPRIGHT,
    Answer,
    Benchmark,
    Model,
    Outcome,
    Response,
    Row,
    Settings,
    Verdict,
    registry,
)
from upright.data import suite_file
from upright.runs import Item, Plan, make_plan
from upright.runs.reference import Reference, varies
from upright.runs.rounds import Asking
from upright.runs.scoring.judging import judge_part
from upright.runs.scoring.stopping import Stop, after_stopping, draws_of, reading
from upright.stats.intervals import Bounds
from upright.stats.metrics import Mean, mean

ICC = 0.3


@dataclass(frozen=True)
class Simulated:
    """A judge that knows the verdicts beforehand, by sample."""

    values: Mapping[str, float]
    id: str = "simulated"
    calibrations: tuple[()] = ()

    def judge(self, answers: Sequence[Answer]) -> list[Verdict]:
        return [Verdict(outcome=Outcome.ANSWERED, value=self.values[a.sample.id]) for a in answers]


def the_plan(data: Path, model: Model, *ids: str) -> Plan:
    def rows(benchmark: Benchmark, patched: bool) -> Sequence[Row]:
        file = suite_file("trustllm", benchmark.file, data)
        return file.patched if patched else file.raw

    benchmarks = {id: registry.load("benchmarks", id) for id in ids or select(suite="trustllm")}
    settings = Settings(suite="trustllm", score_sets=(UPRIGHT,))
    return make_plan(benchmarks, rows, model, settings)


def simulated(items: Sequence[Item], rate: float, rng: np.random.Generator) -> Simulated:
    groups = sorted({i.sample.cluster for i in items})
    if rate in (0.0, 1.0):
        own = dict.fromkeys(groups, rate)
    else:
        spread = (1 - ICC) / ICC
        drawn = rng.beta(rate * spread, (1 - rate) * spread, len(groups))
        own = dict(zip(groups, drawn, strict=True))
    return Simulated({i.sample.id: float(rng.random() < own[i.sample.cluster]) for i in items})


class Ended(NamedTuple):
    """One simulated run: how it ended, the value of all, and the interval that is printed."""

    stop: Stop
    whole: float
    printed: Bounds


def one_run(plan: Plan, id: str, settings: Settings, rate: float) -> Ended:
    items = tuple(plan.parts[id, UPRIGHT])
    judge = simulated(items, rate, np.random.default_rng([settings.seed, len(items)]))
    return ended(plan, id, settings, judge.values)


def ended(
    plan: Plan,
    id: str,
    settings: Settings,
    values: Mapping[str, float],
    theirs: Mapping[str, float] | None = None,
) -> Ended:
    """A run whose verdicts are these, by sample; `theirs` are a reference's."""
    items = tuple(plan.parts[id, UPRIGHT])
    judge = Simulated(values)
    benchmark = plan.benchmarks[id]
    lead = benchmark.upright.metrics[0]
    plain = mean() if isinstance(lead.compute, Mean) else lead.compute
    metric = replace(lead, compute=plain, event="")
    score_set = replace(benchmark.upright, judge=judge, metrics=(metric,))
    benchmarks = {id: replace(benchmark, upright=score_set)}
    reference = _reference(id, items, theirs) if theirs else None
    shown = replace(plan, benchmarks=benchmarks, settings=settings, reference=reference)
    asking = Asking(shown, (id, UPRIGHT), items)
    responses = {i.key: Response(text="x") for i in items}
    while not asking.done:
        asking.next_round()
        asking.look(responses)
    judged = judge_part(score_set, asking.asked, responses, {})
    printed = after_stopping(metric, asking.stop, asking.likeness, of_slice=False).measure(
        [one.scored for one in judged]
    )
    answers = [one.scored for one in judge_part(score_set, items, responses, {})]
    read = reading(metric, asking.stop.weights)
    assert read is not None
    whole = draws_of([one for one in answers if metric.of(one.sample)], read, 1.0)
    assert printed.low is not None
    assert printed.high is not None
    value = float(whole.sums.sum() / whole.sizes.sum())
    return Ended(asking.stop, value, Bounds(printed.low, printed.high))


def _reference(id: str, items: Sequence[Item], theirs: Mapping[str, float]) -> Reference | None:
    known = {(i.sample.id, i.epoch): theirs[i.sample.id] for i in items if i.sample.id in theirs}
    if not varies(known):
        return None
    return Reference(run="simulated", model="simulated", values={(id, UPRIGHT): known})
