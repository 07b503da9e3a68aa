"""The tables of a run, written by columns, whole or not at all."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from upright.core import Estimate, Verdict
from upright.runs.scoring.judging import Judged
from upright.runs.scoring.panel import Panel, Ruling
from upright.runs.storing.columns import column, table
from upright.runs.storing.journal import explained

Column = Callable[[Judged], object]
STORED: Mapping[str, Any] = {"compression": "zstd", "write_page_checksum": True}


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


STRINGS: Mapping[str, Column] = {
    "benchmark": lambda j: j.item.benchmark,
    "score_set": lambda j: j.item.score_set,
    "sample_id": lambda j: j.item.sample.id,
    "group": lambda j: j.item.sample.group,
    "slices": lambda j: _json(dict(j.item.sample.slices)),
    "messages": lambda j: _json(j.item.sample.messages),
    "prompt": lambda j: j.item.sample.prompt,
    "target": lambda j: j.item.sample.target,
    "options": lambda j: _json(j.item.sample.options),
    "facts": lambda j: _json(j.item.sample.facts),
    "worst": lambda j: j.item.sample.worst,
    "response": lambda j: j.response.text,
    "finish_reason": lambda j: j.response.finish_reason,
    "error": lambda j: j.response.error,
    "decisions": lambda j: _json(j.response.decisions) if j.response.decisions else None,
    "outcome": lambda j: str(j.verdict.outcome),
    "label": lambda j: j.verdict.label,
    "judge": lambda j: j.verdict.judge,
    "reason": lambda j: j.verdict.reason,
    "request_key": lambda j: j.item.key,
}
NUMBERS: Mapping[str, tuple[pa.DataType, Column]] = {
    "epoch": (pa.int32(), lambda j: j.item.epoch),
    "prompt_tokens": (pa.int64(), lambda j: j.response.prompt_tokens),
    "completion_tokens": (pa.int64(), lambda j: j.response.completion_tokens),
    "latency_s": (pa.float64(), lambda j: j.response.latency),
    "attempts": (pa.int32(), lambda j: j.response.attempts),
    "value": (pa.float64(), lambda j: j.verdict.value),
}
COLUMNS = (
    *("benchmark", "dimension", "score_set", "sample_id", "epoch", "group", "slices"),
    *("messages", "prompt", "target", "options", "facts", "worst"),
    *("response", "finish_reason", "decisions", "error"),
    *("prompt_tokens", "completion_tokens", "latency_s", "attempts"),
    *("outcome", "value", "label", "judge", "reason", "request_key"),
)
"""Of samples.parquet, in the order a reader wants them."""


ROWS = 5_000
"""Of a row group, at most: the columns of so many rows are in memory at once."""
SCHEMA = pa.schema(
    [(name, NUMBERS[name][0] if name in NUMBERS else pa.string()) for name in COLUMNS]
)


class SamplesTable:
    """samples.parquet while it grows: one row per item, no score set shares a row group with
    another, with checksums. One damaged byte is seen, and costs no more than their numbers."""

    def __init__(self, path: Path, writer: pq.ParquetWriter) -> None:
        self._path, self._writer = path, writer

    def add(self, dimension: str, judged: Sequence[Judged], made: "Made | None" = None) -> None:
        """The items of one score set; `made` are rows of theirs that are made already."""
        known = made.filled(dimension, judged) if made else None
        for start in range(0, len(judged), ROWS):
            if known is None:
                rows = rows_of(dimension, judged[start : start + ROWS])
            else:
                rows = known.slice(start, ROWS)
            with explained(self._path):
                self._writer.write_table(rows)


@contextmanager
def samples_table(path: Path) -> Iterator[SamplesTable]:
    """Appears under its name when all is in it."""
    with appearing_whole(path) as unfinished:
        with explained(path):
            writer = pq.ParquetWriter(unfinished, SCHEMA, **STORED)
        try:
            yield SamplesTable(path, writer)
        finally:
            with explained(path):
                writer.close()


@dataclass
class Made:
    """Rows of one score set that were made before all of its items were judged."""

    places: list[int] = field(default_factory=list)
    rows: list[pa.Table] = field(default_factory=list)

    def add(self, places: Sequence[int], dimension: str, judged: Sequence[Judged]) -> None:
        """Which items they are."""
        # What `take` needs takes 40 ms to load: now somebody else is waited for.
        import pyarrow.compute  # noqa: F401, PLC0415

        self.places += places
        self.rows.append(rows_of(dimension, judged))

    def filled(self, dimension: str, judged: Sequence[Judged]) -> pa.Table:
        """All rows of the score set, in its order."""
        known = set(self.places)
        left = [place for place in range(len(judged)) if place not in known]
        rows = [*self.rows, rows_of(dimension, [judged[place] for place in left])]
        order = dict(zip([*self.places, *left], range(len(judged)), strict=True))
        return pa.concat_tables(rows).take(column([*map(order.get, range(len(order)))], pa.int64()))


def rows_of(dimension: str, judged: Sequence[Judged]) -> pa.Table:
    """Of samples.parquet."""
    values = {**STRINGS, **{name: number for name, (_, number) in NUMBERS.items()}}
    found = {name: [of(one) for one in judged] for name, of in values.items()}
    return table({**found, "dimension": [dimension] * len(judged)}, SCHEMA)


def write_estimates(path: Path, estimates: Sequence[Estimate]) -> None:
    """One row per printed number; the columns are the fields of Estimate."""
    rows = [msgspec.to_builtins(estimate) for estimate in estimates]
    schema = pa.schema([(f.name, _arrow(f.type)) for f in msgspec.structs.fields(Estimate)])
    _write(path, rows, schema)


def write_verdicts(path: Path, judged: Sequence[Judged], panel: Panel) -> None:
    """One row per opinion on an answer that judge models read: every draw of every judge, and
    what the benchmark's own judge says (`local`)."""
    rows = []
    for one in judged:
        opinions = panel.opinions.get(one.item.id, {})
        for judge, draws in opinions.items():
            rows += [_opinion(one, judge, draw, said) for draw, said in enumerate(draws)]
        if opinions and one.own is not None:
            rows.append({**_opinion(one, one.own.judge, 0, one.own), "local": True})
    _write(path, rows, OPINION)


