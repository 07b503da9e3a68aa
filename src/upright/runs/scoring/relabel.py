"""A stored run's estimates after people labelled some of its answers.

Only the corrections change: value and interval stay what they were.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from upright.core import Benchmark, Estimate, Metric, Scored
from upright.runs.scoring.estimates import corrected, evidence_of
from upright.runs.scoring.known import read_known
from upright.runs.storing.stored import read_estimates, stored_answers
from upright.runs.storing.tables import write_estimates

Load = Callable[[str], Benchmark | None]
"""A benchmark by id; None where it is not installed here."""

LABELLED = "labels on this run"
"""What the method of a correction by labels says."""


def relabel(run: Path, load: Load) -> list[Estimate]:
    """Bring the corrections of a run up to date with its labels; gives back all estimates."""
    known = read_known(run)
    path = run / "estimates.parquet"
    estimates = read_estimates(path)
    touched = {(key.benchmark, key.score_set) for key in known.labels}
    touched |= {(e.benchmark, e.score_set) for e in estimates if LABELLED in e.correction}
    if not touched:
        return estimates
    benchmarks = {id: load(id) for id, _ in touched}
    own = {part: benchmark for part in touched if (benchmark := benchmarks[part[0]])}
    answers = stored_answers(run, set(own), unscored=True)
    evidence = {part: evidence_of(own[part], part, told, known) for part, told in answers.items()}
    found = []
    for estimate in estimates:
        part = estimate.benchmark, estimate.score_set
        benchmark = benchmarks.get(part[0])
        metric = _metric(benchmark, estimate) if benchmark and part in answers else None
        if benchmark and metric:
            scored = [one for one in answers[part] if one.value is not None]
            members = [one for one in scored if _in(estimate, metric, one)]
            estimate = corrected(estimate, metric, members, evidence[part])  # noqa: PLW2901
        found.append(estimate)
    if found != estimates:
        write_estimates(path, found)
    return found


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
