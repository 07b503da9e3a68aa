"""CSV for spreadsheets: `samples.csv` and `estimates.csv`, in UTF-8.

A spreadsheet runs a cell that begins like a formula, and what models and datasets write is not
to be run: such text gets an apostrophe in front, which spreadsheets take to mean "this is text".
Characters that act instead of showing become visible signs. Numbers are written as they are.
For the bytes as they were, export Parquet.
"""

import csv
from pathlib import Path
from typing import Any

import pyarrow as pa

from upright.core import inert
from upright.interop.exporters._flat import estimates, samples
from upright.interop.exporters._folder import appearing
from upright.runs.storing.store import Run

FORMULA = tuple("=+-@\t\r\n＝＋－＠")
"""Beginnings that spreadsheets act on; the wide ones are read like the narrow in some locales."""


def write(run: Run, out: Path) -> None:
    with appearing(out) as folder:
        _write(samples(run), folder / "samples.csv")
        _write(estimates(run), folder / "estimates.csv")


def harmless(value: Any) -> Any:
    """A cell as a spreadsheet may open it."""
    if not isinstance(value, str):
        return value
    # Some read on after blanks in front.
    dangerous = value.startswith(FORMULA) or value.lstrip().startswith(FORMULA)
    return f"'{inert(value)}" if dangerous else inert(value)


def _write(table: pa.Table, path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC)
        writer.writerow([harmless(name) for name in table.column_names])
        for batch in table.to_batches(max_chunksize=1000):
            for row in batch.to_pylist():
                # A missing value is an empty cell, not the text "" or "None".
                writer.writerow([None if v is None else harmless(v) for v in row.values()])
