"""Whether the numbers of a stored run follow from its answers: each verdict, each number. And
whether run.json says of them what they say.

Nothing is believed but the answers: the benchmarks' own judges read them again, and every
estimate is computed again from the verdicts. Judge models are not asked again; their verdicts are
taken as stored, and counted as such.
"""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from upright.core import (
    IMPORTED,
    Answer,
    Benchmark,
    Estimate,
    Metric,
    Scored,
    StoreError,
    Verdict,
)
from upright.runs.items import Part
from upright.runs.scoring.described import misdescribed
from upright.runs.scoring.estimates import estimate_one, estimates_of
from upright.runs.scoring.known import read_known
from upright.runs.scoring.sampled import Sampling, sampled
from upright.runs.storing.store import read_info
from upright.runs.storing.stored import COLUMNS, read_estimates, scored_of, whole
from upright.stats.metrics import mean

Load = Callable[[str], Benchmark | None]
"""A benchmark by id; None where it is not installed here in the same version."""
TOLERANCE = 1e-9
"""Sums of floating-point numbers differ in their last digits from one machine to the next."""
FIELDS = (
    *("value", "low", "high", "n", "n_unscored", "withheld", "corrected", "corrected_low"),
    *("corrected_high", "judge", "headline", "higher_is_better"),
)
"""Of an estimate: what a reader sees of it."""


class Unproven(msgspec.Struct, frozen=True, kw_only=True):
    """A number, a verdict or a file that does not follow from the answers."""

    what: str
    why: str


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """numbers, verdicts    how many were derived again and found equal
    taken                   what is believed as stored: verdicts of judge models and of other
                            tools, and such a tool's numbers of which it stored no verdicts
    """

    numbers: int
    verdicts: int
    taken: int
    unproven: tuple[Unproven, ...]

    @property
    def holds(self) -> bool:
        return not self.unproven


def verify(run: Path, load: Load, claimed: Sequence[Estimate] | None = None) -> Verification:
    """Derive every verdict and every number of a run again; or other numbers claimed of it."""
    if claimed is None:
        claimed = read_estimates(run / "estimates.parquet")
    estimates: dict[Part, list[Estimate]] = {}
    for estimate in claimed:
        estimates.setdefault((estimate.benchmark, estimate.score_set), []).append(estimate)
    known, rows, found = read_known(run), _Rows(run / "samples.parquet"), []
    for part, own in estimates.items():
        benchmark = load(part[0])
        try:
            answers = rows.of(part)
        except StoreError as error:
            found.append(_none(own, str(error)))
            continue
        if part[1] == IMPORTED:
            found.append(_imported(part, own, answers))
        elif benchmark is None:
            found.append(_none(own, "its benchmark is not installed in the version of the run"))
        else:
            again = estimates_of(benchmark, part, answers, known)
            found.append(_verified(benchmark, part, own, answers, list(again)))
            found.append(_sampled_opinions(benchmark, part, answers, known.sampling))
    if any(score_set != IMPORTED for _, score_set in estimates):  # of other tools' calls none knows
        found.append(_description(run))
    return Verification(
        numbers=sum(one.numbers for one in found),
        verdicts=sum(one.verdicts for one in found),
        taken=sum(one.taken for one in found),
        unproven=tuple(wrong for one in found for wrong in one.unproven),
    )


def _description(run: Path) -> Verification:
    """What run.json says of the model and of the calls, beside the answers."""
    try:
        wrong = [Unproven(what=what, why=why) for what, why in misdescribed(run, read_info(run))]
    except StoreError as error:
        wrong = [Unproven(what="run.json", why=f"its answers cannot be read: {error}")]
    return Verification(numbers=0, verdicts=0, taken=0, unproven=tuple(wrong))


