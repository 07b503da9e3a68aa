"""A run's two tables with nothing nested: every slice a column, the model on every row."""

import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from upright.core import StoreError
from upright.runs.storing.store import Run
from upright.runs.storing.tables import COLUMNS

OPTIONAL = "decisions"
"""A column that runs without defenses lacked until there were any."""


def samples(run: Run) -> pa.Table:
    """One row per answer and score set."""
    table = _read(run, "samples", COLUMNS)
    if OPTIONAL not in table.column_names:
        empty = pa.nulls(table.num_rows, pa.string())
        table = table.add_column(COLUMNS.index(OPTIONAL), OPTIONAL, empty)
    slices = [json.loads(told or "{}") for told in table.column("slices").to_pylist()]
    names = list(dict.fromkeys(name for row in slices for name in row))
    table = table.drop_columns(["slices"])
    for name in names:
        values = [None if name not in row else str(row[name]) for row in slices]
        table = table.append_column(f"slice.{name}", pa.array(values, pa.string()))
    return _of(run, table)


def estimates(run: Run) -> pa.Table:
    """One row per number. What is withheld has no value here either."""
    return _of(run, _read(run, "estimates", None))


def numbers(run: Run) -> list[dict[str, Any]]:
    """The rows of `estimates`."""
    return list(estimates(run).to_pylist())


def _of(run: Run, table: pa.Table) -> pa.Table:
    """The run and its model in front, so that tables of several runs can be put together."""
    for name, value in (("model", run.info["model"]["id"]), ("run", run.path.resolve().name)):
        table = table.add_column(0, name, pa.array([value] * table.num_rows, pa.string()))
    return table


def _read(run: Run, name: str, columns: Sequence[str] | None) -> pa.Table:
    path = run.path / f"{name}.parquet"
    try:
        there = pq.read_schema(path).names
        wanted = [c for c in columns if c in there or c != OPTIONAL] if columns else None
        return pq.read_table(path, columns=wanted)
    except (pa.ArrowException, OSError, KeyError) as error:
        raise StoreError(f"{path} cannot be read: {error}.") from error
