"""Read a data file into rows, raw or patched, with what is needed to name it again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from upright.core import DataError, Row, printable, unknown
from upright.data.fetch import fetch
from upright.data.manifest import dataset
from upright.data.patches import patch_rows
from upright.data.places import find, verify

MINI = Path(__file__).parent / "mini"
SUITES = ("mini", "trustllm")


@dataclass(frozen=True, kw_only=True)
class DataFile:
    """The rows of one file. `patches` says how many rows each patch touched."""

    name: str
    sha256: str
    raw: tuple[Row, ...]
    patched: tuple[Row, ...]
    patches: Mapping[str, int]


def suite_file(suite: str, name: str, given: Path | None = None) -> DataFile:
    """A file of a suite: `mini` from the package, others looked up, fetched, and verified."""
    if suite == "mini":
        return read_rows(MINI / name, name, mini=True)
    if suite not in SUITES:
        raise unknown("suite", suite, SUITES)
    source = dataset(suite)
    path = find(source, name, given)
    if path is None:
        fetch(source)
        path = find(source, name, given)
    if path is None:
        raise DataError(f"{name} is missing from dataset {suite} even after fetching it.")
    verify(path, source.file(name))
    return read_rows(path, name)


def read_rows(path: Path, name: str, *, mini: bool = False) -> DataFile:
    """Read a JSON array of objects; `name` is the file's path inside its dataset."""
    content = path.read_bytes()
    raw = tuple(Row(name, index, fields) for index, fields in enumerate(_objects(content, path)))
    patched, touched = patch_rows(name, raw, mini)
    return DataFile(
        name=name,
        sha256=sha256(content).hexdigest(),
        raw=raw,
        patched=tuple(patched),
        patches=touched,
    )


def _objects(content: bytes, path: Path) -> list[dict[str, Any]]:
    """Lenient on purpose: the original files hold NaN, which JSON forbids (D21)."""
    try:
        rows = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{path} is not JSON: {error}. Fetch it again: upright data fetch."
        ) from error
    if not isinstance(rows, list):
        raise DataError(f"{path} must hold a JSON array of objects, not a {type(rows).__name__}.")
    for index, row in enumerate(rows):
        if not isinstance(row, dict):
            raise DataError(f"{path}, row {index}: expected an object, found {str(row)[:80]!r}.")
        if not isinstance(row.get("prompt"), str):
            raise DataError(f"{path}, row {index}: `prompt` must be text.")
        if row["prompt"] != printable(row["prompt"]):
            raise DataError(f"{path}, row {index}: `prompt` holds half a character (a surrogate).")
    return rows
