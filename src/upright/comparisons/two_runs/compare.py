"""Two runs, baseline and candidate, compared on the samples that both answered."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from upright.comparisons.two_runs.changes import flips, moved_slices
from upright.comparisons.two_runs.comparable import apart, notes, unlike
from upright.comparisons.two_runs.difference import Measured, measure
from upright.comparisons.two_runs.pairing import Answers, Paired, answers_of, pair
from upright.comparisons.two_runs.result import (
    Comparison,
    Difference,
    DimensionGain,
    Gap,
    Incomparable,
    Side,
)
from upright.core import LEADING, Benchmark, Dimension, Estimate, Interval, Metric, UsageError
from upright.runs.storing.store import Run
from upright.runs.storing.stored import read_estimates
from upright.stats.equivalence import non_inferiority
from upright.stats.intervals import Bounds, average
from upright.stats.metrics import mean
from upright.stats.multiplicity import holm, simultaneous_level
from upright.stats.paired import Significance

FLIPS = 50
Load = Callable[[str], Benchmark | None]
"""A benchmark by id; None where it is not installed here."""


@dataclass(frozen=True)
class _Part:
    """A benchmark that both runs answered, and its headline."""

    id: str
    paired: Paired
    metric: Metric
    dimension: str
    estimates: tuple[Estimate | None, Estimate | None]
    notes: tuple[str, ...]


def compare(
    baseline: Run,
    candidate: Run,
    load: Load,
    *,
    margin: float = 0.0,
    score_set: str = "",
    flips_shown: int = FLIPS,
) -> Comparison:
    """Candidate against baseline, benchmark by benchmark.

    `margin` is the largest loss that does not matter. A benchmark is worse where its loss is
    larger, and significant over all benchmarks together (Bonferroni): see `stats.equivalence`.
    Without a `score_set` the one that leads: upright's, or what another tool's verdicts became.
    Raises UsageError where nothing can be compared, and says why.
    """
    infos = baseline.info, candidate.info
    score_set = score_set or _leading(baseline, candidate)
    answers = answers_of(baseline, score_set), answers_of(candidate, score_set)
    left_out = list(apart(infos, answers))
    parts = []
    for part in _parts((baseline, candidate), answers, {one.what for one in left_out}, load):
        if len(part.paired.a):
            parts.append(part)
        else:
            left_out.append(Incomparable(what=part.id, why=_why_nothing(part.paired)))
    if not parts:
        raise _nothing(baseline, candidate, score_set, left_out)
    differences = _differences(parts, margin)
    found = {part.id: part.paired for part in parts}
    better = {part.id: part.metric.higher_is_better for part in parts}
    cards = baseline.info.get("benchmarks", {})
    harmful = {id: bool(cards.get(id, {}).get("harmful")) for id in found}
    told, changed = flips(found, better, harmful, flips_shown)
    return Comparison(
        baseline=_side(baseline, [part.paired.baseline for part in parts]),
        candidate=_side(candidate, [part.paired.candidate for part in parts]),
        score_set=score_set,
        margin=margin,
        differences=tuple(differences),
        dimensions=tuple(_dimensions(differences)),
        slices=tuple(moved_slices(found, better)),
        flips=tuple(told),
        flips_left_out=changed - len(told),
        incomparable=tuple(left_out),
        notes=unlike(*infos),
    )


def _leading(baseline: Run, candidate: Run) -> str:
    held = [{part[1] for part in _headlines(run)} for run in (baseline, candidate)]
    return next((name for name in LEADING if name in held[0] & held[1]), LEADING[0])


def _nothing(
    baseline: Run, candidate: Run, score_set: str, left_out: list[Incomparable]
) -> UsageError:
    told = "\n".join(f"  {one.what}: {one.why}" for one in left_out)
    why = f":\n{told}" if told else f": neither holds the score set {score_set}."
    return UsageError(f"Nothing in {candidate.path} can be compared with {baseline.path}{why}")


def _parts(
    runs: tuple[Run, Run],
    answers: tuple[Mapping[str, Answers], Mapping[str, Answers]],
    left_out: set[str],
    load: Load,
) -> Iterator[_Part]:
    headlines = tuple(_headlines(run) for run in runs)
    infos = runs[0].info, runs[1].info
    for id, own in answers[0].items():
        if id in left_out or id not in answers[1]:
            continue
        other = answers[1][id]
        told = headlines[0].get(own.part), headlines[1].get(own.part)
        metric, said = _metric(load(id), own.part[1], told)
        dimension = next((e.dimension for e in told if e), id.split("/")[0])
        extra = (*said, *notes(infos, id, own, other))
        yield _Part(id, pair(own, other), metric, dimension, told, extra)


def _headlines(run: Run) -> dict[tuple[str, str], Estimate]:
    estimates = read_estimates(run.path / "estimates.parquet")
    return {(e.benchmark, e.score_set): e for e in estimates if e.headline}


def _metric(
    benchmark: Benchmark | None, score_set: str, told: tuple[Estimate | None, ...]
) -> tuple[Metric, tuple[str, ...]]:
    """The headline metric; without the benchmark's code, the mean value."""
    found = benchmark.score_set(score_set) if benchmark else None
    if found:
        return found.metrics[0], ()
    known = next((e for e in told if e), None)
    up = known.higher_is_better if known else True
    metric = Metric(name="mean value", compute=mean(), higher_is_better=up)
    named = known.metric if known else "its headline"
    return metric, (f"its code is not installed here: mean value instead of {named}",)


