"""What was received, line by line, so that nothing is asked twice after a crash.

Append-only JSONL; each line carries the CRC-32 of the rest of it. What a crash left unfinished at
the end is dropped; damage before a whole line is reported.
"""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple
from zlib import crc32

import msgspec

from upright.core import Response, StoreError

if sys.platform != "win32":
    import fcntl

HEAD = len(b'{"crc32":"01234567",')
LENGTH = 32
"""Bits of a place that are a line's length; the others are where it starts."""
AT_HAND = 4 << 20
"""Bytes of lines whose answers stay in memory: reading one back takes as long as judging it."""


class Busy(StoreError):
    """Another process is writing this journal."""


class Record(msgspec.Struct, frozen=True, omit_defaults=True):
    """One received answer. `key` is its request's; `cached` means that an earlier run paid."""

    key: str
    response: Response
    cached: bool = False


RECORD = msgspec.json.Decoder(Record)


class Journal(Mapping[str, Response]):
    """The open journal of a run: its answers by key, on the disk. One process at a time writes it.

    Memory holds where each line is, and what the first few thousand say that are appended.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._places: dict[str, int] = {}
        self._cached: set[str] = set()
        self._at_hand: dict[str, Response] = {}
        with explained(path):
            # Unbuffered: what a full disk refused must not be tried again behind other lines.
            self._file: BinaryIO = path.open("ab+", buffering=0)
        try:
            self._lock()
            self._end = 0
            for line in whole_lines(path):
                self._note(line.record.key, line.size, cached=line.record.cached)
            with explained(path):
                self._file.truncate(self._end)
        except StoreError:
            self._file.close()
            raise

    def __getitem__(self, key: str) -> Response:
        if (known := self._at_hand.get(key)) is not None:
            return known
        place = self._places[key]
        start, size = place >> LENGTH, place & ((1 << LENGTH) - 1)
        with explained(self.path):
            line = read_at(self._file, start, size)
        record = _to_record(line)
        if record is None:
            raise StoreError(f"{self.path} was changed while it was in use, at byte {start}.")
        return record.response

    def __contains__(self, key: object) -> bool:
        return key in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def from_cache(self, key: str) -> bool:
        """Whether the answer to this key was taken from the cache."""
        return key in self._cached

    def append(self, answers: Mapping[str, Response], *, cached: bool = False) -> None:
        """Hand lines to the operating system: from here on `kill -9` loses nothing."""
        lines = to_lines(answers, cached=cached)
        with explained(self.path):
            self._write(b"".join(lines))
        for (key, response), line in zip(answers.items(), lines, strict=True):
            self._note(key, len(line), cached=cached)
            if self._end <= AT_HAND:
                self._at_hand[key] = response

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

    def _write(self, content: bytes) -> None:
        """All of it or nothing: half a line would spoil the next one."""
        left = memoryview(content)
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError:
            with suppress(OSError):
                self._file.truncate(self._end)
            raise

    def _note(self, key: str, size: int, *, cached: bool) -> None:
        self._places[key] = self._end << LENGTH | size
        if cached:
            self._cached.add(key)
        self._end += size

    def _lock(self) -> None:
        if sys.platform == "win32":
            return
        with explained(self.path):
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Busy(
                    f"Another upright process is carrying out this run in {self.path.parent}. "
                    "Wait for it, or stop it and run the command again."
                ) from error


class Line(NamedTuple):
    """A whole line of a journal, and how many bytes it takes."""

    record: Record
    size: int


def whole_lines(path: Path) -> Iterator[Line]:
    """Every line of a journal, one at a time."""
    with explained(path), path.open("rb") as file:
        yield from lines_of(file, path)


def lines_of(lines: Iterable[bytes], name: Path | str) -> Iterator[Line]:
    """The whole ones. Raises StoreError at damage that a whole line follows."""
    damaged = 0
    for number, line in enumerate(lines, start=1):
        record = _to_record(line)
        if record is None:
            # A power cut may leave several lines of rubbish, but nothing whole after them.
            damaged = damaged or number
        elif damaged:
            raise _damaged(name, damaged)
        else:
            yield Line(record, len(line))


def to_lines(answers: Mapping[str, Response], *, cached: bool = False) -> list[bytes]:
    return [_to_line(Record(key, response, cached)) for key, response in answers.items()]


def read_journal(path: Path) -> dict[str, Response]:
    """Every answer received so far, by key."""
    return {line.record.key: line.record.response for line in whole_lines(path)}


class explained(AbstractContextManager[None]):
    """Say what to do when the disk is full or the directory cannot be written.

    No generator, because every answer is read inside of it.
    """

    def __init__(self, path: Path, elsewhere: str = "start elsewhere with --out") -> None:
        self._path, self._elsewhere = path, elsewhere

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            raise StoreError(
                f"Cannot use {self._path}: {error.strerror or error}. Free some space, make it "
                f"writable, or {self._elsewhere}."
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


def read_at(file: BinaryIO, start: int, size: int) -> bytes:
    if sys.platform == "win32":
        file.seek(start)
        return file.read(size)
    return os.pread(file.fileno(), size, start)


def _to_line(record: Record) -> bytes:
    rest = msgspec.json.encode(record)[1:]
    return b'{"crc32":"%08x",%b\n' % (crc32(rest), rest)


def _to_record(line: bytes) -> Record | None:
    """None unless the line is whole and its checksum right."""
    rest = line[HEAD:-1]
    if not line.endswith(b"\n") or line[:HEAD] != b'{"crc32":"%08x",' % crc32(rest):
        return None
    return RECORD.decode(b"{" + rest)


def _damaged(path: Path | str, number: int) -> StoreError:
    return StoreError(
        f"Line {number} of {path} is damaged: its checksum does not match. Something other "
        "than upright changed it. Delete that line to have its question asked again."
    )
