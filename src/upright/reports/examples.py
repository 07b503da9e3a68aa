"""The answers worth reading first: those that lost most, then those that could not be scored."""

import heapq
import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from upright.core import Estimate
from upright.reports.profile import Profile, damaged, read_table

PER_BENCHMARK = 30
UNSCORED_KEPT = 6
"""Places kept for unscored answers, so that a weak model's failures do not hide them."""
SHOWN_AT_ONCE = 280
STORED = 3_000
"""Characters of one text that a page carries; the whole is in samples.parquet."""
BATCH = 4_096

NARROW = ("benchmark", "score_set", "sample_id", "epoch", "value")
WIDE = (
    *("sample_id", "epoch", "slices", "messages", "prompt", "target", "response"),
    *("finish_reason", "error", "outcome", "value", "judge", "reason"),
)


class Text(NamedTuple):
    """A text as a page shows it: its start, all of it if that is longer, and what is left out."""

    start: str
    whole: str
    omitted: int


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One answer, ready to show."""

    sample_id: str
    epoch: int
    slices: dict[str, str]
    system: Text
    prompt: Text
    target: Text
    response: Text
    finish_reason: str
    error: Text
    outcome: str
    value: float | None
    judge: str
    reason: Text


class Lost(NamedTuple):
    """How many answers of a benchmark lost points or stayed unscored, and the first of them."""

    total: int
    shown: tuple[Shown, ...]


def lost_answers(profile: Profile, limit: int = PER_BENCHMARK) -> dict[str, Lost]:
    """By benchmark, judged by the score set that leads; worst first, ties by sample id."""
    path = profile.path / "samples.parquet"
    leading = {b.id: b.leading.headline for b in profile.benchmarks if b.leading}
    chosen, totals = _choose(path, leading, limit)
    shown: dict[str, list[Shown]] = defaultdict(list)
    rows = _rows(path, sorted(i for indices in chosen.values() for i in indices))
    for id, indices in chosen.items():
        shown[id] = [_shown(rows[i]) for i in indices]
    return {id: Lost(totals[id], tuple(shown[id])) for id in chosen}


def clip(text: str) -> Text:
    """Short texts whole; longer ones with a start to read before unfolding."""
    kept = text[:STORED]
    omitted = len(text) - len(kept)
    if len(text) <= SHOWN_AT_ONCE * 1.2:
        return Text(text, "", 0)
    start = kept[:SHOWN_AT_ONCE]
    return Text(start.rsplit(maxsplit=1)[0] if " " in start[-40:] else start, kept, omitted)


def _choose(
    path: Path, leading: Mapping[str, Estimate], limit: int
) -> tuple[dict[str, list[int]], dict[str, int]]:
    """Row numbers to show and how many there were, by benchmark."""
    failed: dict[str, list[tuple[float, str, int, int]]] = defaultdict(list)
    unscored: dict[str, list[tuple[str, int, int]]] = defaultdict(list)
    table = read_table(path, NARROW)
    columns = [table.column(name).to_pylist() for name in NARROW]
    for index, (id, score_set, sample, epoch, value) in enumerate(zip(*columns, strict=True)):
        if id not in leading or score_set != leading[id].score_set:
            continue
        if value is None or math.isnan(value):
            unscored[id].append((sample, epoch, index))
        elif (loss := 1 - value if leading[id].higher_is_better else value) > 0:
            failed[id].append((-loss, sample, epoch, index))
    chosen, totals = {}, {}
    for id in leading:
        kept = min(len(unscored[id]), max(UNSCORED_KEPT, limit - len(failed[id])), limit)
        worst = heapq.nsmallest(limit - kept, failed[id])
        chosen[id] = [w[-1] for w in worst] + [u[-1] for u in heapq.nsmallest(kept, unscored[id])]
        totals[id] = len(failed[id]) + len(unscored[id])
    return chosen, totals


def _rows(path: Path, indices: list[int]) -> dict[int, dict[str, Any]]:
    """The wide columns of a few rows, a batch in memory at a time."""
    found: dict[int, dict[str, Any]] = {}
    first = 0
    try:
        with pq.ParquetFile(path, memory_map=True) as file:
            for batch in file.iter_batches(batch_size=BATCH, columns=list(WIDE)):
                here = [i for i in indices if first <= i < first + batch.num_rows]
                picked = batch.take(pa.array([i - first for i in here], pa.int64())).to_pylist()
                found.update(zip(here, picked, strict=True))
                first += batch.num_rows
    except (pa.ArrowException, OSError, KeyError) as error:
        raise damaged(path, str(error)) from error
    return found


def _shown(row: dict[str, Any]) -> Shown:
    return Shown(
        sample_id=row["sample_id"],
        epoch=row["epoch"],
        slices=_slices(row["slices"]),
        system=clip(_system(row["messages"])),
        prompt=clip(row["prompt"] or ""),
        target=clip(row["target"] or ""),
        response=clip(row["response"] or ""),
        finish_reason=row["finish_reason"] or "",
        error=clip(row["error"] or ""),
        outcome=row["outcome"],
        value=row["value"],
        judge=row["judge"] or "",
        reason=clip(row["reason"] or ""),
    )


def _slices(told: str | None) -> dict[str, str]:
    return {name: str(value) for name, value in msgspec.json.decode(told or "{}").items()}


def _system(messages: str | None) -> str:
    """What stood in system turns: a reader must see it to understand the answer."""
    turns = msgspec.json.decode(messages or "[]", type=list[dict[str, str]])
    return "\n".join(t.get("content", "") for t in turns if t.get("role") == "system")
