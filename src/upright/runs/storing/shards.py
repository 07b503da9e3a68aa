"""Journals of workers: each writes its own, and the run takes the answers over.

A shard is a file beside the run's journal, or, where workers share no disk, a folder of segments
at any address that fsspec knows (s3://, gs://, ...): one object for every second's answers, since
objects cannot be added to. What a worker wrote outlives it, and outlives the run's own process.
"""

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

from upright.core import Response, StoreError, UsageError
from upright.runs.pieces import pieces
from upright.runs.storing.journal import Busy, Journal, Line, lines_of, to_lines, whole_lines

AT_ONCE = 1000
"""Answers that are taken over together."""
ERRORS = (
    ("botocore.exceptions", "BotoCoreError"),
    ("google.auth.exceptions", "GoogleAuthError"),
    ("azure.core.exceptions", "AzureError"),
)
"""What s3fs, gcsfs and adlfs let through where keys are missing or a name is wrong."""
GRACE = 10.0
"""Seconds that a worker may take to notice that its run is gone."""


class Shard(Protocol):
    """What a worker writes its answers to."""

    def append(self, answers: Mapping[str, Response]) -> None: ...
    def sync(self) -> None: ...
    def close(self) -> None: ...


class Segments:
    """A shard at an address. Its answers are safe from the next `sync` on, which may run in a
    thread of its own while more are appended."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._files, self._folder = _opened(place)
        self._lines: list[bytes] = []
        self._written = 0
        self._busy = Lock()

    def append(self, answers: Mapping[str, Response]) -> None:
        self._lines += to_lines(answers)

    def sync(self) -> None:
        with self._busy:
            if number := len(self._lines):
                with _explained(self._place):
                    self._files.makedirs(self._folder, exist_ok=True)
                    path = f"{self._folder}/{self._written:06}.jsonl"
                    self._files.pipe_file(path, b"".join(self._lines[:number]))
                self._written += 1
                del self._lines[:number]  # more may have come meanwhile

    def close(self) -> None:
        self.sync()


def open_shard(place: str) -> Shard:
    return Segments(place) if _is_address(place) else Journal(Path(place))


def shard(folder: str, name: str) -> str:
    """The place of a shard in a run's folder, or under an address."""
    return f"{folder.rstrip('/')}/{name}" if _is_address(folder) else f"{folder}/{name}.jsonl"


def answers_of(place: str) -> Iterator[dict[str, Response]]:
    """The answers of a shard, some at a time; none where its worker wrote nothing."""
    for some in pieces(_lines_of(place), AT_ONCE):
        yield {line.record.key: line.record.response for line in some}


def drop(place: str) -> None:
    """Its answers are safe elsewhere."""
    if not _is_address(place):
        Path(place).unlink(missing_ok=True)
        return
    files, folder = _opened(place)
    with _explained(place):
        if files.exists(folder):
            files.rm(folder, recursive=True)


def left_behind(folder: str) -> Sequence[str]:
    """The shards that an earlier session did not live to take over."""
    if not _is_address(folder):
        return sorted(map(str, Path(folder).glob("shard-*.jsonl")))
    files, root = _opened(folder)
    with _explained(folder):
        found = files.ls(root, detail=False) if files.exists(root) else []
    return [shard(folder, name) for path in sorted(found) if (name := path.rpartition("/")[2])]


def take_over(journal: Journal, folder: str) -> None:
    """Copy what earlier sessions left behind into the run's journal."""
    for place in left_behind(folder):
        if not _is_address(place):
            _wait_for_its_worker(Path(place))
        for some in answers_of(place):
            journal.append({key: r for key, r in some.items() if key not in journal})
        journal.sync()
        drop(place)


def _wait_for_its_worker(path: Path) -> None:
    """A worker whose run was killed writes for a moment longer."""
    deadline = time.monotonic() + GRACE
    while True:
        try:
            Journal(path).close()
        except Busy:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def _lines_of(place: str) -> Iterator[Line]:
    if not _is_address(place):
        if Path(place).exists():
            yield from whole_lines(Path(place))
        return
    files, folder = _opened(place)
    with _explained(place):
        names = sorted(files.ls(folder, detail=False)) if files.exists(folder) else []
    for name in names:
        with _explained(place):
            content = files.cat_file(name)
        yield from lines_of(content.splitlines(keepends=True), name)


def _is_address(place: str) -> bool:
    return "://" in place


def _opened(place: str) -> tuple[Any, str]:
    """The file system behind an address, and the path in it."""
    try:
        import fsspec  # noqa: PLC0415 - only where workers share no disk
    except ImportError as error:
        raise UsageError(
            f"Journals at {place} need fsspec: pip install 'upright[ray]', and what the address "
            "needs beside it (s3fs, gcsfs)."
        ) from error
    try:
        files, path = fsspec.core.url_to_fs(place)
    except (ImportError, ValueError) as error:
        raise UsageError(f"Journals at {place} cannot be opened: {error}") from error
    return files, path


@contextmanager
def _explained(place: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(f"Cannot use {place}: {error.strerror or error}.") from error
    except _of_object_stores() as error:
        told = str(error).rstrip(".")
        raise StoreError(
            f"Cannot use {place}: {told}. Its address and keys come from the environment."
        ) from error


def _of_object_stores() -> tuple[type[Exception], ...]:
    """Errors that are no OSError, of the object stores whose libraries are in use."""
    return tuple(
        getattr(sys.modules[module], name) for module, name in ERRORS if module in sys.modules
    )
