"""One run: its disturbances as the seed draws them, its end in peace, and the comparison."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from random import Random
from typing import NamedTuple

from tests.chaos.client import ABORTED, STOPPED, Session, carry_out
from tests.chaos.ledger import Disagreement, Ledger, assert_same, read_log
from tests.chaos.server import Arrangement
from tests.chaos.world import World, ended, is_there, started, workers_of
from tests.runs.toy import CONCURRENCY
from upright.runs.storing.journal import read_journal

FAULTS = {
    "429": 0.1,
    "429-bare": 0.1,
    "500": 0.3,
    "disconnect": 0.1,
    "half-body": 0.1,
    "truncated": 0.1,
    "wrong-type": 0.1,
    "html": 0.05,
    "garbage": 0.05,
    "loris": 0.02,
    "trickle": 0.05,
    "stall": 0.02,
}
"""Each with its share, where a play draws it."""
LATEST = 0.5
"""Seconds until a blow falls, at most: about as long as an undisturbed run takes."""
OUTCOMES = {0, STOPPED, ABORTED, -signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT}
"""How a session may end. A traceback is none of them."""


@dataclass
class Report:
    """What all plays went through.

    received        answers that the runs of a play hold in the end, those from the cache included
    answered        by the server, whether or not the answer arrived
    answered_again  of these, beyond the first to the same request: two runs may ask the same
    """

    plays: int = 0
    sessions: int = 0
    with_workers: int = 0
    finished_early: int = 0
    judged: int = 0
    paired: int = 0
    acts: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    endings: Counter[str] = field(default_factory=Counter)
    unread: Counter[str] = field(default_factory=Counter)
    most_unread: int = 0
    workers_killed: int = 0
    torn: int = 0
    received: int = 0
    answered: int = 0
    answered_again: int = 0


class Running(NamedTuple):
    """A session under way, and what its run had before it."""

    session: Session
    process: ForkServerProcess
    ledger: Ledger
    before: set[str]


@dataclass
class Play:
    """A run, or two that share a cache, and the server they ask."""

    world: World
    random: Random
    place: Path
    report: Report
    arrangement: Arrangement
    judged: bool
    workers: int
    cache: Path | None
    cache_limit: int
    ledgers: list[Ledger]
    server: ForkServerProcess
    begun: int = 0

    def begin(
        self, ledger: Ledger, *, clock: int | None = None, largest_file: int | None = None
    ) -> Running:
        """A session that has begun."""
        self.begun += 1
        session = Session(
            f"session-{self.begun}",
            self.world.address,
            ledger.out,
            self.place / "said",
            self.judged,
            self.cache,
            self.cache_limit,
            largest_file,
            clock,
            workers=self.workers,
        )
        process = started(carry_out, session)
        while process.is_alive() and not is_there(process.pid or 0):
            time.sleep(0.001)
        return Running(session, process, ledger, ledger.expected())

    def end(self, how: str, *running: Running) -> list[int]:
        """Wait for sessions of one run to be gone, then look at everything."""
        statuses = [ended(one.process) for one in running]
        self.report.endings.update(f"{how}: {status}" for status in statuses)
        if not OUTCOMES.issuperset(statuses):
            raise Disagreement(f"{how}: a session ended with {statuses}")
        first = running[0]
        names = [one.session.name for one in running]
        unread = first.ledger.close_session(names, first.before)
        # At most one answer per open connection can have been on its way when a session died.
        if unread > CONCURRENCY * len(running):
            raise Disagreement(f"{how}: {unread} answers were sent and are not in the journal")
        self.report.unread[how] += unread
        self.report.most_unread = max(self.report.most_unread, unread)
        return statuses

    def wait(self, longest: float = LATEST) -> None:
        """Workers take a moment to come."""
        time.sleep(self.random.uniform(0, longest) * (2 if self.workers > 1 else 1))

    def restart(self, arrangement: Arrangement) -> None:
        self.server.kill()
        self.server.join()
        self.server = self.world.serving(arrangement)

    @property
    def over(self) -> bool:
        return all(ledger.finished() for ledger in self.ledgers)

    def unfinished(self) -> list[Ledger]:
        return [ledger for ledger in self.ledgers if not ledger.finished()]


def _strike(play: Play, how: str, *signals: signal.Signals) -> None:
    """Every run gets a session; each is hit at a moment of its own."""
    _hit(play, how, [play.begin(ledger) for ledger in play.unfinished()], signals)


def _hit(
    play: Play, how: str, sessions: Sequence[Running], signals: Sequence[signal.Signals]
) -> None:
    for running in sessions:
        play.wait()
        for number in signals:
            if running.process.is_alive() and running.process.pid:
                with suppress(ProcessLookupError):  # it has just come to its end by itself
                    os.kill(running.process.pid, number)
                play.wait(0.02)
        play.end(how, running)


def killed(play: Play) -> None:
    _strike(play, "kill -9", signal.SIGKILL)


def terminated(play: Play) -> None:
    _strike(play, "SIGTERM", signal.SIGTERM)


def interrupted(play: Play) -> None:
    _strike(play, "SIGINT", *[signal.SIGINT] * play.random.choice((1, 2)))


def clock_jumps(play: Play) -> None:
    seed = play.random.randrange(1000)
    sessions = [play.begin(ledger, clock=seed) for ledger in play.unfinished()]
    _hit(play, "clock jumps", sessions, [signal.SIGKILL])


def torn(play: Play) -> None:
    """What a power cut leaves of the last lines."""
    killed(play)
    for ledger in play.unfinished():
        for path in ledger.out.glob("*/*.jsonl"):
            content = path.read_bytes()
            last = content[content[:-1].rfind(b"\n") + 1 :]
            if play.random.random() < 0.5 and last:
                content = content[: -play.random.randrange(1, len(last))]
            else:
                content += b'{"crc32":"00000000","key":"' + play.random.randbytes(40)
            path.write_bytes(content)
        left = [key for path in ledger.out.glob("*/*.jsonl") for key in read_journal(path)]
        play.report.torn += ledger.forget(left)


def worker_killed(play: Play) -> None:
    """Its successor goes on; then the session gets its own blow."""
    play.workers = 2
    sessions = [play.begin(ledger) for ledger in play.unfinished()]
    play.wait()
    for running in sessions:
        for victim in workers_of(running.process.pid or 0)[:1]:
            with suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
                play.report.workers_killed += 1
    _hit(play, "worker killed", sessions, [signal.SIGKILL])


def server_killed(play: Play) -> None:
    sessions = [play.begin(ledger) for ledger in play.unfinished()]
    play.wait()
    play.server.kill()
    play.wait(0.3)
    play.restart(play.arrangement._replace(seed=play.random.randrange(1000)))
    play.wait()
    for running in sessions:
        running.process.kill()
        play.end("server killed", running)


def two_at_once(play: Play) -> None:
    """The same command typed twice."""
    ledger = play.unfinished()[0]
    first = play.begin(ledger)
    play.wait(0.05)
    second = play.begin(ledger)
    play.wait()
    for running in (first, second):
        running.process.kill()
        running.process.join()
    late = ledger.drop_later_run()
    play.end("two at once", first, *([] if late else [second]))


def disk_full(play: Play) -> None:
    """Really full where a small disk could be mounted; else no file may grow any more."""
    if play.world.small_disk is None:
        size = play.random.randrange(200, 20_000)
        sessions = [play.begin(ledger, largest_file=size) for ledger in play.unfinished()]
        _hit(play, "disk full", sessions, [signal.SIGKILL])
        return
    sessions = [play.begin(ledger) for ledger in play.unfinished()]
    play.wait()
    filler = play.world.small_disk / "filler"
    _fill(filler)
    for running in sessions:
        # Where all had come before, the session may be past its last byte.
        play.end("disk full", running)
    filler.unlink()


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return


ACTS: Mapping[str, Callable[[Play], None]] = {
    "kill -9": killed,
    "SIGTERM": terminated,
    "SIGINT": interrupted,
    "clock jumps": clock_jumps,
    "torn tail": torn,
    "worker killed": worker_killed,
    "server killed": server_killed,
    "two at once": two_at_once,
    "disk full": disk_full,
}


def play(world: World, seed: int, number: int, report: Report) -> None:
    """Disturb a run, stop disturbing it, and have it say what an undisturbed one says."""
    random = Random(f"{seed} {number}")
    scene = _scene(world, random, number, report)
    try:
        for act in random.choices(list(ACTS), k=random.randint(2, 5)):
            if scene.over:
                report.finished_early += 1
                break
            report.acts[act] += 1
            ACTS[act](scene)
        _finish(scene)
    finally:
        scene.server.kill()
        scene.server.join()
    _count(scene)


def _scene(world: World, random: Random, number: int, report: Report) -> Play:
    place = world.place / str(number)
    place.mkdir()
    work = (world.small_disk or place) / str(number)
    work.mkdir(exist_ok=True)
    judged, paired = random.random() < 0.3, random.random() < 0.3
    faults = random.sample(list(FAULTS), k=random.randint(0, 5))
    storm = random.choice(("", "", "429", "429-bare", "500"))
    arrangement = Arrangement(
        world.port,
        place / "log",
        {fault: FAULTS[fault] for fault in faults},
        random.uniform(0.005, 0.04),
        storm,
        random.randrange(1000),
    )
    report.faults.update([*faults, *([f"storm of {storm}"] if storm else [])])
    report.judged += judged
    report.paired += paired
    workers = random.choice((1, 1, 2))
    report.with_workers += workers > 1
    cached = paired or random.random() < 0.2
    return Play(
        world,
        random,
        place,
        report,
        arrangement,
        judged,
        workers,
        work / "cache.sqlite" if cached else None,
        random.choice((1 << 30, 30_000)),
        [Ledger(work / name, place / "log", world.known) for name in "ab"[: 1 + paired]],
        world.serving(arrangement),
    )


def _finish(scene: Play) -> None:
    """The faults stop; the same command, once, ends every run."""
    scene.restart(Arrangement(scene.world.port, scene.place / "log"))
    last = [scene.begin(ledger) for ledger in scene.unfinished()]
    for running in last:
        if scene.end("in peace", running) != [0]:
            raise Disagreement("the same command does not finish the run")
    for ledger in scene.ledgers:
        path = ledger.finished()
        if path is None:
            raise Disagreement("no run is finished")
        assert_same(path, scene.world.references[scene.judged])


def _count(scene: Play) -> None:
    answered = Counter(e.told for e in read_log(scene.place / "log") if e.what == "answered")
    report = scene.report
    report.plays += 1
    report.sessions += scene.begun
    report.received += sum(len(ledger.received) for ledger in scene.ledgers)
    report.answered += answered.total()
    report.answered_again += answered.total() - len(answered)
