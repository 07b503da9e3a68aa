"""What was received, line by line, so that nothing is asked twice after a crash.

Append-only JSONL; each line carries the CRC-32 of the rest of it. What a crash left unfinished at
the end is dropped; damage before a whole line is reported.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple
from zlib import crc32

import msgspec

from upright.core import Response, StoreError

if sys.platform != "win32":
    import fcntl

HEAD = len(b'{"crc32":"01234567",')


class Record(msgspec.Struct, frozen=True):
    """One received answer. `key` is its request's."""

    key: str
    response: Response


class Journal:
    """The open journal of a run. One process at a time writes it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with explained(path):
            self._file: BinaryIO = path.open("ab")
        try:
            self._lock()
            self.answers, end = read_journal(path)
            with explained(path):
                self._file.truncate(end)
        except StoreError:
            self._file.close()
            raise

    def append(self, answers: Mapping[str, Response]) -> None:
        """Hand lines to the operating system: from here on `kill -9` loses nothing."""
        with explained(self.path):
            self._file.write(b"".join(_to_line(Record(k, r)) for k, r in answers.items()))
            self._file.flush()

    def sync(self) -> None:
        """Wait until the disk has everything: from here on a power cut loses nothing."""
        with explained(self.path):
            os.fsync(self._file.fileno())

    def close(self) -> None:
        with explained(self.path):
            try:
                os.fsync(self._file.fileno())
            finally:
                self._file.close()

    def _lock(self) -> None:
        if sys.platform == "win32":
            return
        with explained(self.path):
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise StoreError(
                    f"Another upright process is carrying out this run in {self.path.parent}. "
                    "Wait for it, or stop it and run the command again."
                ) from error


class Journaled(NamedTuple):
    """The answers of a journal, and where its last whole line ends."""

    answers: dict[str, Response]
    end: int


def read_journal(path: Path) -> Journaled:
    """Every answer received so far."""
    with explained(path):
        lines = path.read_bytes().splitlines(keepends=True)
    records = [_to_record(line) for line in lines]
    # A power cut may leave several lines of rubbish, but nothing whole after them.
    whole = max((number for number, found in enumerate(records, start=1) if found), default=0)
    answers: dict[str, Response] = {}
    for number, record in enumerate(records[:whole], start=1):
        if record is None:
            raise _damaged(path, number)
        answers[record.key] = record.response
    return Journaled(answers, sum(map(len, lines[:whole])))


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Say what to do when the disk is full or the directory cannot be written."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"Cannot use {path}: {error.strerror or error}. Free some space, make it "
            "writable, or start elsewhere with --out."
        ) from error


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Wait until no other process is in here with the same folder."""
    if sys.platform == "win32":
        yield
        return
    with explained(folder):
        descriptor = os.open(folder, os.O_RDONLY)
    try:
        # NFS locks no folders. There the journal's own lock remains, which is a file's.
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _to_line(record: Record) -> bytes:
    rest = msgspec.json.encode(record)[1:]
    return b'{"crc32":"%08x",%b\n' % (crc32(rest), rest)


def _to_record(line: bytes) -> Record | None:
    """None unless the line is whole and its checksum right."""
    rest = line[HEAD:-1]
    if not line.endswith(b"\n") or line[:HEAD] != b'{"crc32":"%08x",' % crc32(rest):
        return None
    return msgspec.json.decode(b"{" + rest, type=Record)


def _damaged(path: Path, number: int) -> StoreError:
    return StoreError(
        f"Line {number} of {path} is damaged: its checksum does not match. Something other "
        "than upright changed it. Delete that line to have its question asked again."
    )
