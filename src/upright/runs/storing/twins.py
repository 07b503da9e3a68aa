"""`reference.parquet`: what the run named by `--like` got, so that numbers that rest on it can be
derived again where that run is not at hand."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from upright.core import StoreError
from upright.runs.items import Part
from upright.runs.reference import Reference
from upright.runs.scoring.likeness import Likeness, Twin, likeness_of
from upright.runs.storing.columns import table
from upright.runs.storing.stored import whole
from upright.runs.storing.tables import STORED, write_whole

REFERENCE = "reference.parquet"
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("benchmark", "score_set", "sample_id")),
        ("epoch", pa.int32()),
        ("cluster", pa.string()),
        *((name, pa.float64()) for name in ("weight", "value")),
        ("asked", pa.bool_()),
    ]
)
"""A row for every planned answer that a headline is about, in the order of asking; `value` is the
reference's, null where it has none."""


def write_likenesses(path: Path, likenesses: Mapping[Part, Likeness]) -> None:
    rows = [
        (*part, *twin.place, twin.cluster, twin.weight, twin.value, at < likeness.asked)
        for part, likeness in likenesses.items()
        for at, twin in enumerate(likeness.twins)
    ]
    columns = {name: [row[at] for row in rows] for at, name in enumerate(SCHEMA.names)}
    write_whole(path, lambda file: pq.write_table(table(columns, SCHEMA), file, **STORED))


def read_likenesses(run: Path, info: Mapping[str, Any]) -> dict[Part, Likeness]:
    """Of a finished run; empty where it had no reference.

    Raises StoreError where the file is not the one that the numbers were made with.
    """
    told = (info.get("until") or {}).get("like")
    if not told:
        return {}
    found: dict[Part, list[Twin]] = {}
    asked: dict[Part, int] = {}
    with whole(run / REFERENCE):
        for row in pq.read_table(run / REFERENCE, page_checksum_verification=True).to_pylist():
            part, place = (row["benchmark"], row["score_set"]), (row["sample_id"], row["epoch"])
            twin = Twin(place, row["cluster"], row["weight"], row["value"])
            found.setdefault(part, []).append(twin)
            asked[part] = asked.get(part, 0) + row["asked"]
    values = {
        part: {twin.place: twin.value for twin in twins if twin.value is not None}
        for part, twins in found.items()
    }
    if Reference(run=told["run"], model=told["model"], values=values).sha256 != told["sha256"]:
        raise StoreError(
            f"{run / REFERENCE} is not what run.json says that {told['run']} got. Take the file "
            "that lay beside it."
        )
    return {part: likeness_of(told["run"], twins, asked[part]) for part, twins in found.items()}
