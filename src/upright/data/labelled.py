"""Labelled responses of any origin: JSONL, JSON or CSV with `prompt`, `response`, `label`.

Other columns are kept: `model` and `language` become slices of a calibration.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from upright.core import DataError, UsageError, printable

NEEDED = ("prompt", "response", "label")
LONGEST_FIELD = 10_000_000


class LabelledRow(NamedTuple):
    """A response and what people said of it. `where` names file and row for messages."""

    prompt: str
    response: str
    label: str
    where: str
    more: Mapping[str, str]


def read_labelled(path: Path) -> list[LabelledRow]:
    """The rows of a file, by its ending; the first malformed one is named."""
    if not path.is_file():
        raise UsageError(f"There is no file {path}.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text: {error}.") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from error
    readers = {".jsonl": _jsonl, ".json": _json, ".csv": _csv}
    read = readers.get(path.suffix.lower())
    if read is None:
        raise UsageError(f"{path} is not one of {', '.join(readers)}, by its ending.")
    rows = [_row(fields, where) for where, fields in read(text, path)]
    if not rows:
        raise DataError(f"{path} holds no rows.")
    return rows


def _jsonl(text: str, path: Path) -> Iterator[tuple[str, Any]]:
    # Not splitlines(): a text may hold U+2028, which JSON leaves bare.
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            where = f"{path}, line {number}"
            try:
                yield where, json.loads(line)
            except (ValueError, RecursionError) as error:
                raise DataError(f"{where}: not JSON ({error}).") from error


def _json(text: str, path: Path) -> Iterator[tuple[str, Any]]:
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is not JSON: {error}.") from error
    if not isinstance(rows, list):
        raise DataError(f"{path} must hold a JSON array of objects, not a {type(rows).__name__}.")
    for index, row in enumerate(rows, start=1):
        yield f"{path}, row {index}", row


def _csv(text: str, path: Path) -> Iterator[tuple[str, Any]]:
    csv.field_size_limit(LONGEST_FIELD)
    try:
        for index, row in enumerate(csv.DictReader(io.StringIO(text, newline="")), start=1):
            if None in row:
                raise DataError(f"{path}, row {index}: more cells than the header has names.")
            yield f"{path}, row {index}", row
    except csv.Error as error:
        raise DataError(f"{path} is not CSV: {error}.") from error


def _row(fields: Any, where: str) -> LabelledRow:
    if not isinstance(fields, dict):
        raise DataError(f"{where}: expected an object, found {str(fields)[:80]!r}.")
    for name in NEEDED:
        if fields.get(name) is None:
            raise DataError(f"{where}: {name!r} is missing (it has {', '.join(map(str, fields))}).")
    prompt, response, label = (fields[name] for name in NEEDED)
    if not isinstance(prompt, str) or not isinstance(response, str):
        raise DataError(f"{where}: `prompt` and `response` must be text.")
    if not isinstance(label, str | int | float):
        raise DataError(f"{where}: a label is a word or a number, not {str(label)[:80]!r}.")
    more = {k: str(v) for k, v in fields.items() if k not in NEEDED and v not in (None, "")}
    return LabelledRow(printable(prompt), printable(response), _word(label), where, more)


def _word(label: str | float) -> str:
    """True is "true", 1.0 is "1", " 2_Full refusal" is "2_full_refusal"."""
    if isinstance(label, float) and label.is_integer():
        label = int(label)
    return "_".join(str(label).casefold().replace("-", " ").split())