def _differences(parts: list[_Part], margin: float) -> list[Difference]:
    joint = simultaneous_level(len(parts))
    found = [measure(part.metric, part.paired, joint) for part in parts]
    adjusted = _holm([m.test for m in found]), _holm([m.unpaired_test for m in found])
    return [
        _difference(part, measured, margin, *(ps[at] for ps in adjusted))
        for at, (part, measured) in enumerate(zip(parts, found, strict=True))
    ]


def _holm(tests: list[Significance]) -> list[float | None]:
    """Adjusted p-values; a test that could not be made counts as made."""
    ps = holm([1.0 if np.isnan(test.p) else test.p for test in tests])
    return [None if np.isnan(t.p) else float(p) for t, p in zip(tests, ps, strict=True)]


def _difference(
    part: _Part,
    measured: Measured,
    margin: float,
    p_holm: float | None,
    unpaired_p_holm: float | None,
) -> Difference:
    up = part.metric.higher_is_better
    gains = (part.paired.b - part.paired.a) * (1 if up else -1)
    none = Interval(None, None, None, "")
    return Difference(
        benchmark=part.id,
        dimension=part.dimension,
        metric=part.metric.name,
        higher_is_better=up,
        baseline=measured.baseline,
        candidate=measured.candidate,
        gap=_gap(measured.alone, measured.jointly, measured.test, p_holm),
        unpaired=_gap(measured.unpaired, none, measured.unpaired_test, unpaired_p_holm),
        pairing=part.paired.pairing(),
        better=int((gains > 0).sum()),
        worse=int((gains < 0).sum()),
        standing=non_inferiority(measured.jointly, margin, up),
        corrected_baseline=part.estimates[0].corrected if part.estimates[0] else None,
        corrected_candidate=part.estimates[1].corrected if part.estimates[1] else None,
        notes=part.notes,
    )


def _gap(alone: Interval, jointly: Interval, test: Significance, p_holm: float | None) -> Gap:
    return Gap(
        value=alone.value,
        low=alone.low,
        high=alone.high,
        joint_low=jointly.low,
        joint_high=jointly.high,
        p=None if np.isnan(test.p) else test.p,
        p_holm=p_holm,
        method=alone.method,
        test=test.method,
    )


def _dimensions(differences: list[Difference]) -> Iterator[DimensionGain]:
    for dimension in Dimension:
        parts = [p for d in differences if d.dimension == dimension for p in _turned(d)]
        if parts:
            low, high = average(parts)
            gain = sum(value for value, _ in parts) / len(parts)
            yield DimensionGain(
                dimension=dimension, benchmarks=len(parts), gain=gain, low=low, high=high
            )


def _turned(difference: Difference) -> Iterator[tuple[float, Bounds]]:
    """The difference with more being better, where there is one."""
    gap = difference.gap
    if gap.value is None or gap.low is None or gap.high is None:
        return
    if difference.higher_is_better:
        yield gap.value, Bounds(gap.low, gap.high)
    else:
        yield -gap.value, Bounds(-gap.high, -gap.low)


def _side(run: Run, answers: list[Answers]) -> Side:
    info: Mapping[str, Any] = run.info
    latencies = np.concatenate([a.latencies for a in answers])
    tokens, calls = info.get("tokens") or {}, info.get("calls") or {}
    return Side(
        path=str(run.path),
        model=info["model"]["id"],
        suite=info.get("settings", {}).get("suite", ""),
        started=info.get("started", ""),
        upright=info.get("upright", ""),
        calls=calls.get("asked", 0),
        prompt_tokens=tokens.get("prompt", 0),
        completion_tokens=tokens.get("completion", 0),
        latency_s=float(np.median(latencies)) if len(latencies) else None,
    )


def _why_nothing(paired: Paired) -> str:
    if not paired.met:
        return "no sample is in both runs"
    return f"of {paired.met} samples in both runs none is scored in both"
