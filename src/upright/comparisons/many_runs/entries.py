"""Stored runs side by side: which of them can be read, and which of their numbers compare.

Only `run.json` and `estimates.parquet` are read, never the samples: ten runs of a hundred
thousand answers take no longer than ten small ones. Whatever a run's files say is untrusted.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from upright.core import Estimate, Interval, StoreError, UsageError
from upright.runs import open_run
from upright.runs.storing.stored import read_estimates

ASKED = ("limit", "max_tokens", "choices")
"""Settings that change which questions are asked, or what an answer can be."""


class DataFacts(msgspec.Struct, frozen=True):
    sha256: str
    patches: dict[str, int] = {}


class CardFacts(msgspec.Struct, frozen=True):
    title: str = ""
    file: str = ""
    published_judge: str = ""
    version: int = 1


class ModelFacts(msgspec.Struct, frozen=True):
    id: str
    facts: dict[str, str] = {}


class Facts(msgspec.Struct, frozen=True):
    """The part of `run.json` that says what a run's numbers may be compared with."""

    model: ModelFacts
    benchmarks: dict[str, CardFacts]
    started: str = ""
    judge: str | None = None
    settings: dict[str, Any] = {}
    data: dict[str, DataFacts] = {}


class Unread(msgspec.Struct, frozen=True):
    """A path that gave no run, and why."""

    path: str
    reason: str


class SetAside(msgspec.Struct, frozen=True, kw_only=True):
    """A number of a run that is compared with no other, and why."""

    run: str
    benchmark: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A run that could be read. `label` names it among the others: its model, numbered where
    one was measured twice.

    `estimates` by benchmark and score set.
    """

    label: str
    path: Path
    facts: Facts
    estimates: dict[tuple[str, str], list[Estimate]]

    def headline(self, benchmark: str, score_set: str) -> Estimate | None:
        found = self.estimates.get((benchmark, score_set), [])
        return next((e for e in found if e.headline and not e.slice), None)


class Basis(NamedTuple):
    """What must agree before two numbers of one benchmark are compared."""

    suite: str
    version: str
    data: str
    judge: str
    asked: str


def read_runs(paths: Iterable[Path | str]) -> tuple[list[Entry], list[Unread]]:
    """Every readable run once, in the order given; the others with the reason."""
    found: dict[Path, tuple[Facts, dict[tuple[str, str], list[Estimate]]]] = {}
    unread = []
    for path in map(Path, paths):
        try:
            found.setdefault(path.resolve(), _read(path))
        except StoreError as error:
            unread.append(Unread(str(path), str(error)))
    labels = _labels([facts.model.id for facts, _ in found.values()])
    entries = [
        Entry(label=label, path=path, facts=facts, estimates=estimates)
        for label, (path, (facts, estimates)) in zip(labels, found.items(), strict=True)
    ]
    if not entries and unread:
        reasons = "\n".join(f"  {one.path}: {one.reason}" for one in unread)
        raise UsageError(f"None of the runs can be read:\n{reasons}")
    return entries, unread


def _labels(models: Sequence[str]) -> list[str]:
    """The models' names; numbered, in the order given, where a name alone would be two runs."""
    if len(set(models)) == len(models):
        return list(models)
    return [f"#{place} {model}" for place, model in enumerate(models, start=1)]


def _read(path: Path) -> tuple[Facts, dict[tuple[str, str], list[Estimate]]]:
    info = open_run(path).info
    try:
        facts = msgspec.convert(info, Facts)
    except msgspec.ValidationError as error:
        raise StoreError(f"{path / 'run.json'} is not a run's description: {error}.") from error
    return facts, _estimates(path / "estimates.parquet")


def _estimates(path: Path) -> dict[tuple[str, str], list[Estimate]]:
    found: dict[tuple[str, str], list[Estimate]] = {}
    for estimate in read_estimates(path):
        found.setdefault((estimate.benchmark, estimate.score_set), []).append(estimate)
    return found


def estimate_interval(estimate: Estimate) -> Interval:
    """Without ends that are no numbers."""
    known = [end is not None and math.isfinite(end) for end in (estimate.low, estimate.high)]
    low, high = (estimate.low, estimate.high) if all(known) else (None, None)
    return Interval(estimate.value, low, high, estimate.method)


def basis(entry: Entry, benchmark: str) -> Basis:
    """What a run's numbers of one benchmark rest on."""
    facts = entry.facts
    card = facts.benchmarks.get(benchmark, CardFacts())
    data = facts.data.get(card.file)
    patches = data.patches.items() if data else ()
    patched = ", ".join(f"{name} {rows}" for name, rows in sorted(patches)) or "none"
    return Basis(
        suite=f"suite {facts.settings.get('suite', 'unknown')}",
        version=f"benchmark version {card.version}",
        data=f"data {data.sha256[:12]} with patches {patched}" if data else "data unknown",
        judge=f"judge {facts.judge}" if facts.judge else "judged by rules",
        asked=", ".join(f"{name} {facts.settings.get(name) or 'default'}" for name in ASKED),
    )


def comparable(
    entries: Sequence[Entry], benchmark: str, score_set: str
) -> tuple[list[Entry], list[SetAside]]:
    """The largest set of runs whose numbers of a benchmark rest on the same; the rest with what
    differs. Of two sets equally large the one given first is kept."""
    groups: dict[Basis, list[Entry]] = {}
    for entry in entries:
        if entry.headline(benchmark, score_set):
            groups.setdefault(basis(entry, benchmark), []).append(entry)
    if not groups:
        return [], []
    chosen = max(groups, key=lambda found: len(groups[found]))
    aside = [
        SetAside(run=entry.label, benchmark=benchmark, reason=_differs(found, chosen))
        for found, others in groups.items()
        if found != chosen
        for entry in others
    ]
    return groups[chosen], aside


def _differs(found: Basis, chosen: Basis) -> str:
    pairs = zip(found, chosen, strict=True)
    return "; ".join(f"{mine}, the others {theirs}" for mine, theirs in pairs if mine != theirs)
