"""Which answers a report shows, in which order, and their texts.

The narrow columns of all rows are read to choose; the texts only of those chosen.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from upright.core import PUBLISHED
from upright.reports.profile import Profile, damaged, read_table

PER_BENCHMARK = 5
UNSCORED_KEPT = 1
"""Places kept for unscored answers, so that a weak model's failures do not hide them."""
BATCH = 4_096

NARROW = ("benchmark", "score_set", "sample_id", "epoch", "value")
TEXTS = ("prompt", "target", "response", "error", "reason", "judge", "finish_reason")
WIDE = (*NARROW, *TEXTS, "slices", "messages", "outcome")


class Fate(IntEnum):
    """What became of an answer, worst first."""

    LOST = 0
    """It lost points."""
    UNSCORED = 1
    FULL = 2


class Ranked(NamedTuple):
    """A row of samples.parquet. `rank` counts from the worst of its benchmark and score set."""

    row: int
    benchmark: str
    score_set: str
    fate: Fate
    loss: float
    rank: int


class Shown(NamedTuple):
    """One answer with its texts, whole."""

    ranked: Ranked
    sample_id: str
    epoch: int
    slices: dict[str, str]
    system: str
    prompt: str
    target: str
    response: str
    finish_reason: str
    error: str
    outcome: str
    value: float | None
    judge: str
    reason: str


class Worst(NamedTuple):
    """How many answers a benchmark has, how many of them lost points or stayed unscored, and
    the first of these."""

    answers: int
    lost: int
    shown: tuple[Shown, ...]


def rank(profile: Profile) -> list[Ranked]:
    """All answers, worst first within each benchmark and score set; ties by sample id."""
    better = {
        (b.id, found.headline.score_set): found.headline.higher_is_better
        for b in profile.benchmarks
        for found in (b.leading, b.published)
        if found
    }
    table = read_table(profile.path / "samples.parquet", NARROW)
    columns = [table.column(name).to_pylist() for name in NARROW]
    found: dict[tuple[str, str], list[tuple[Fate, float, str, int, int]]] = defaultdict(list)
    for row, (id, score_set, sample, epoch, value) in enumerate(zip(*columns, strict=True)):
        if (id, score_set) in better:
            fate, loss = _fate(value, better[id, score_set])
            found[id, score_set].append((fate, -loss, sample, epoch, row))
    return [
        Ranked(row, *part, fate, -loss, place)
        for part, rows in found.items()
        for place, (fate, loss, _, _, row) in enumerate(sorted(rows))
    ]


def in_turns(ranked: Iterable[Ranked], order: Mapping[str, int]) -> list[Ranked]:
    """The worst of every benchmark, then the second worst, and so on; `published` last.

    However much of the list fits a page, no benchmark crowds out another.
    """
    return sorted(ranked, key=lambda r: (r.score_set == PUBLISHED, r.rank, order[r.benchmark]))


def worst(
    profile: Profile, ranked: Iterable[Ranked], limit: int = PER_BENCHMARK
) -> dict[str, Worst]:
    """By benchmark, as the score set that leads judges."""
    parts: dict[str, list[Ranked]] = defaultdict(list)
    for one in ranked:
        if one.score_set != PUBLISHED:
            parts[one.benchmark].append(one)
    chosen = {id: _first(rows, limit) for id, rows in parts.items()}
    shown = {s.ranked.row: s for s in read(profile.path, [r for c in chosen.values() for r in c])}
    return {
        id: Worst(
            len(rows),
            sum(r.fate != Fate.FULL for r in rows),
            tuple(shown[r.row] for r in chosen[id]),
        )
        for id, rows in parts.items()
    }


def read(run: Path, ranked: Sequence[Ranked]) -> list[Shown]:
    """The texts of some answers, in the order given."""
    rows = _rows(run / "samples.parquet", sorted(r.row for r in ranked))
    return [_shown(one, rows[one.row]) for one in ranked]


def _fate(value: float | None, higher_is_better: bool) -> tuple[Fate, float]:
    if value is None or math.isnan(value):
        return Fate.UNSCORED, 0.0
    loss = 1 - value if higher_is_better else value
    return (Fate.LOST, loss) if loss > 0 else (Fate.FULL, 0.0)


def _first(rows: Sequence[Ranked], limit: int) -> list[Ranked]:
    """The worst, with places kept for the unscored."""
    lost = [r for r in rows if r.fate == Fate.LOST]
    unscored = [r for r in rows if r.fate == Fate.UNSCORED]
    kept = min(len(unscored), max(UNSCORED_KEPT, limit - len(lost)))
    return [*lost[: limit - kept], *unscored[:kept]]


def _rows(path: Path, indices: Sequence[int]) -> Mapping[int, dict[str, Any]]:
    """The wide columns of some rows, a batch in memory at a time."""
    found: dict[int, dict[str, Any]] = {}
    try:
        for first, batch in _batches(path):
            here = [i for i in indices if first <= i < first + batch.num_rows]
            picked = batch.take(pa.array([i - first for i in here], pa.int64())).to_pylist()
            found.update(zip(here, picked, strict=True))
    except (pa.ArrowException, OSError, KeyError) as error:
        raise damaged(path, str(error)) from error
    return found


def _batches(path: Path) -> Iterator[tuple[int, pa.RecordBatch]]:
    first = 0
    with pq.ParquetFile(path, memory_map=True) as file:
        for batch in file.iter_batches(batch_size=BATCH, columns=list(WIDE)):
            yield first, batch
            first += batch.num_rows


def _shown(ranked: Ranked, row: dict[str, Any]) -> Shown:
    return Shown(
        ranked=ranked,
        sample_id=row["sample_id"],
        epoch=row["epoch"],
        slices=_slices(row["slices"]),
        system=_system(row["messages"]),
        outcome=row["outcome"],
        value=row["value"] if ranked.fate != Fate.UNSCORED else None,
        **{name: row[name] or "" for name in TEXTS},
    )


def _slices(told: str | None) -> dict[str, str]:
    return {name: str(value) for name, value in msgspec.json.decode(told or "{}").items()}


def _system(messages: str | None) -> str:
    """What stood in system turns: a reader must see it to understand the answer."""
    turns = msgspec.json.decode(messages or "[]", type=list[dict[str, str]])
    return "\n".join(t.get("content", "") for t in turns if t.get("role") == "system")
