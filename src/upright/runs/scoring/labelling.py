"""Which answers of a run a person is asked about, and in what order."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

from upright.core import Benchmark, Metric, Outcome, Scored, UsageError, digest, unknown
from upright.judges import JUDGES
from upright.runs.storing.labels import RANDOM, UNCERTAIN, About, Labels
from upright.runs.storing.stored import stored_answers
from upright.stats.metrics import Mean

PICKS = (RANDOM, UNCERTAIN)
UPRIGHT = "upright"
BORDERLINE = frozenset({Outcome.PARTIAL, Outcome.REBUTTED, Outcome.INCOHERENT})


class Question(NamedTuple):
    """An answer to be labelled: did the event happen in it? `says` is what the judge holds."""

    about: About
    item: Scored
    says: bool
    harmful: bool
    place: int
    total: int


def questions(
    run: Path, benchmarks: Mapping[str, Benchmark], labels: Labels, n: int, pick: str, seed: int
) -> list[Question]:
    """At most `n` answers of each benchmark that have no label yet.

    A random pick is a simple random sample of the scored answers, in random order, so that any
    beginning of it is one too: stopping early or going on another day does no harm. Answers
    labelled by an uncertain pick are asked again where they are drawn; leaving them out would
    make the rest anything but random.
    """
    if pick not in PICKS:
        raise unknown("--pick value", pick, PICKS)
    about = {id: metric for id, b in benchmarks.items() if (metric := labelled_metric(b))}
    if not about:
        raise UsageError(
            f"None of {', '.join(benchmarks) or 'its benchmarks'} has a rate that people can "
            "label with yes or no."
        )
    answers = stored_answers(run, {(id, UPRIGHT) for id in about})
    draw = _Draw(run, labels, n, pick, seed)
    return [
        question
        for id, metric in about.items()
        for question in draw.of(id, benchmarks[id], metric, answers[id, UPRIGHT])
    ]


def labelled_metric(benchmark: Benchmark) -> Metric | None:
    """The first upright metric that is the rate of an event."""
    metrics = benchmark.upright.metrics
    return next((m for m in metrics if m.event and isinstance(m.compute, Mean)), None)


@dataclass(frozen=True)
class _Draw:
    """How answers are chosen."""

    run: Path
    labels: Labels
    n: int
    pick: str
    seed: int

    def of(
        self, id: str, benchmark: Benchmark, metric: Metric, items: Sequence[Scored]
    ) -> list[Question]:
        asked = [i for i in items if metric.of(i.sample) and _value(metric, i) is not None]
        left = [i for i in asked if not _settled(self.labels, _about(id, metric, i), self.pick)]
        drawn = sorted(left, key=lambda i: digest((self.seed, i.sample.id, i.epoch)))
        if self.pick == UNCERTAIN:
            doubt = _doubts(self.run, id, metric, drawn)
            drawn.sort(key=lambda i: -doubt[i.sample.id, i.epoch])
        chosen = drawn[: self.n]
        return [
            Question(
                about=_about(id, metric, item),
                item=item,
                says=(_value(metric, item) == 1.0) != metric.absence,
                harmful=benchmark.card.harmful,
                place=place,
                total=len(chosen),
            )
            for place, item in enumerate(chosen, start=1)
        ]


def _about(id: str, metric: Metric, item: Scored) -> About:
    return About(id, UPRIGHT, item.sample.id, item.epoch, metric.happening)


def _value(metric: Metric, item: Scored) -> float | None:
    return metric.compute.value(item) if isinstance(metric.compute, Mean) else None


def _settled(labels: Labels, about: About, pick: str) -> bool:
    label = labels.get(about)
    return label is not None and (pick == UNCERTAIN or label.pick == RANDOM)


def _doubts(
    run: Path, id: str, metric: Metric, items: Sequence[Scored]
) -> dict[tuple[str, int], float]:
    """How much speaks against a verdict: judges that differ, a probability near the middle, an
    outcome between two others."""
    split = _disagreement(run, id)
    likely = _probabilities(metric, items)
    found = {}
    for item in items:
        at = item.sample.id, item.epoch
        undecided = 1 - 2 * abs(likely[at] - 0.5) if at in likely else 0.0
        between = 0.5 * (item.verdict.outcome in BORDERLINE)
        found[at] = split.get(at, 0.0) + undecided + between
    return found


def _disagreement(run: Path, id: str) -> dict[tuple[str, int], float]:
    """The share of opinions (judge models, draws, the local judge) outside the majority."""
    path = run / "verdicts.parquet"
    if not path.exists():
        return {}
    said: dict[tuple[str, int], Counter[float]] = defaultdict(Counter)
    for row in pq.read_table(path, filters=[("benchmark", "=", id)]).to_pylist():
        if row["score_set"] == UPRIGHT and row["value"] is not None:
            said[row["sample_id"], row["epoch"]][row["value"]] += 1
    return {at: 1 - max(votes.values()) / votes.total() for at, votes in said.items()}


def _probabilities(metric: Metric, items: Sequence[Scored]) -> dict[tuple[str, int], float]:
    """What the detector of this event thinks, where there is one."""
    made = (factory() for factory in JUDGES.values())
    detector = next((d for d in made if d.event == metric.happening), None)
    if detector is None or not items:
        return {}
    found = detector.probabilities(
        [i.sample.prompt for i in items], [i.response.text for i in items]
    )
    return {(i.sample.id, i.epoch): float(p) for i, p in zip(items, found, strict=True)}
