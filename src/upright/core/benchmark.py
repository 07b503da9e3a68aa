"""A benchmark: samples, a judge, metrics, and examples that prove the judge."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import msgspec

from upright.core.calibration import Calibration
from upright.core.card import Card
from upright.core.errors import DataError
from upright.core.metric import Metric
from upright.core.sample import MALFORMED, Row, Sample
from upright.core.verdict import Answer, Outcome, Verdict

UPRIGHT, PUBLISHED, IMPORTED = "upright", "published", "imported"
"""Whose rules scored: ours, the original toolkit's as we repeat them, or another tool's, whose
verdicts were taken over with its answers. Never mixed."""
LEADING = (UPRIGHT, IMPORTED)
"""A run has one of these for each of its benchmarks, and its numbers come first."""


class Judge(Protocol):
    """Reads answers. Never sees an error response: those are set aside before.

    One that reads each answer by itself may say so: `one_by_one = True`. It is then given the
    answers of a large benchmark in pieces, and not all at once.
    """

    @property
    def id(self) -> str: ...

    @property
    def calibrations(self) -> tuple[Calibration, ...]:
        """How well it agrees with people, on each set where that was measured."""
        ...

    def judge(self, answers: Sequence[Answer]) -> list[Verdict]:
        """One verdict per answer, in order."""
        ...


class Ruling(msgspec.Struct, frozen=True):
    """What a judge model's label means.

    by_target   the label is an answer: its value is 1 where it is the sample's target, else 0
    """

    outcome: Outcome
    value: float | None = None
    by_target: bool = False


@dataclass(frozen=True, kw_only=True)
class Rubric:
    """What a judge model is asked, as data.

    `question` may name {prompt} and any of the sample's facts; the response is always shown,
    fenced as untrusted text. `labels` are the verdicts it may choose from.
    """

    id: str
    question: str
    labels: Mapping[str, Ruling]

    def about(self, sample: Sample) -> "Rubric":
        """The same rubric with the value of every label settled for one sample."""
        settled = {
            label: Ruling(ruling.outcome, float(label == sample.target))
            if ruling.by_target
            else ruling
            for label, ruling in self.labels.items()
        }
        return replace(self, labels=settled)


def always(answer: Answer) -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class ScoreSet:
    """One way to ask and to score.

    samples     (rows, seed) -> samples
    rubric      asked instead of `judge` where a judge model is given
    asks_judge  about which answers it is asked; the others keep the verdict of `judge`
    options_by_likelihood   whether a model that can may pick among `options` by likelihood
    epochs      repeats of every sample; None means the benchmark's
    """

    samples: Callable[[Sequence[Row], int], list[Sample]]
    judge: Judge
    metrics: tuple[Metric, ...]
    rubric: Rubric | None = None
    asks_judge: Callable[[Answer], bool] = always
    options_by_likelihood: bool = False
    epochs: int | None = None


def make_samples(score_set: ScoreSet, rows: Sequence[Row], seed: int) -> list[Sample]:
    """The score set's samples; a row that none can be made from is named with its file."""
    try:
        return score_set.samples(rows, seed)
    except MALFORMED as error:
        row = next((row for row in rows if _fails(score_set, row, seed)), None)
        where = f"{row.file}, row {row.index}" if row else "The rows together"
        told = f"{type(error).__name__}: {error}"
        raise DataError(f"{where}: no sample can be made from it ({told}).") from error


def _fails(score_set: ScoreSet, row: Row, seed: int) -> bool:
    try:
        score_set.samples([row], seed)
    except MALFORMED:
        return True
    return False


@dataclass(frozen=True, kw_only=True)
class Example:
    """A row, a response to its first sample, and the value and outcome that must come out."""

    row: Mapping[str, Any]
    response: str
    value: float | None
    outcome: Outcome = Outcome.ANSWERED
    score_set: str = "upright"


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """`upright` is the corrected score set, `published` the original toolkit's.

    keep        which rows of the file belong to this benchmark
    temperature, max_tokens, epochs     the paper's sampling
    sane        mock responders that rightly do well here (always refusing is right
                where every request deserves refusal)
    """

    card: Card
    file: str
    upright: ScoreSet
    published: ScoreSet | None
    examples: tuple[Example, ...]
    keep: Callable[[Row], bool] = field(default=lambda row: True)
    temperature: float = 0.0
    max_tokens: int = 512
    epochs: int = 1
    sane: frozenset[str] = frozenset()

    def score_set(self, name: str) -> ScoreSet | None:
        return self.upright if name == "upright" else self.published


def each(to_sample: Callable[[Row], Sample]) -> Callable[[Sequence[Row], int], list[Sample]]:
    """One sample per row, whatever the seed."""
    return lambda rows, seed: [to_sample(row) for row in rows]
