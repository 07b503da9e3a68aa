"""Read a data file into rows, raw or patched, with what is needed to name it again."""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from upright.core import DataError, Row, UsageError, printable, unknown
from upright.data.fetch import fetch
from upright.data.manifest import dataset, datasets, known_file
from upright.data.patches import patch_rows
from upright.data.places import find, verify

MINI = Path(__file__).parent / "mini"
LONGEST_FIELD = 10_000_000


def suites() -> tuple[str, ...]:
    """Our own small set, and every dataset of the manifest."""
    return "mini", *datasets()


def in_suite(suite: str, name: str) -> bool:
    """Whether a benchmark's file is part of a suite: a suite runs the benchmarks that have one."""
    if suite not in suites():
        raise unknown("suite", suite, suites())
    if suite == "mini":
        return (MINI / name).is_file()
    return any(file.name == name for file in dataset(suite).files)


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
    if not in_suite(suite, name):
        having = [f"--suite {other}" for other in suites() if in_suite(other, name)]
        raise UsageError(
            f"The suite {suite} holds no {name}. Use one that does: {' or '.join(having)}."
            if having
            else f"No suite holds {name}. See: upright data list"
        )
    if suite == "mini" and given:
        raise UsageError(
            f"The suite mini comes with Upright and reads nothing in {given}. To ask what is there "
            "name its suite, such as --suite trustllm; else leave --data out."
        )
    if suite == "mini":
        return read_rows(MINI / name, name, mini=True)
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
    """Read a JSON array of objects, a CSV, or JSON lists of texts, whose names are the rows'
    `category`; `name` is the file as benchmarks name it."""
    content = path.read_bytes()
    known = known_file(name)
    rows = _objects(content, path, known.prompt if known else "prompt")
    raw = tuple(Row(name, index, fields) for index, fields in enumerate(rows))
    patched, touched = patch_rows(name, raw, mini)
    return DataFile(
        name=name,
        sha256=sha256(content).hexdigest(),
        raw=raw,
        patched=tuple(patched),
        patches=touched,
    )


def _objects(content: bytes, path: Path, prompt: str) -> list[dict[str, Any]]:
    """The rows, each with `prompt`, which the dataset may name otherwise."""
    rows = _csv(content, path) if path.suffix == ".csv" else _json(content, path, prompt)
    for index, row in enumerate(rows):
        if not isinstance(row, dict):
            raise DataError(f"{path}, row {index}: expected an object, found {str(row)[:80]!r}.")
        asked = row.get(prompt)
        if not isinstance(asked, str):
            raise DataError(f"{path}, row {index}: `{prompt}` must be text.")
        if asked != printable(asked):
            raise DataError(
                f"{path}, row {index}: `{prompt}` holds half a character (a surrogate)."
            )
        row["prompt"] = asked
    return rows


def _json(content: bytes, path: Path, prompt: str) -> list[Any]:
    """Lenient on purpose: the original files hold NaN, which JSON forbids (D21)."""
    try:
        rows = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{path} is not JSON: {error}. Fetch it again: upright data fetch."
        ) from error
    if isinstance(rows, dict) and rows and all(isinstance(r, list) for r in rows.values()):
        return [{"category": name, prompt: text} for name, texts in rows.items() for text in texts]
    if not isinstance(rows, list):
        raise DataError(f"{path} must hold a JSON array of objects, not a {type(rows).__name__}.")
    return rows


def _csv(content: bytes, path: Path) -> list[dict[str, Any]]:
    csv.field_size_limit(LONGEST_FIELD)
    try:
        text = io.StringIO(content.decode("utf-8-sig"), newline="")
        rows = list(csv.DictReader(text, strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"{path} is not CSV in UTF-8: {error}. Fetch it again: upright data fetch."
        ) from error
    for index, row in enumerate(rows):
        if None in row or None in row.values():
            raise DataError(f"{path}, row {index}: its cells are not as many as the header's.")
    return rows