class _Rows:
    """The rows of samples.parquet by part. One damaged part does not hide the others."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with whole(path):
            self._file = pq.ParquetFile(path, page_checksum_verification=True)

    def of(self, part: Part) -> list[Scored]:
        """All answers of a score set; StoreError where a byte of them is damaged."""
        found: list[Scored] = []
        try:
            for group in range(self._file.num_row_groups):
                if self._may_hold(group, part):
                    table = self._file.read_row_group(group, list(COLUMNS), use_threads=False)
                    rows = table.to_pylist()
                    mine = [r for r in rows if (r["benchmark"], r["score_set"]) == part]
                    found += [scored_of(row) for row in mine]
        except (pa.ArrowException, OSError, KeyError, ValueError) as error:
            raise StoreError(f"its answers cannot be read: {error}") from error
        return found

    def _may_hold(self, group: int, part: Part) -> bool:
        """By the statistics of the row group's first column, the benchmark's id."""
        told = self._file.metadata.row_group(group).column(0).statistics
        return told is None or not told.has_min_max or told.min <= part[0] <= told.max


def _verified(
    benchmark: Benchmark,
    part: Part,
    estimates: Sequence[Estimate],
    answers: Sequence[Scored],
    found: Sequence[Estimate],
) -> Verification:
    """`found` are the numbers that the answers give."""
    wrong, taken = _judged_again(benchmark, part, answers)
    again = {named(e): e for e in found}
    numbers = [
        wrong_number
        for estimate in estimates
        if (wrong_number := unlike(estimate, again.get(named(estimate)), "its answers give"))
    ]
    return Verification(
        numbers=len(estimates) - len(numbers),
        verdicts=len(answers) - len(wrong) - taken,
        taken=taken,
        unproven=(*numbers, *wrong),
    )


def _imported(part: Part, estimates: Sequence[Estimate], answers: Sequence[Scored]) -> Verification:
    """Another tool's verdicts are taken as stored; its headline is their mean."""
    led = next(e for e in estimates if e.headline)
    metric = Metric(name=led.metric, compute=mean(), higher_is_better=led.higher_is_better)
    again = estimate_one(led.dimension, part, metric, "", True, answers)
    wrong = unlike(led, again, "its answers give")
    return Verification(
        numbers=int(wrong is None),
        verdicts=0,
        taken=len(answers) + len(estimates) - 1,
        unproven=(wrong,) if wrong else (),
    )


def _judged_again(
    benchmark: Benchmark, part: Part, answers: Sequence[Scored]
) -> tuple[list[Unproven], int]:
    """Verdicts that the benchmark's own judge does not give, and how many are not its own."""
    score_set = benchmark.score_set(part[1])
    readable = [one for one in answers if one.verdict.outcome != "error"]
    if score_set is None:
        return [], len(answers)
    own = score_set.judge.id
    # The judge reads all of them together, as in the run: some verdicts need their neighbours.
    said = score_set.judge.judge([Answer(one.sample, one.response) for one in readable])
    wrong, taken = [], 0
    for one, verdict in zip(readable, said, strict=True):
        if one.verdict.judge != own and verdict.judge == own:
            taken += 1
        elif (one.verdict.outcome, one.value, one.label) != (
            verdict.outcome,
            verdict.value,
            verdict.label,
        ):
            what = f"the verdict on sample {one.sample.id}, epoch {one.epoch} of {part[0]}"
            told = f"stored as {_in_words(one.verdict)}, judged again as {_in_words(verdict)}"
            wrong.append(Unproven(what=f"{what} ({part[1]})", why=told))
    return wrong, taken


def _sampled_opinions(
    benchmark: Benchmark, part: Part, answers: Sequence[Scored], sampling: Sampling | None
) -> Verification:
    """What judge models said of a sample is taken as stored, where its answer was drawn and its
    value is what the label says."""
    score_set = benchmark.score_set(part[1])
    found = sampled(sampling, part, score_set, answers) if score_set else None
    if not (found and sampling and score_set and score_set.rubric):
        return Verification(numbers=0, verdicts=0, taken=0, unproven=())
    said, wrong = sampling.opinions.get(part, {}), []
    about = {(one.sample.id, one.epoch): one.sample for one in answers}
    for place, opinions in said.items():
        what = f"what {sampling.judge} said of sample {place[0]}, epoch {place[1]} of {part[0]}"
        if place not in found.asked:
            wrong.append(Unproven(what=what, why="it is not among the answers that were drawn"))
            continue
        labels = score_set.rubric.about(about[place]).labels
        read = [v for draws in opinions.values() for v in draws if isinstance(v, Verdict)]
        for verdict in read:
            ruling = labels.get(verdict.label)
            if ruling is None or (ruling.outcome, ruling.value) != (verdict.outcome, verdict.value):
                told = f"stored as {_in_words(verdict)}, which its rubric does not say"
                wrong.append(Unproven(what=what, why=told))
    return Verification(numbers=0, verdicts=0, taken=len(said) - len(wrong), unproven=tuple(wrong))


def _in_words(verdict: Any) -> str:
    return f"{verdict.outcome} {verdict.value} {verdict.label!r}"


def unlike(claimed: Estimate, found: Estimate | None, whence: str) -> Unproven | None:
    """How a claimed number differs from the one found elsewhere."""
    if found is None:
        return Unproven(what=named(claimed), why=f"{whence} no such number")
    for field in FIELDS:
        one, other = getattr(claimed, field), getattr(found, field)
        if not _same(one, other):
            return Unproven(
                what=named(claimed), why=f"{field} is claimed to be {one}; {whence} {other}"
            )
    return None


def _same(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return one == other


def _none(estimates: Sequence[Estimate], why: str) -> Verification:
    unproven = tuple(Unproven(what=named(e), why=why) for e in estimates)
    return Verification(numbers=0, verdicts=0, taken=0, unproven=unproven)


def named(estimate: Estimate) -> str:
    """A number by its full name."""
    slice_ = f", {estimate.slice}" if estimate.slice else ""
    return f"{estimate.metric} of {estimate.benchmark}{slice_} ({estimate.score_set})"
