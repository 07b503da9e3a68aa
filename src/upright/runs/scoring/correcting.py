"""Which correction an estimate may have for the error of its judge.

People's labels on a random part of the run itself come first: they are the truth and assume
nothing of the judge. Then a judge model's verdicts on a random sample: a better instrument. Else
the judge's calibration, where it is of the same event and language. Else the reason why not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from upright.core import TOLERATED, Calibration, Interval, Metric, Scored
from upright.judges.calibration import NEW_SET
from upright.runs.scoring.sampled import Sampled
from upright.runs.storing.labels import RANDOM, Labels
from upright.stats.correction import Errors, NotCorrected, prediction_powered, reach, rogan_gladen
from upright.stats.intervals import Floats
from upright.stats.metrics import Mean, cluster


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What is known of the error of one score set's judge.

    judge       the benchmark's own judge: its calibrations hold for no other
    language    that of the questions
    labels      what people said: (sample id, epoch, event) -> 0 or 1; random picks only
    sampled     what judge models said of a random sample, where they read no more than that
    stopped     whether it ended by `--until`: no corrected interval holds after that
    """

    judge: str
    calibrations: Sequence[Calibration] = ()
    language: str = "en"
    labels: Mapping[tuple[str, int, str], int] = field(default_factory=dict)
    sampled: Sampled | None = None
    stopped: bool = False


def usable(labels: Labels, benchmark: str, score_set: str) -> dict[tuple[str, int, str], int]:
    """The labels of one score set that an estimate may rest on."""
    return {
        (key.sample_id, key.epoch, key.event): label.label
        for key, label in labels.items()
        if (key.benchmark, key.score_set) == (benchmark, score_set)
        if label.pick == RANDOM and label.label is not None
    }


def correct(
    metric: Metric, items: Sequence[Scored], evidence: Evidence
) -> Interval | NotCorrected | None:
    """The corrected number or why there is none; None where a correction has no meaning.

    Labels and calibrations are of an event. A judge model's verdicts are of all that a benchmark's
    own judge says, and correct any plain mean.
    """
    if not (metric.event or evidence.sampled):
        return None
    if not isinstance(metric.compute, Mean):
        return _no_plain_mean(evidence)
    value = metric.compute.value
    about = [item for item in items if metric.of(item.sample)]
    known = [(item, v) for item in about if (v := value(item)) is not None]
    if not known:
        return NotCorrected("nothing was scored")
    values = np.array([v for _, v in known], float)
    scored = [item for item, _ in known]
    if metric.event:
        return _of_event(metric, scored, values, evidence)
    # Where verdicts decide which answers it is about, a better judge means other answers.
    whole = len(known) == len(about)
    return _by_sample(metric, scored, values, evidence) if whole else _no_plain_mean(evidence)


def _of_event(
    metric: Metric, scored: Sequence[Scored], values: Floats, evidence: Evidence
) -> Interval | NotCorrected:
    if not np.isin(values, (0.0, 1.0)).all():
        return NotCorrected("the verdicts are not yes or no")
    refused = []
    for way in (_by_labels, _by_sample, _by_calibration):
        found = way(metric, scored, values, evidence)
        if isinstance(found, Interval):
            return found
        if found is not None:
            refused.append(found.reason)
    return NotCorrected("; ".join(reversed(refused)))


def _no_plain_mean(evidence: Evidence) -> NotCorrected | None:
    if evidence.sampled is None:
        return None
    judge = evidence.sampled.judge
    return NotCorrected(f"it is no plain mean, and the sample of {judge} corrects nothing else")


def _by_labels(
    metric: Metric, items: Sequence[Scored], values: Floats, evidence: Evidence
) -> Interval | NotCorrected | None:
    """None where nobody labelled any of these answers."""
    found = [evidence.labels.get((i.sample.id, i.epoch, metric.happening)) for i in items]
    labels = np.array([np.nan if label is None else float(label) for label in found])
    if np.isnan(labels).all():
        return None
    people = 1 - labels if metric.absence else labels
    corrected = prediction_powered(values, people, [cluster(i) for i in items])
    if isinstance(corrected, NotCorrected):
        return corrected
    return Interval(*_numbers(corrected), f"{corrected.method}: labels on this run")


