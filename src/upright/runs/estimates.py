"""From verdicts to printed numbers, with what must not be printed withheld."""

from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from upright.core import (
    EARLIER_WORDING,
    PUBLISHED,
    Benchmark,
    Estimate,
    Interval,
    Metric,
    Scored,
)
from upright.runs.correcting import Evidence, correct, usable
from upright.runs.judging import Judged
from upright.runs.labels import Labels
from upright.runs.plan import Plan
from upright.stats.correction import NotCorrected

TOLERATED = 0.05
"""The unscored share above which a number would mislead."""
WITHHELD = Interval(None, None, None, "withheld")

Parts = dict[tuple[str, str], list[Judged]]


def estimate_all(plan: Plan, judged: Sequence[Judged]) -> list[Estimate]:
    """Every metric of every score set, over all samples and by its slices; the headline first."""
    parts: Parts = {}
    for one in judged:
        parts.setdefault((one.item.benchmark, one.item.score_set), []).append(one)
    return [estimate for part in parts for estimate in _of_score_set(plan, part, parts[part])]


def _of_score_set(
    plan: Plan, part: tuple[str, str], judged: Sequence[Judged]
) -> Iterator[Estimate]:
    score_set = plan.score_set(*part)
    benchmark = plan.benchmarks[part[0]]
    evidence = evidence_of(benchmark, *part)
    for metric in score_set.metrics:
        about = [one for one in judged if metric.of(one.item.sample)]
        for name, members in _slices(metric, about):
            headline = metric is score_set.metrics[0] and not name
            estimate = estimate_one(benchmark.card.dimension, part, metric, name, headline, members)
            scored = [one.scored for one in members if one.verdict.value is not None]
            yield corrected(estimate, metric, scored, evidence)


def evidence_of(
    benchmark: Benchmark, id: str, score_set: str, labels: Labels | None = None
) -> Evidence:
    """What is known of the error of a score set's own judge, and what people said of its run."""
    found = benchmark.score_set(score_set)
    judge = found.judge if found else benchmark.upright.judge
    return Evidence(
        judge=judge.id,
        calibrations=judge.calibrations,
        language=benchmark.card.language,
        labels=usable(labels or {}, id, score_set),
    )


def corrected(
    estimate: Estimate, metric: Metric, scored: Sequence[Scored], evidence: Evidence
) -> Estimate:
    """The same number with its correction, or with the reason why there is none."""
    found = None if estimate.withheld else correct(metric, scored, evidence)
    if found is None:
        return estimate
    if isinstance(found, NotCorrected):
        blank = {"corrected": None, "corrected_low": None, "corrected_high": None}
        return msgspec.structs.replace(
            estimate, **blank, correction=f"not corrected: {found.reason}"
        )
    return msgspec.structs.replace(
        estimate,
        corrected=found.value,
        corrected_low=found.low,
        corrected_high=found.high,
        correction=found.method,
    )


def _slices(metric: Metric, judged: Sequence[Judged]) -> Iterator[tuple[str, Sequence[Judged]]]:
    """Everything first (named ""), then each slice as "source=squad"."""
    yield "", judged
    for by in metric.by:
        parts: dict[str, list[Judged]] = {}
        for one in judged:
            if by in one.item.sample.slices:
                parts.setdefault(one.item.sample.slices[by], []).append(one)
        for value in sorted(parts):
            yield f"{by}={value}", parts[value]


def estimate_one(
    dimension: str,
    part: tuple[str, str],
    metric: Metric,
    name: str,
    headline: bool,
    judged: Sequence[Judged],
) -> Estimate:
    """One number; a toolkit's own is repeated as it is, however much of it is unscored."""
    benchmark, score_set = part
    scored = [one.scored for one in judged if one.verdict.value is not None]
    withheld = "" if score_set == PUBLISHED else _withheld(judged)
    interval = WITHHELD if withheld else metric.measure(scored)
    return Estimate(
        benchmark=benchmark,
        dimension=dimension,
        score_set=score_set,
        metric=metric.name,
        headline=headline,
        slice=name,
        value=interval.value,
        low=interval.low,
        high=interval.high,
        n=len(judged),
        n_unscored=len(judged) - len(scored),
        method=f"{interval.method}{_asked(judged)}",
        higher_is_better=metric.higher_is_better,
        chance=None if name else metric.chance,  # a part may offer other options
        ceiling=metric.ceiling,
        column=metric.column,
        judge=", ".join(sorted({one.verdict.judge for one in judged} - {""})),
        withheld=withheld or ("" if interval.value is not None else interval.method),
    )


def _asked(judged: Sequence[Judged]) -> str:
    """A note where the model chose the likeliest option or was asked in other words."""
    reasons = Counter(one.response.finish_reason for one in judged)
    chosen = "; options by likelihood" if reasons["choice"] else ""
    raw = reasons[EARLIER_WORDING]
    return chosen + (f"; {raw} of {len(judged)} answered the raw prompt" if raw else "")


def _withheld(judged: Sequence[Judged]) -> str:
    """Why there is no number: too much of the evidence is missing, and what became of it."""
    unscored = Counter(one.verdict.outcome for one in judged if one.verdict.value is None)
    if unscored.total() <= TOLERATED * len(judged):
        return ""
    kinds = ", ".join(f"{count} {outcome}" for outcome, count in unscored.most_common())
    return f"{unscored.total()} of {len(judged)} answers are unscored ({kinds}); 5 % is the most"
