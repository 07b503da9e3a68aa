"""Answers by what was asked: the same request to the same model is paid for once.

One SQLite file in the user's cache folder, shared by all runs. Errors are never kept. Beyond
UPRIGHT_CACHE_LIMIT the oldest answers go; what a run under way asked is in its journal as well.
"""

import os
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from threading import Lock

import msgspec

from upright.core import Response, StoreError, UsageError
from upright.data.places import cache_dir
from upright.runs.pieces import pieces

AT_ONCE = 400
"""Answers per statement, of two values each; older SQLite takes at most 999."""
LIMIT = "2G"
"""Bytes the cache may use where UPRIGHT_CACHE_LIMIT says nothing: a million answers or so."""
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
ROOM = 0.9
"""Of the limit is left after dropping the oldest, so that not every flush has to."""


class Cache:
    """Answers written are kept in memory until `flush`, which may run in a thread of its own."""

    def __init__(self, path: Path, limit: int | None = None) -> None:
        self.path = path
        self.limit = cache_limit() if limit is None else limit
        self._unwritten: dict[str, Response] = {}
        self._leaving: dict[str, Response] = {}
        self._putting, self._busy = Lock(), Lock()
        with self._explained():
            path.parent.mkdir(parents=True, exist_ok=True)
            # Used by one thread at a time, but not always by the one that opened it.
            self._db = sqlite3.connect(
                path, timeout=30, isolation_level=None, check_same_thread=False
            )
            # A new file waits for no disk: there is nothing in it yet.
            self._db.execute("PRAGMA synchronous=OFF")
            # Has to stand before the first table: lets pages go back to the disk.
            self._db.execute("PRAGMA auto_vacuum=INCREMENTAL")
            # WAL: several runs may read and write at once, and a commit does not wait for a disk.
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS responses (key TEXT PRIMARY KEY, response BLOB)"
            )
            self._db.execute("PRAGMA synchronous=NORMAL")

    def find(self, keys: Iterable[str]) -> dict[str, Response]:
        """The answers there are, by key."""
        asked = list(keys)
        with self._putting:
            both = (self._unwritten, self._leaving)
            found = {key: held[key] for held in both for key in asked if key in held}
        wanted = [key for key in asked if key not in found]
        with self._busy, self._explained():
            for start in range(0, len(wanted), AT_ONCE):
                part = wanted[start : start + AT_ONCE]
                marks = ",".join("?" * len(part))
                query = f"SELECT key, response FROM responses WHERE key IN ({marks})"
                for key, blob in self._db.execute(query, part):
                    found[key] = msgspec.json.decode(blob, type=Response)
        return found

    def put(self, answers: Mapping[str, Response]) -> None:
        """Keep answers by key; an error is none."""
        with self._putting:
            self._unwritten |= {k: r for k, r in answers.items() if r.error is None}

    def flush(self) -> None:
        """Write what was put since the last flush, in one transaction."""
        with self._busy:
            with self._putting:
                # What a full disk refused the last time is tried again.
                self._leaving, self._unwritten = self._leaving | self._unwritten, {}
            if self._leaving:
                self._write(self._leaving)
                self._leaving = {}

    @property
    def size(self) -> int:
        """Bytes in use."""
        with self._explained():
            pages, free, size = (
                self._db.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("page_count", "freelist_count", "page_size")
            )
        return int((pages - free) * size)

    def close(self) -> None:
        """Flush and let go of the file."""
        try:
            self.flush()
        finally:
            self._db.close()

    def _write(self, answers: Mapping[str, Response]) -> None:
        rows = ((key, msgspec.json.encode(r)) for key, r in answers.items())
        with self._explained(), self._transaction():
            for some in pieces(rows, AT_ONCE):
                # Not by `executemany`, which asks for Python's lock once a row: beside a thread
                # that computes, it then takes milliseconds for each.
                marks = ",".join(["(?, ?)"] * len(some))
                values = list(chain.from_iterable(some))
                self._db.execute(f"INSERT OR REPLACE INTO responses VALUES {marks}", values)
        if self.size > self.limit:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        """A new answer gets the next row number, so the lowest are the oldest."""
        with self._explained():
            while self.size > self.limit * ROOM:
                with self._transaction():
                    self._db.execute(
                        "DELETE FROM responses WHERE rowid IN "
                        "(SELECT rowid FROM responses ORDER BY rowid LIMIT ?)",
                        (AT_ONCE,),
                    )
                    [dropped] = self._db.execute("SELECT changes()").fetchone()
                if not dropped:
                    break
            self._db.execute("PRAGMA incremental_vacuum").fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All or nothing. On a full disk SQLite may have undone it before we can."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, msgspec.DecodeError) as error:
            if _damaged(error):
                raise StoreError(
                    f"The response cache {self.path} is damaged: {error}. Delete it, and those "
                    "named like it with -wal and -shm at the end: what it holds is asked again, "
                    "and no run is lost. Or run with --no-cache."
                ) from error
            raise StoreError(
                f"The response cache {self.path} cannot be used: {error}. "
                "Point UPRIGHT_CACHE to a folder that can be written, or run with --no-cache."
            ) from error


def _damaged(error: Exception) -> bool:
    """Whether the file is no such cache any more: every later use would fail, too."""
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # without what SQLite adds to it
        return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    return isinstance(error, msgspec.DecodeError)


def open_cache() -> Cache:
    """The user's cache."""
    return Cache(cache_path())


def cache_path() -> Path:
    return cache_dir() / "responses.sqlite"


def cache_limit() -> int:
    """UPRIGHT_CACHE_LIMIT in bytes: 500000, 500K, 200M or 2G."""
    said = os.environ.get("UPRIGHT_CACHE_LIMIT") or LIMIT
    read = re.fullmatch(r"(\d+)([KMG]?)", said.strip().upper(), re.ASCII)
    if read is None:
        raise UsageError(f"UPRIGHT_CACHE_LIMIT={said!r} is no size: write 200M or 2G.")
    return int(read[1]) * UNITS[read[2]]