OPINION = pa.schema(
    [
        *((name, pa.string()) for name in ("benchmark", "score_set", "sample_id")),
        ("epoch", pa.int32()),
        ("judge", pa.string()),
        ("draw", pa.int32()),
        ("local", pa.bool_()),
        *((name, pa.string()) for name in ("outcome", "label")),
        ("value", pa.float64()),
        ("reason", pa.string()),
    ]
)
"""Of verdicts.parquet."""


def _opinion(one: Judged, judge: str, draw: int, said: Ruling) -> dict[str, Any]:
    read = said if isinstance(said, Verdict) else None
    return {
        "benchmark": one.item.benchmark,
        "score_set": one.item.score_set,
        "sample_id": one.item.sample.id,
        "epoch": one.item.epoch,
        "judge": judge,
        "draw": draw,
        "local": False,
        "outcome": str(read.outcome) if read else None,
        "label": read.label if read else None,
        "value": read.value if read else None,
        "reason": said.reason,
    }


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """A file appears under its name only when all of it is on the disk."""
    with appearing_whole(path) as unfinished, explained(path):
        write(unfinished)


@contextmanager
def appearing_whole(path: Path) -> Iterator[Path]:
    """Where to write a file that appears under its name only when all of it is on the disk."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        yield unfinished
        with explained(path):
            with unfinished.open("rb+") as file:
                os.fsync(file.fileno())
            unfinished.replace(path)
    except BaseException:
        # On a full disk half a table would take the room that going on needs.
        with suppress(OSError):
            unfinished.unlink()
        raise


def _write(path: Path, rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> None:
    columns = {name: [row.get(name) for row in rows] for name in schema.names}
    write_whole(path, lambda file: pq.write_table(table(columns, schema), file, **STORED))


def _arrow(type: Any) -> pa.DataType:
    """The column type of a field's type; `X | None` is X, as every column may hold nulls."""
    known = {str: pa.string(), bool: pa.bool_(), int: pa.int64()}
    return known.get(type, pa.float64())