def _by_sample(
    metric: Metric, items: Sequence[Scored], values: Floats, evidence: Evidence
) -> Interval | NotCorrected | None:
    """What judge models said of a random sample, as labels; None where there is no sample.

    A verdict that could not be read, or without a value, is missing and agrees with nobody. Above
    5 % missing there is no correction: unread answers are rarely a random part of the sample.
    """
    told, compute = evidence.sampled, metric.compute
    if told is None or not isinstance(compute, Mean):
        return None
    places = [(item.sample.id, item.epoch) for item in items]
    drawn = [at for at, place in enumerate(places) if place in told.verdicts]
    labels = np.full(len(items), np.nan)
    for at in drawn:
        verdict = told.verdicts[places[at]]
        found = compute.value(items[at]._replace(verdict=verdict)) if verdict else None
        labels[at] = np.nan if found is None else found
    asked = sum(places[at] in told.asked for at in drawn)
    unread = sum(told.verdicts[places[at]] is None for at in drawn)
    without = int(np.isnan(labels[drawn]).sum()) - unread
    counts = f"asked about {asked:,} of {len(items):,} answers"
    for count, what in (
        (len(drawn) - asked, "drawn needed none"),
        (unread, "unread"),
        (without, "without a value"),
    ):
        counts += f", {count:,} {what}" if count else ""
    if unread + without > TOLERATED * len(drawn):
        return NotCorrected(f"{told.judge} was {counts}; 5 % missing is the most")
    corrected = prediction_powered(values, labels, [cluster(item) for item in items])
    if isinstance(corrected, NotCorrected):
        return NotCorrected(f"{corrected.reason} ({told.judge}, {counts})")
    return Interval(*_numbers(corrected), f"{corrected.method}: verdicts of {told.judge}, {counts}")


def _by_calibration(
    metric: Metric, items: Sequence[Scored], values: Floats, evidence: Evidence
) -> Interval | NotCorrected:
    calibration = _fitting(metric, items, evidence)
    if isinstance(calibration, NotCorrected):
        return calibration
    errors = _errors(calibration)
    if metric.absence:
        values = 1 - values
    corrected = rogan_gladen(values, [cluster(i) for i in items], errors)
    if isinstance(corrected, NotCorrected):
        return NotCorrected(f"{corrected.reason} ({calibration.labels})")
    worth = f"worth {errors.n_yes:.0f} yes and {errors.n_no:.0f} no on a model not among them"
    told = f"{corrected.method}: {calibration.labels}, n = {calibration.n} ({worth})"
    numbers = _numbers(corrected)
    return Interval(*(_mirrored(*numbers) if metric.absence else numbers), told)


def _fitting(
    metric: Metric, items: Sequence[Scored], evidence: Evidence
) -> Calibration | NotCorrected:
    """The calibration of the judge that read these answers, on this event and language."""
    others = sorted({item.verdict.judge for item in items} - {evidence.judge})
    if others:
        return NotCorrected(f"{', '.join(others)} has not been measured against people")
    event = metric.happening
    of_event = [c for c in evidence.calibrations if c.event == event]
    if not of_event:
        known = ", ".join(sorted({c.event for c in evidence.calibrations}))
        what = f"it was for: {known}" if known else "nor for anything else"
        return NotCorrected(f"{evidence.judge} was not measured against people for {event}; {what}")
    fitting = [c for c in of_event if c.language == evidence.language]
    if not fitting:
        known = ", ".join(sorted({c.language for c in of_event}))
        return NotCorrected(
            f"{evidence.judge} was measured on {known}, and these questions are {evidence.language}"
        )
    # The questions of a run were in no training set: what a judge does on a new set counts.
    return max([c for c in fitting if c.how == NEW_SET] or fitting, key=lambda c: c.n)


def _errors(calibration: Calibration) -> Errors:
    """Both shares, worth fewer labels than were counted: prompts repeat, and models differ."""
    models = [a for name, a in calibration.slices.items() if name.startswith("model=")]
    found = [(a.sensitivity, a.n_yes) for a in models if a.sensitivity is not None]
    missed = [(a.specificity, a.n - a.n_yes) for a in models if a.specificity is not None]
    n_yes, n_no = (n / calibration.design_effect for n in (calibration.n_yes, calibration.n_no))
    return Errors(
        calibration.sensitivity,
        reach([s for s, _ in found], [n for _, n in found], calibration.sensitivity, n_yes),
        calibration.specificity,
        reach([s for s, _ in missed], [n for _, n in missed], calibration.specificity, n_no),
        calibration.n_yes,
        calibration.n_no,
    )


def _numbers(interval: Interval) -> tuple[float | None, float | None, float | None]:
    return interval.value, interval.low, interval.high


def _mirrored(
    value: float | None, low: float | None, high: float | None
) -> tuple[float | None, float | None, float | None]:
    """The rate of the event's absence."""
    turned = [None if v is None else 1 - v for v in (value, high, low)]
    return turned[0], turned[1], turned[2]
