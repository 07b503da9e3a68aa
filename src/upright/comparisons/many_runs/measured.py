"""A table of models by columns from stored runs, of what rests on the same."""

from collections.abc import Iterator, Sequence

from upright.comparisons.many_runs.entries import (
    Entry,
    SetAside,
    comparable,
    estimate_interval,
)
from upright.comparisons.many_runs.table import CONDITIONS, MEASURED, Cell, Column, Table
from upright.core import Estimate
from upright.data.published import published


def measured_table(
    entries: Sequence[Entry], score_set: str = "upright", *, parts: bool = False
) -> tuple[Table, list[SetAside]]:
    """One column per upright headline, or per column of the paper's table that the `published`
    score set reproduces. `parts` adds the slices that are columns in the paper."""
    columns: dict[str, Column] = {}
    cells: dict[str, dict[str, Cell]] = {}
    aside = []
    for benchmark in dict.fromkeys(id for entry in entries for id, _ in entry.estimates):
        kept, left = comparable(entries, benchmark, score_set)
        aside += left
        for entry in kept:
            for estimate in _wanted(entry, benchmark, score_set, parts):
                key = _key(estimate, score_set)
                columns.setdefault(key, _column(key, estimate))
                cells.setdefault(key, {})[entry.label] = _cell(estimate, score_set)
    table = Table(
        origin=MEASURED,
        models=tuple(entry.label for entry in entries),
        columns=tuple(columns.values()),
        cells=cells,
        open_weight=_open_weight(entries),
    )
    return table, aside


def latest(entries: Sequence[Entry]) -> tuple[list[Entry], list[SetAside]]:
    """One run per model, the last one begun: a model measured twice is not two models."""
    by_model: dict[str, Entry] = {}
    for entry in sorted(entries, key=lambda e: e.facts.started):
        by_model[entry.facts.model.id] = entry
    kept = [entry for entry in entries if by_model[entry.facts.model.id] is entry]
    aside = [
        SetAside(run=entry.label, benchmark="all", reason="a later run of the same model is used")
        for entry in entries
        if entry not in kept
    ]
    return kept, aside


def _wanted(entry: Entry, benchmark: str, score_set: str, parts: bool) -> Iterator[Estimate]:
    for estimate in entry.estimates.get((benchmark, score_set), []):
        if not estimate.told:
            continue
        if score_set == "published":
            if _reproduces(estimate):
                yield estimate
        elif estimate.headline or (parts and _is_part(entry, estimate)):
            yield estimate


def _reproduces(estimate: Estimate) -> bool:
    """Whether it is a column of the paper's table, and not another benchmark's of that name."""
    column = published().column(estimate.column)
    return column is not None and column.benchmark == estimate.benchmark and not estimate.slice


def _is_part(entry: Entry, estimate: Estimate) -> bool:
    """A slice of the headline's metric that the paper has as a column of its own."""
    headline = entry.headline(estimate.benchmark, estimate.score_set)
    of_it = headline is not None and estimate.metric == headline.metric
    return of_it and estimate.slice in CONDITIONS.values()


def _key(estimate: Estimate, score_set: str) -> str:
    if score_set == "published":
        return estimate.column
    return f"{estimate.benchmark} [{estimate.slice}]" if estimate.slice else estimate.benchmark


def _column(key: str, estimate: Estimate) -> Column:
    return Column(
        key=key,
        benchmark=estimate.benchmark,
        dimension=estimate.dimension,
        metric=estimate.metric,
        higher_is_better=estimate.higher_is_better,
    )


def _cell(estimate: Estimate, score_set: str) -> Cell:
    """In the paper's unit, where it is a column of the paper."""
    found = estimate_interval(estimate)
    column = published().column(estimate.column) if score_set == "published" else None
    if column:
        found = column.in_unit(found)
    assert found.value is not None, "estimates that are told have one"
    return Cell(
        value=found.value,
        low=found.low,
        high=found.high,
        n=estimate.n,
        method=found.method if found.low is not None else f"no interval: {found.method}",
    )


def _open_weight(entries: Sequence[Entry]) -> dict[str, bool]:
    """A model that ran here from its weights is open; of any other nothing is known."""
    return {e.label: True for e in entries if e.facts.model.id.startswith("local/")}
