"""A stored run's estimates after people labelled some of its answers.

Only the corrections change: value and interval stay what they were. Answers and verdicts are
read back from samples.parquet as far as a metric of yes/no verdicts needs them.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq

from upright.core import (
    Benchmark,
    Estimate,
    Message,
    Metric,
    Outcome,
    Response,
    Sample,
    Scored,
    Verdict,
)
from upright.runs.estimates import corrected, evidence_of
from upright.runs.journal import explained
from upright.runs.labels import read_labels
from upright.runs.tables import write_estimates

Load = Callable[[str], Benchmark | None]
"""A benchmark by id; None where it is not installed here."""

COLUMNS = (
    *("benchmark", "score_set", "sample_id", "epoch", "group", "slices", "messages", "target"),
    *("response", "finish_reason", "outcome", "value", "label", "judge"),
)

LABELLED = "labels on this run"
"""What the method of a correction by labels says."""


def relabel(run: Path, load: Load) -> list[Estimate]:
    """Bring the corrections of a run up to date with its labels; gives back all estimates."""
    labels = read_labels(run)
    path = run / "estimates.parquet"
    estimates = read_estimates(path)
    touched = {(key.benchmark, key.score_set) for key in labels}
    touched |= {(e.benchmark, e.score_set) for e in estimates if LABELLED in e.correction}
    if not touched:
        return estimates
    benchmarks = {id: load(id) for id, _ in touched}
    answers = stored_answers(run, {part for part in touched if benchmarks[part[0]]})
    found = []
    for estimate in estimates:
        part = estimate.benchmark, estimate.score_set
        benchmark = benchmarks.get(part[0])
        metric = _metric(benchmark, estimate) if benchmark and part in answers else None
        if benchmark and metric:
            members = [one for one in answers[part] if _in(estimate, metric, one)]
            evidence = evidence_of(benchmark, *part, labels)
            estimate = corrected(estimate, metric, members, evidence)  # noqa: PLW2901
        found.append(estimate)
    if found != estimates:
        write_estimates(path, found)
    return found


def read_estimates(path: Path) -> list[Estimate]:
    with explained(path):
        rows = pq.read_table(path).to_pylist()
    return [msgspec.convert(row, Estimate) for row in rows]


def stored_answers(run: Path, parts: set[tuple[str, str]]) -> dict[tuple[str, str], list[Scored]]:
    """The scored answers of some score sets, in their order."""
    path = run / "samples.parquet"
    wanted = sorted({benchmark for benchmark, _ in parts})
    with explained(path):
        table = pq.read_table(path, columns=list(COLUMNS), filters=[("benchmark", "in", wanted)])
    found: dict[tuple[str, str], list[Scored]] = {part: [] for part in parts}
    for row in table.to_pylist():
        part = row["benchmark"], row["score_set"]
        if part in found and row["value"] is not None:
            found[part].append(_scored(row))
    return found


def _scored(row: Mapping[str, Any]) -> Scored:
    sample = Sample(
        messages=msgspec.json.decode(row["messages"], type=tuple[Message, ...]),
        target=row["target"] or "",
        group=row["group"] or "",
        slices=msgspec.json.decode(row["slices"], type=dict[str, str]),
    )
    # The id it was stored with: a table keeps only a part of what ids are computed from.
    vars(sample)["id"] = row["sample_id"]
    verdict = Verdict(
        outcome=Outcome(row["outcome"]),
        value=row["value"],
        label=row["label"] or "",
        judge=row["judge"] or "",
    )
    response = Response(text=row["response"] or "", finish_reason=row["finish_reason"] or "")
    return Scored(sample, response, verdict, row["epoch"])


def _metric(benchmark: Benchmark, estimate: Estimate) -> Metric | None:
    """The metric that an estimate is of, where a correction has a meaning."""
    score_set = benchmark.score_set(estimate.score_set)
    metrics: Sequence[Metric] = score_set.metrics if score_set else ()
    return next((m for m in metrics if m.name == estimate.metric and m.event), None)


def _in(estimate: Estimate, metric: Metric, item: Scored) -> bool:
    if not metric.of(item.sample):
        return False
    name, _, value = estimate.slice.partition("=")
    return not name or item.sample.slices.get(name) == value
