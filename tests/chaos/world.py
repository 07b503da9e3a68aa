"""Processes, a port, a small disk: what the plays are played with."""

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import active_children, get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd

from tests.chaos.client import Session, carry_out
from tests.chaos.ledger import Disagreement, Ledger, tables
from tests.chaos.server import Arrangement, serve

LONGEST = 60.0
"""Seconds after which a process that should have ended, or begun, never will."""
GONE = 15.0
"""Seconds until nothing of a session is left, at most."""
FORKS = get_context("forkserver")
"""Imports once; every session is still a process of its own."""
FORKS.set_forkserver_preload(["tests.chaos.client", "tests.chaos.server"])


def started(work: Callable[[Any], None], told: object) -> ForkServerProcess:
    process = FORKS.Process(target=work, args=(told,), daemon=True)
    process.start()
    return process


def ended(process: ForkServerProcess) -> int:
    """Its exit status, once it is over; of its process group nothing may stay."""
    process.join(LONGEST)
    if process.exitcode is None:
        process.kill()
        raise Disagreement("a session did not come to an end")
    # `uname`, asked for the name of the platform, outlives kill -9 by milliseconds; a worker that
    # was just being started, by as long as it takes to start and to find that nobody is there.
    deadline = time.monotonic() + GONE
    while is_there(process.pid or 0):
        if time.monotonic() > deadline:
            raise Disagreement("a session left a process behind")
        time.sleep(0.01)
    return process.exitcode


def is_there(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def workers_of(group: int) -> list[int]:
    """The processes of a session that ask for it."""
    command = ["ps", "-ww", "-eo", "pid,pgid,args"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in told.splitlines()[1:]]
    return [int(r[0]) for r in rows if int(r[1]) == group and "workers.processes" in r[2]]


@dataclass
class World:
    """One address for all plays, so that all ask the same; and what undisturbed runs say.

    known        by the key of every request, the hash under which the server knows it
    references   the tables, without and with a judge model
    """

    place: Path
    small_disk: Path | None = None
    port: int = 0
    known: dict[str, str] = field(default_factory=dict)
    references: dict[bool, Mapping[str, pd.DataFrame]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.port = self.port or _free_port()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def serving(self, arrangement: Arrangement) -> ForkServerProcess:
        """A server that listens."""
        process = started(serve, arrangement)
        deadline = time.monotonic() + LONGEST
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return process
            time.sleep(0.01)
        raise Disagreement("the server does not start")

    def rehearse(self) -> None:
        """The undisturbed runs."""
        place = self.place / "undisturbed"
        place.mkdir()
        server = self.serving(Arrangement(self.port, place / "log"))
        for judged in (False, True):
            out, record = place / str(judged), place / f"{judged}.jsonl"
            session = Session("calm", self.address, out, place / "said", judged, record=record)
            if ended(started(carry_out, session)):
                raise Disagreement("the undisturbed run does not finish")
            self.known |= dict(map(msgspec.json.decode, record.read_bytes().splitlines()))
            path = Ledger(out, place / "log", self.known).finished()
            if path is None:
                raise Disagreement("the undisturbed run is not finished")
            self.references[judged] = tables(path)
        server.kill()
        server.join()


@contextmanager
def small_disk(place: Path, size: str = "4m") -> Iterator[Path | None]:
    """A disk that fills in no time, where this user may mount one."""
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    try:
        yield place if mounted else None
    finally:
        if mounted:
            for process in active_children():
                process.kill()
                process.join()
            subprocess.run(["umount", str(place)], check=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
