"""What people said of a run's answers: `labels.jsonl` in the run directory, append-only.

One line is one opinion; a later line about the same answer and event replaces an earlier one,
and a label of null takes it back. A line that a crash cut off is left out.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from upright.core import StoreError
from upright.runs.storing.journal import explained

FILE = "labels.jsonl"
RANDOM, UNCERTAIN = "random", "uncertain"


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """1: the event happened in this answer, 0: it did not, None: taken back.

    pick    how the answer was chosen: only a random choice tells of the answers not chosen
    by, at  who said so, and when
    """

    benchmark: str
    score_set: str
    sample_id: str
    epoch: int
    event: str
    label: int | None
    pick: str = RANDOM
    by: str = ""
    at: str = ""


class About(NamedTuple):
    """Which answer, and what was asked of it."""

    benchmark: str
    score_set: str
    sample_id: str
    epoch: int
    event: str


Labels = Mapping[About, Label]


def about(label: Label) -> About:
    return About(label.benchmark, label.score_set, label.sample_id, label.epoch, label.event)


def append_label(run: Path, label: Label) -> None:
    """Written and on the disk before the next question is shown."""
    path = run / FILE
    with explained(path), path.open("ab+") as file:
        # A line that a crash cut off must not swallow this one.
        broken = file.tell() > 0 and _last_byte(path) != b"\n"
        file.write((b"\n" if broken else b"") + msgspec.json.encode(label) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def read_labels(run: Path) -> dict[About, Label]:
    """The opinions that stand, by answer and event; none where nobody labelled anything."""
    path = run / FILE
    if not path.exists():
        return {}
    with explained(path):
        lines = path.read_bytes().split(b"\n")
    standing: dict[About, Label] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        label = _read(line, path, number, last=number == len(lines))
        if label is None:
            continue
        standing.pop(about(label), None)
        if label.label is not None:
            standing[about(label)] = label
    return standing


def _read(line: bytes, path: Path, number: int, *, last: bool) -> Label | None:
    try:
        label = msgspec.json.decode(line, type=Label)
    except msgspec.DecodeError as error:
        if last or not line.endswith(b"}"):
            return None  # cut off by a crash
        raise StoreError(f"{path}, line {number}: {error}. Mend or delete that line.") from error
    if label.label not in (0, 1, None):
        raise StoreError(f"{path}, line {number}: a label is 0, 1 or null, not {label.label}.")
    return label


def _last_byte(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1)
