"""What a run's folder holds, what the server's log says, and whether the two agree."""

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow.parquet as pq

from upright.runs.storing.journal import read_journal, whole_lines

TABLES = ("samples", "estimates", "verdicts")
WHEN = ["latency_s", "attempts"]
"""Columns that tell how an answer came; all others must not differ."""


class Disagreement(AssertionError):
    """Something that must never happen did."""


class Entry(NamedTuple):
    """A line of the server's log."""

    what: str
    who: str
    told: str


def read_log(path: Path) -> list[Entry]:
    return [Entry(*json.loads(line)) for line in path.read_bytes().splitlines()]


@dataclass
class Ledger:
    """The answers that one run has received so far, by the keys of their requests.

    known   the key of every request and the hash under which the server knows it
    """

    out: Path
    log: Path
    known: Mapping[str, str]
    received: dict[str, object] = field(default_factory=dict)

    def expected(self) -> set[str]:
        """What no session that starts now may ask."""
        return {self.known[key] for key in self.received}

    def close_session(self, names: Iterable[str], before: set[str]) -> int:
        """Look at everything after these sessions are gone.

        Returns how many answers the server had sent them that they did not get to keep.
        """
        entries = [entry for entry in read_log(self.log) if entry.who in set(names)]
        again = [e for e in entries if e.what == "asked" and e.told in before]
        if again:
            raise Disagreement(f"{len(again)} requests were asked whose answers were here")
        self.look()
        sent = {entry.told for entry in entries if entry.what == "answered"}
        return len(sent - self.expected())

    def drop_later_run(self) -> bool:
        """Where a session began after the run was finished, its command began another run, which
        may ask everything anew: this run is not about it."""
        done = self.finished()
        others = [path for path in self.out.glob("*/run.json") if done and path.parent != done]
        for path in others:
            if done and path.stat().st_mtime_ns < (done / "run.json").stat().st_mtime_ns:
                raise Disagreement("a second run was begun while the first was under way")
            shutil.rmtree(path.parent)
        return bool(others)

    def forget(self, left: Iterable[str]) -> int:
        """Answers that we tore off ourselves; how many."""
        left = set(left)
        torn = [key for key in self.received if key not in left]
        for key in torn:
            del self.received[key]
        return len(torn)

    def look(self) -> None:
        """Whatever lies under a final name must be whole, and no answer may be gone."""
        now: dict[str, object] = {}
        for folder in self.out.glob("*/"):
            found: dict[str, object] = {}
            # What was taken over from a shard stays in it for the blink of an eye.
            for path in folder.glob("*.jsonl"):
                answers = read_journal(path)
                lines = sum(1 for _ in whole_lines(path))
                if lines != len(answers):
                    raise Disagreement(f"{lines - len(answers)} answers twice in {path}")
                found |= answers
            if twice := now.keys() & found.keys():
                raise Disagreement(f"{len(twice)} answers in two folders of one run")
            now |= found
        lost = [key for key, response in self.received.items() if now.get(key) != response]
        if lost:
            raise Disagreement(f"{len(lost)} answers that were here are gone or changed")
        self.received = now
        for path in self.out.glob("*/run.json"):
            json.loads(path.read_bytes())
        for path in self.out.glob("*/*.parquet"):
            pq.read_table(path)

    def finished(self) -> Path | None:
        """Of two that are finished the first: the other took all from the cache."""
        for path in sorted(self.out.glob("*/run.json"), key=lambda path: path.stat().st_mtime_ns):
            if json.loads(path.read_bytes())["status"] == "finished":
                return path.parent
        return None


def tables(path: Path) -> dict[str, pd.DataFrame]:
    """The tables of a finished run, without what tells only how the answers came."""
    there = [path / f"{name}.parquet" for name in TABLES]
    found = {file.stem: pd.read_parquet(file) for file in there if file.exists()}
    return {name: table.drop(columns=WHEN, errors="ignore") for name, table in found.items()}


def assert_same(path: Path, reference: Mapping[str, pd.DataFrame]) -> None:
    """Row for row what the undisturbed run says, and nothing half-made beside it."""
    found = tables(path)
    if found.keys() != reference.keys():
        raise Disagreement(f"{path} holds {sorted(found)}")
    for name, table in reference.items():
        pd.testing.assert_frame_equal(found[name], table, check_exact=True)
    if left := list(path.glob("*.unfinished")):
        raise Disagreement(f"left behind: {left}")
    calls: dict[str, Any] = json.loads((path / "run.json").read_bytes())["calls"]
    if calls["errors"] or calls["asked"] + calls["from_cache"] != calls["planned"]:
        raise Disagreement(f"the counts of {path} are off: {calls}")
