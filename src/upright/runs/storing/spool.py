"""A long list of records on the disk, for as long as a process looks at it.

A temporary file that has no name: whatever ends the process, nothing is left behind.
"""

import tempfile
import weakref
from array import array
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Generic, TypeVar, cast

import msgspec

from upright.runs.storing.journal import explained, read_at

T = TypeVar("T")

WRITTEN = READ = 1 << 18
"""Bytes that are written, and read, at once."""
ELSEWHERE = "set TMPDIR to a folder with room"


class Spool(Generic[T]):
    """Records of one type: added at the end, read in order or one by one.

    It lies where TMPDIR says. Raises StoreError where that is full.
    """

    def __init__(self, kind: type[T]) -> None:
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(kind)
        self._ends = array("Q", [0])
        self._unwritten = bytearray()

    def __len__(self) -> int:
        return len(self._ends) - 1

    def append(self, record: T) -> None:
        told = self._encoder.encode(record)
        self._unwritten += told
        self._ends.append(self._ends[-1] + len(told))
        if len(self._unwritten) >= WRITTEN:
            self._write()

    def read(self, start: int, stop: int) -> Iterator[T]:
        """The records from one place to before another, in order."""
        self._write()
        while start < stop:
            upto = self._reach(start, stop)
            first, last = self._ends[start], self._ends[upto]
            piece = memoryview(read_at(self._file, first, last - first))
            for place in range(start, upto):
                begin, end = self._ends[place] - first, self._ends[place + 1] - first
                yield self._decoder.decode(piece[begin:end])
            start = upto

    def _reach(self, start: int, stop: int) -> int:
        """Before which place to stop reading at once: after a few records, or a single long one."""
        upto = start + 1
        while upto < stop and self._ends[upto + 1] - self._ends[start] <= READ:
            upto += 1
        return upto

    def _write(self) -> None:
        with explained(Path(tempfile.gettempdir()), ELSEWHERE):
            while self._unwritten:
                del self._unwritten[: self._file.write(self._unwritten)]

    @cached_property
    def _file(self) -> BinaryIO:
        """Opened when there is something to write."""
        file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed with the spool
        weakref.finalize(self, file.close)
        return cast(BinaryIO, file)
