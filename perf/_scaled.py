"""Measures whole runs by several workers: wall time and CPU, phase by phase.

    python perf/_scaled.py URL QUESTIONS CONNECTIONS WORKERS        one of them, in this process

Nothing of the product is changed for it: its functions are wrapped from here.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import _made_up
from _made_up import Asked, carry_out
from engine import seen

from upright.runs import conduct
from upright.runs.asking.crew import Alone
from upright.runs.workers.team import Team, Workers

PHASES = ("plan", "start", "ask", "take over", "judge, tables", "other")
"""Of the wall time of the run's own process. `start`: until all workers have their questions."""


class Spent(NamedTuple):
    """What one run took, in seconds.

    wall, own   by phase: wall time, and CPU of the run's own process
    workers     CPU of all worker processes
    server      CPU of the endpoint
    others      cores that everything else on the machine kept busy meanwhile
    """

    wall: Mapping[str, float]
    own: Mapping[str, float]
    workers: float
    server: float
    others: float

    @property
    def whole(self) -> float:
        return sum(self.wall.values())

    @property
    def cpu(self) -> float:
        return sum(self.own.values()) + self.workers

    def path(self, number: int) -> float:
        """CPU along the longest path, were every process to have a core of its own: this is what
        the wall time would be on an idle machine, and it does not feel who else is at work."""
        return sum(self.own.values()) + self.workers / max(1, number)


class Watch:
    """Seconds and CPU seconds by phase."""

    def __init__(self) -> None:
        self.wall: dict[str, float] = defaultdict(float)
        self.own: dict[str, float] = defaultdict(float)

    @contextmanager
    def on(self, phase: str) -> Iterator[None]:
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            self.wall[phase] += time.perf_counter() - wall
            self.own[phase] += time.process_time() - cpu

    def wrap(self, place: Any, name: str, phase: str) -> None:
        function = getattr(place, name)

        def watched(*given: Any, **named: Any) -> Any:
            with self.on(phase):
                return function(*given, **named)

        setattr(place, name, watched)

    def wrap_asking(self, crew: type[Alone] | type[Workers]) -> None:
        ask: Callable[..., Awaitable[None]] = crew.ask

        async def watched(*given: Any, **named: Any) -> None:
            self._began = time.perf_counter(), time.process_time()
            with self.on("ask"):
                await ask(*given, **named)

        crew.ask = watched  # type: ignore[method-assign]

    def wrap_start(self) -> None:
        hand_out: Callable[..., Awaitable[None]] = Team._hand_out

        async def watched(*given: Any) -> None:
            await hand_out(*given)
            self.wall["start"] = time.perf_counter() - self._began[0]
            self.own["start"] = time.process_time() - self._began[1]

        Team._hand_out = watched  # type: ignore[method-assign,assignment]

    def told(self, wall: float, cpu: float) -> dict[str, dict[str, float]]:
        """Phases within others are taken off these, so that they sum up to the whole."""
        for spent, whole in ((self.wall, wall), (self.own, cpu)):
            spent["ask"] -= spent["start"] + spent["take over"]
            spent["other"] = whole - sum(spent.values())
        return {"wall": dict(self.wall), "own": dict(self.own)}


def client(asked: Asked) -> None:
    """In a process of its own: print what the run took. Imports are not counted."""
    with TemporaryDirectory() as folder:
        carry_out(
            asked._replace(questions=1, workers=0), Path(folder) / "first"
        )  # imports, weights
        made_up = _made_up.prompts(asked.questions)  # which is no part of a run
        setattr(_made_up, "prompts", lambda count: made_up)  # noqa: B010 - mypy minds the other way
        watch = Watch()
        watch.wrap(_made_up, "make_plan", "plan")
        watch.wrap(conduct, "write_tables", "judge, tables")
        watch.wrap(Team, "_take_over", "take over")
        watch.wrap_asking(Alone)
        watch.wrap_asking(Workers)
        watch.wrap_start()
        wall, cpu = time.perf_counter(), time.process_time()
        carry_out(asked, Path(folder))
        told = watch.told(time.perf_counter() - wall, time.process_time() - cpu)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(json.dumps({**told, "workers": children.ru_utime + children.ru_stime}))


def measured(asked: Asked) -> Spent:
    server, busy, own = seen(asked.url)["cpu"], _busy(), _of_children()
    start = time.perf_counter()
    words = [sys.executable, __file__, asked.url, *map(str, asked[1:4])]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    wall = time.perf_counter() - start
    told = json.loads(done.stdout.splitlines()[-1])
    server = seen(asked.url)["cpu"] - server
    # All of the client's CPU, for imports too, is its own and not the others'.
    others = max(0.0, _busy() - busy - server - (_of_children() - own)) / wall
    return Spent(told["wall"], told["own"], told["workers"], server, others)


def _of_children() -> float:
    """CPU seconds of the children that have ended, and of theirs."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _busy() -> float:
    """CPU seconds that this machine has spent on anything; 0 where it does not say."""
    told = Path("/proc/stat")
    if not told.exists():
        return 0.0
    user, nice, system, _, _, irq, soft, *_ = map(int, told.read_text().split()[1:9])
    return (user + nice + system + irq + soft) / os.sysconf("SC_CLK_TCK")


def middle(found: list[Spent]) -> Spent:
    """Medians of all."""

    def of(name: str) -> dict[str, float]:
        return {p: median(getattr(one, name).get(p, 0.0) for one in found) for p in PHASES}

    single = (median(getattr(one, n) for one in found) for n in ("workers", "server", "others"))
    return Spent(of("wall"), of("own"), *single)


if __name__ == "__main__":
    url, questions, connections, workers = sys.argv[1:]
    client(Asked(url, int(questions), int(connections), int(workers)))
