"""The answers of two runs, matched: same benchmark, score set, sample and epoch.

A sample's id is a hash of what is asked and what is right, so that answers pair exactly where
both models were asked the same, whatever else changed between the runs.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from upright.comparisons.two_runs.result import Pairing
from upright.core import Scored, StoreError
from upright.runs.items import Part
from upright.runs.storing.store import Run
from upright.runs.storing.stored import COLUMNS, read_columns, scored_of, whole

NARROW = (
    *("benchmark", "score_set", "sample_id", "epoch", "group", "slices", "response"),
    *("finish_reason", "outcome", "value", "judge", "latency_s"),
)
Places = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Answers:
    """The answers of one benchmark and score set in one run: rows of its samples.parquet.

    judges  whose verdicts these are, the commonest first
    picked  whether the model chose the likeliest option instead of writing
    """

    path: Path
    part: Part
    rows: pa.Table
    judges: tuple[str, ...]
    picked: bool

    @cached_property
    def values(self) -> Floats:
        """NaN where unscored."""
        return np.asarray(self.rows["value"].to_numpy(), float)

    def scored(self, at: Places) -> list[Scored]:
        """Some of the rows as a metric reads them."""
        id, score_set = self.part
        wide = read_columns(self.path, COLUMNS, {id})
        wide = wide.filter(pc.equal(wide["score_set"], score_set)).take(pa.array(at))
        with whole(self.path):
            return [scored_of(row) for row in wide.to_pylist()]

    @cached_property
    def latencies(self) -> Floats:
        """Seconds, of the answers that took any."""
        taken = np.asarray(self.rows["latency_s"].to_numpy(), float)
        return taken[taken > 0]

    @cached_property
    def keys(self) -> pa.ChunkedArray:
        epochs = pc.cast(self.rows["epoch"], pa.string())
        return pc.binary_join_element_wise(self.rows["sample_id"], epochs, ":")


@dataclass(frozen=True)
class Paired:
    """Rows of both runs that answer the same sample and are scored in both."""

    baseline: Answers
    candidate: Answers
    at_baseline: Places
    at_candidate: Places
    met: int
    """How many answer the same sample, scored or not."""
    unscored: tuple[int, int]
    """How many of these have no score, in the baseline and in the candidate."""

    @cached_property
    def a(self) -> Floats:
        return self.baseline.values[self.at_baseline]

    @cached_property
    def b(self) -> Floats:
        return self.candidate.values[self.at_candidate]

    @cached_property
    def clusters(self) -> Places:
        """Numbers of the clusters: the sample's group, or the sample itself."""
        rows = self.baseline.rows.take(pa.array(self.at_baseline))
        named = pc.equal(pc.fill_null(rows["group"], ""), "")
        cluster = pc.if_else(named, rows["sample_id"], rows["group"])
        codes = pc.dictionary_encode(cluster).combine_chunks()
        codes = codes.chunk(0) if isinstance(codes, pa.ChunkedArray) else codes
        return np.asarray(codes.indices.to_numpy(), np.int64)

    def pairing(self) -> Pairing:
        a, b = self.baseline, self.candidate
        same = pc.equal(
            a.rows["response"].take(pa.array(self.at_baseline)),
            b.rows["response"].take(pa.array(self.at_candidate)),
        )
        differ = np.asarray(pc.fill_null(same, False).to_numpy(), bool) & (self.a != self.b)
        return Pairing(
            met=self.met,
            paired=len(self.a),
            clusters=len(np.unique(self.clusters)),
            only_baseline=a.rows.num_rows - self.met,
            only_candidate=b.rows.num_rows - self.met,
            unscored_baseline=self.unscored[0],
            unscored_candidate=self.unscored[1],
            same_text_other_verdict=int(differ.sum()),
        )


def answers_of(run: Run, score_set: str) -> dict[str, Answers]:
    """By benchmark."""
    path = run.path / "samples.parquet"
    table = read_columns(path, NARROW, ())
    table = table.filter(pc.equal(table["score_set"], score_set))
    ids = pc.unique(table["benchmark"]).to_pylist()
    return {
        id: _answers(path, (id, score_set), table.filter(pc.equal(table["benchmark"], id)))
        for id in ids
    }


def _answers(path: Path, part: Part, rows: pa.Table) -> Answers:
    counted = {c["values"]: c["counts"] for c in pc.value_counts(rows["judge"]).to_pylist()}
    judges = sorted((judge for judge in counted if judge), key=lambda j: -counted[j])
    picked = bool(pc.any(pc.equal(rows["finish_reason"], "choice")).as_py())
    found = Answers(path, part, rows, tuple(judges), picked)
    if pc.count_distinct(found.keys).as_py() != rows.num_rows:
        raise StoreError(f"{path} holds two answers to the same sample of {part[0]}.")
    return found


def pair(baseline: Answers, candidate: Answers) -> Paired:
    at = pc.index_in(baseline.keys, value_set=candidate.keys.combine_chunks())
    found = np.asarray(pc.fill_null(at, -1).to_numpy(), np.int64)
    met = np.flatnonzero(found >= 0)
    lost = np.isnan(baseline.values[met]), np.isnan(candidate.values[found[met]])
    kept = met[~(lost[0] | lost[1])]
    unscored = int(lost[0].sum()), int(lost[1].sum())
    return Paired(baseline, candidate, kept, found[kept], len(met), unscored)
