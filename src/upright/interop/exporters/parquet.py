"""Parquet: `samples.parquet` and `estimates.parquet`, flat, for DuckDB, pandas and the like."""

from pathlib import Path

import pyarrow.parquet as pq

from upright.interop.exporters._flat import estimates, samples
from upright.interop.exporters._folder import appearing
from upright.runs.storing.store import Run


def write(run: Run, out: Path) -> None:
    with appearing(out) as folder:
        pq.write_table(samples(run), folder / "samples.parquet", compression="zstd")
        pq.write_table(estimates(run), folder / "estimates.parquet", compression="zstd")
