"""One session of a run in a process that may die at any moment."""

import json
import os
import resource
import signal
import time
import traceback
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import NamedTuple, Self

from tests.runs.toy import CONCURRENCY, RUBRIC, SUITE, planned, staffed, toy
from upright.core import Request, Response, Settings, UprightError
from upright.models import ModelOptions
from upright.models._chat import to_payload
from upright.models.openai import Endpoint
from upright.runs import Cache, Options, Patience, Staffing, run
from upright.runs.storing import store

BROKEN, STOPPED, ABORTED = 1, 3, 130
"""The exit status of a session that ended with a traceback, with a message, without a word."""
STUBBORN = Patience(max_attempts=1_000_000, first=0.005, longest=0.05, longest_obeyed=0.05)
TIMEOUT = 1.0
COUNT = 80


class Session(NamedTuple):
    """What to do. `name` is the key by which the server knows the session."""

    name: str
    address: str
    out: Path
    said: Path
    judged: bool = False
    cache: Path | None = None
    cache_limit: int = 1 << 30
    largest_file: int | None = None
    clock: int | None = None
    record: Path | None = None
    workers: int = 1


class Recording(Endpoint):
    """Notes the hash under which the server knows each request."""

    record: Path

    async def generate(self, requests: Sequence[Request]) -> list[Response]:
        body = to_payload(self.name, requests, "max_tokens")
        with self.record.open("a") as file:
            file.write(json.dumps([requests[0].key, sha256(body).hexdigest()[:16]]) + "\n")
        return await super().generate(requests)


def carry_out(session: Session) -> None:
    """A run, or the rest of one; what it says on its way out goes to `said`."""
    try:
        status = _outcome(session)
    except KeyboardInterrupt:
        # Before the first question and after the last number; the command line does the same.
        status = ABORTED
    except Exception:  # noqa: BLE001 - a child shows what broke it
        traceback.print_exc()
        status = BROKEN
    # What multiprocessing does at its end is not what is tried here.
    os._exit(status)


def _outcome(session: Session) -> int:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # The sign that blows may fall from now on, and how whatever it starts is found.
    os.setpgid(0, 0)
    _limit(session)
    if session.clock is not None:
        _unsettle(session.clock)
    try:
        _run(session)
    except UprightError as error:
        with session.said.open("a") as file:
            file.write(f"{session.name}: {error}\n")
        return STOPPED
    return 0


def _run(session: Session) -> None:
    settings = Settings(suite="mini", judge=("judge",)) if session.judged else SUITE
    benchmark = toy(rubric=RUBRIC) if session.judged else toy()
    model = _endpoint(session, "test")
    judges = [_endpoint(session, "judge")] if session.judged else []
    plan = planned(model, COUNT, settings, benchmark)
    cache = Cache(session.cache, session.cache_limit) if session.cache else None
    options = Options(
        out=session.out,
        cache=cache,
        patience=STUBBORN,
        command=("upright", "run", "toy"),
        staffing=_staffing(session),
    )
    run(plan, model, judges, options)


def _endpoint(session: Session, name: str) -> Endpoint:
    options = ModelOptions(concurrency=CONCURRENCY, timeout=TIMEOUT)
    if session.record is None:
        return Endpoint(name, session.address, session.name, options)
    recording = Recording(name, session.address, session.name, options)
    recording.record = session.record
    return recording


def _staffing(session: Session) -> Staffing:
    """Workers read their key, by which the server knows the session, from the environment."""
    os.environ["UPRIGHT_API_KEY"] = session.name
    return staffed(
        session.address,
        session.workers,
        ("openai/test", "openai/judge"),
        concurrency=CONCURRENCY,
        timeout=TIMEOUT,
    )


def _limit(session: Session) -> None:
    """A full disk, where no small one can be mounted: no file may grow beyond so many bytes."""
    if session.largest_file is not None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (session.largest_file, hard))


def _unsettle(seed: int) -> None:
    """The wall clock jumps by up to ten years, either way, whenever it is read."""
    random, real = Random(seed), time.time
    years = 10 * 365 * 86400.0

    def jumping() -> float:
        return real() + random.uniform(-years, years)

    class Jumping(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return super().now(tz) + timedelta(seconds=random.uniform(-years, years))

    time.time = jumping
    vars(store)["datetime"] = Jumping
