"""Answers by what was asked: the same request to the same model is paid for once.

One SQLite file in the user's cache folder, shared by all runs. Errors are never kept.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from upright.core import Response, StoreError
from upright.data.places import cache_dir

AT_ONCE = 500
"""Keys per query; older SQLite takes at most 999."""


class Cache:
    """Answers written are kept in memory until `flush`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._unwritten: dict[str, Response] = {}
        with self._explained():
            path.parent.mkdir(parents=True, exist_ok=True)
            # Used by one thread at a time, but not always by the one that opened it.
            self._db = sqlite3.connect(
                path, timeout=30, isolation_level=None, check_same_thread=False
            )
            # WAL: several runs may read and write at once, and a commit does not wait for a disk.
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS responses (key TEXT PRIMARY KEY, response BLOB)"
            )

    def find(self, keys: Iterable[str]) -> dict[str, Response]:
        """The answers there are, by key."""
        wanted = list(keys)
        found: dict[str, Response] = {}
        with self._explained():
            for start in range(0, len(wanted), AT_ONCE):
                part = wanted[start : start + AT_ONCE]
                marks = ",".join("?" * len(part))
                query = f"SELECT key, response FROM responses WHERE key IN ({marks})"
                for key, blob in self._db.execute(query, part):
                    found[key] = msgspec.json.decode(blob, type=Response)
        return found

    def put(self, answers: Mapping[str, Response]) -> None:
        """Keep answers by key; an error is none."""
        self._unwritten |= {k: r for k, r in answers.items() if r.error is None}

    def flush(self) -> None:
        """Write what was put since the last flush, in one transaction."""
        if not self._unwritten:
            return
        rows = [(key, msgspec.json.encode(r)) for key, r in self._unwritten.items()]
        with self._explained():
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany("INSERT OR REPLACE INTO responses VALUES (?, ?)", rows)
            self._db.execute("COMMIT")
        self._unwritten.clear()

    def close(self) -> None:
        """Flush and let go of the file."""
        try:
            self.flush()
        finally:
            self._db.close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, msgspec.DecodeError) as error:
            raise StoreError(
                f"The response cache {self.path} cannot be used: {error}. "
                "Point UPRIGHT_CACHE to a folder that can be written, or run with --no-cache."
            ) from error


def open_cache() -> Cache:
    """The user's cache."""
    return Cache(cache_dir() / "responses.sqlite")
