"""A stored run's tables, read back as the nouns that they were written from."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from upright.core import Estimate, Message, Outcome, Response, Sample, Scored, StoreError, Verdict
from upright.runs.items import Part

COLUMNS = (
    *("benchmark", "score_set", "sample_id", "epoch", "group", "slices", "messages", "target"),
    *("options", "facts", "worst", "response", "finish_reason", "outcome", "value", "label"),
    *("judge", "reason"),
)


def read_columns(path: Path, columns: Collection[str], benchmarks: Collection[str]) -> pa.Table:
    """Some columns of samples.parquet, of some benchmarks; a damaged file is named."""
    wanted = [("benchmark", "in", sorted(benchmarks))] if benchmarks else None
    with whole(path):
        return pq.read_table(
            path, columns=list(columns), filters=wanted, page_checksum_verification=True
        )


def read_estimates(path: Path) -> list[Estimate]:
    with whole(path):
        rows = pq.read_table(path, page_checksum_verification=True).to_pylist()
        return [msgspec.convert(row, Estimate) for row in rows]


def read_whole(path: Path) -> None:
    """Look at every byte of a table; a damaged file is named."""
    with whole(path), pq.ParquetFile(path, page_checksum_verification=True) as file:
        for _ in file.iter_batches():
            pass


@contextmanager
def whole(path: Path) -> Iterator[None]:
    """A table that is missing, damaged or of another shape is named."""
    try:
        yield
    except FileNotFoundError as error:
        raise StoreError(f"{path} is missing.") from error
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        why = str(error).rstrip(".")
        raise StoreError(f"{path} cannot be read: {why}.") from error


def stored_answers(
    run: Path, parts: Collection[Part], *, unscored: bool = False
) -> dict[Part, list[Scored]]:
    """The answers of some score sets, in their order: those that could be scored, or all."""
    table = read_columns(run / "samples.parquet", COLUMNS, {benchmark for benchmark, _ in parts})
    found: dict[Part, list[Scored]] = {part: [] for part in parts}
    with whole(run / "samples.parquet"):
        for row in table.to_pylist():
            part = row["benchmark"], row["score_set"]
            if part in found and (unscored or row["value"] is not None):
                found[part].append(scored_of(row))
    return found


def scored_of(row: Mapping[str, Any]) -> Scored:
    """A row of samples.parquet as what a metric reads."""
    sample = Sample(
        messages=msgspec.json.decode(row["messages"], type=tuple[Message, ...]),
        target=row["target"] or "",
        options=msgspec.json.decode(row["options"], type=tuple[str, ...]),
        worst=row["worst"] or "",
        group=row["group"] or "",
        slices=msgspec.json.decode(row["slices"], type=dict[str, str]),
        facts=msgspec.json.decode(row["facts"], type=dict[str, Any]),
    )
    # The id it was stored with: a table keeps only a part of what ids are computed from.
    sample.identify(row["sample_id"])
    verdict = Verdict(
        outcome=Outcome(row["outcome"]),
        value=row["value"],
        label=row["label"] or "",
        judge=row["judge"] or "",
        reason=row["reason"] or "",
    )
    response = Response(text=row["response"] or "", finish_reason=row["finish_reason"] or "")
    return Scored(sample, response, verdict, row["epoch"])
