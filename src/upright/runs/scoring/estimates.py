"""From verdicts to printed numbers, with what must not be printed withheld."""

from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from upright.core import (
    EARLIER_WORDING,
    PUBLISHED,
    TOLERATED,
    Benchmark,
    Estimate,
    Interval,
    Metric,
    Scored,
)
from upright.runs.items import Part
from upright.runs.scoring.correcting import Evidence, correct, usable
from upright.runs.scoring.known import Known
from upright.runs.scoring.sampled import sampled
from upright.runs.scoring.stopping import after_stopping
from upright.stats.correction import NotCorrected

NOTHING = Known()
WITHHELD = Interval(None, None, None, "withheld")


def estimates_of(
    benchmark: Benchmark, part: Part, answers: Sequence[Scored], known: Known = NOTHING
) -> Iterator[Estimate]:
    """The numbers of one score set, from all of its answers, scored or not."""
    found = benchmark.score_set(part[1])
    metrics = found.metrics if found else ()
    evidence, stop = evidence_of(benchmark, part, answers, known), known.stops.get(part)
    for metric in metrics:
        about = [one for one in answers if metric.of(one.sample)]
        for name, members in _slices(metric, about):
            headline = metric is metrics[0] and not name
            dimension = benchmark.card.dimension
            like = known.likenesses.get(part) if headline else None
            used = after_stopping(metric, stop, like, of_slice=bool(name)) if stop else metric
            estimate = estimate_one(dimension, part, used, name, headline, members)
            scored = [one for one in members if one.value is not None]
            yield corrected(estimate, metric, scored, evidence)


def evidence_of(
    benchmark: Benchmark, part: Part, answers: Sequence[Scored], known: Known
) -> Evidence:
    """What is known of the error of a score set's own judge, and what people and judge models
    said of its run; `answers` are all of it, scored or not."""
    found = benchmark.score_set(part[1]) or benchmark.upright
    stop = known.stops.get(part)
    return Evidence(
        judge=found.judge.id,
        calibrations=found.judge.calibrations,
        language=benchmark.card.language,
        labels=usable(known.labels, *part),
        sampled=sampled(known.sampling, part, found, answers),
        stopped=stop is not None and stop.stopped,
    )


def corrected(
    estimate: Estimate, metric: Metric, scored: Sequence[Scored], evidence: Evidence
) -> Estimate:
    """The same number with its correction, or with the reason why there is none."""
    found = None if estimate.withheld else correct(metric, scored, evidence)
    if found is None:
        return estimate
    if evidence.stopped:
        found = NotCorrected("stopped early, and corrected intervals are for a fixed number")
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


def _slices(metric: Metric, answers: Sequence[Scored]) -> Iterator[tuple[str, Sequence[Scored]]]:
    """Everything first (named ""), then each slice as "source=squad"."""
    yield "", answers
    for by in metric.by:
        parts: dict[str, list[Scored]] = {}
        for one in answers:
            if by in one.sample.slices:
                parts.setdefault(one.sample.slices[by], []).append(one)
        for value in sorted(parts):
            yield f"{by}={value}", parts[value]


def estimate_one(
    dimension: str,
    part: tuple[str, str],
    metric: Metric,
    name: str,
    headline: bool,
    answers: Sequence[Scored],
) -> Estimate:
    """One number; a toolkit's own is repeated as it is, however much of it is unscored."""
    benchmark, score_set = part
    scored = [one for one in answers if one.value is not None]
    withheld = "" if score_set == PUBLISHED else _withheld(answers)
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
        n=len(answers),
        n_unscored=len(answers) - len(scored),
        method=f"{interval.method}{_asked(answers)}",
        higher_is_better=metric.higher_is_better,
        chance=None if name else metric.chance,  # a part may offer other options
        ceiling=metric.ceiling,
        column=metric.column,
        judge=", ".join(sorted({one.verdict.judge for one in answers} - {""})),
        withheld=withheld or ("" if interval.value is not None else interval.method),
    )


def _asked(answers: Sequence[Scored]) -> str:
    """A note where the model chose the likeliest option or was asked in other words."""
    reasons = Counter(one.response.finish_reason for one in answers)
    chosen = "; options by likelihood" if reasons["choice"] else ""
    raw = reasons[EARLIER_WORDING]
    return chosen + (f"; {raw} of {len(answers)} answered the raw prompt" if raw else "")


def _withheld(answers: Sequence[Scored]) -> str:
    """Why there is no number: too much of the evidence is missing, and what became of it."""
    unscored = Counter(one.verdict.outcome for one in answers if one.value is None)
    if unscored.total() <= TOLERATED * len(answers):
        return ""
    kinds = ", ".join(f"{count} {outcome}" for outcome, count in unscored.most_common())
    return f"{unscored.total()} of {len(answers)} answers are unscored ({kinds}); 5 % is the most"
