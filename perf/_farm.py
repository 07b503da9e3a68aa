"""Simulates a run by many workers, event by event.

Simulated are the endpoint, the workers' cores and the run's own process. Real are the engine's
`ask`, with its patience, and its `Pace` with limits and halving, on a clock that jumps.
"""

import random
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

import numpy as np
from _clock import Clock, Work, until

from upright.core import Message, Model, ModelError, Request, Response
from upright.runs.asking.engine import Patience, ask
from upright.runs.asking.limits import Limits
from upright.runs.asking.pace import Among, Pace
from upright.runs.garbage import seldom_collected

APART = 0.2
"""Seconds from the first worker that is up to the last."""
TRAVELS = 0.001
"""Seconds that a word between a worker and the run takes."""
TURNED_AWAY = 0.05
"""Seconds after which an endpoint that has too much to do says so."""
TOKENS = 50
CHUNK = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Costs:
    """CPU seconds, all but `fixed` and `boot` per question.

    fixed       of the run's own process, however few questions there are
    before      plan, looking up, run.json: by the run's own process alone
    hand_out    to workers
    boot        one worker's imports
    service     what asking one question takes of a worker
    alone       the same of the run's own process, where that asks
    take_over   from a worker's shard
    after       judging, estimates, tables
    """

    fixed: float
    before: float
    hand_out: float
    boot: float
    service: float
    alone: float
    take_over: float
    after: float


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Latencies are lognormal about `median` seconds; a share `slow` of the calls takes
    `slow_for`. `at_once` calls are worked on, more are turned away with a 429."""

    median: float
    sigma: float = 0.5
    slow: float = 0.0
    slow_for: float = 60.0
    at_once: int | None = None


@dataclass(frozen=True, kw_only=True)
class Farm:
    """One run. `workers` 0: its own process asks. `connections` are all workers' together.

    cores   that there are; None means one for every process
    life    seconds that a worker lives on average; None means for good
    """

    questions: int
    workers: int
    connections: int
    endpoint: Endpoint
    costs: Costs
    limits: Limits = field(default_factory=Limits)
    cores: float | None = None
    life: float | None = None
    seed: int = 0


@dataclass(kw_only=True)
class Told:
    """What came of it. Seconds by phase; `begun` has the moment of every call that the endpoint
    took on; `most` is how many it worked on at once."""

    before: float = 0.0
    start: float = 0.0
    asking: float = 0.0
    after: float = 0.0
    taking_over: float = 0.0
    busy: float = 0.0
    answered: int = 0
    given_up: int = 0
    turned_away: int = 0
    died: int = 0
    most: int = 0
    begun: "array[float]" = field(default_factory=lambda: array("d"))

    @property
    def wall(self) -> float:
        return self.before + self.start + self.asking + self.after

    @property
    def serial(self) -> float:
        """Seconds in which the run's own process was at work."""
        return self.before + self.start + self.taking_over + self.after


class _Server:
    def __init__(self, farm: Farm, clock: Clock, told: Told) -> None:
        self._endpoint, self._clock, self._told = farm.endpoint, clock, told
        self._latencies = _drawn(farm.endpoint, np.random.default_rng([farm.seed, 1]))
        self._under_way = 0

    async def call(self) -> None:
        now, told, most = self._clock.now, self._told, self._endpoint.at_once
        if most and self._under_way >= most:
            told.turned_away += 1
            await until(now + TURNED_AWAY)
            raise ModelError("429", overloaded=True)
        self._under_way += 1
        told.most = max(told.most, self._under_way)
        told.begun.append(now)
        try:
            await until(now + next(self._latencies))
        finally:
            self._under_way -= 1


class _Worker:
    """One process that asks; to `ask` it is the model."""

    def __init__(self, run: "_Run", number: int, questions: int) -> None:
        self._run, self.number = run, number
        self.share = self._left = questions
        self.answered = 0
        self._free = run.clock.now
        farm, crew = run.farm, max(1, run.farm.workers)
        connections = farm.connections // crew + (number < farm.connections % crew)
        among = Among(1 / crew, lambda age, wait: run.pass_on(number, age, wait))
        self.pace = Pace(
            connections, farm.limits, Patience.longest_obeyed, run.clock, run.clock.sleep, among
        )
        self._open = min(connections, questions)
        self._work: list[Work] = [self._ask() for _ in range(self._open)]
        for work in self._work:
            run.clock.start(work)

    async def _ask(self) -> None:
        run, model = self._run, cast(Model, self)
        while self._left:
            self._left -= 1
            (response,) = await ask(model, run.batch, run.patience, run.random, self.pace)
            self.answered += 1
            run.told.given_up += response.error is not None
        self._open -= 1
        if not self._open:
            self._work.clear()
            run.put_away(self)

    async def generate(self, batch: Sequence[Request]) -> list[Response]:
        run, began = self._run, self._run.clock.now
        try:
            await run.server.call()
        finally:  # to be turned away costs as much
            spent = run.service * (0.5 + run.random.random())
            self._free = max(self._free, run.clock.now) + spent
        run.told.busy += spent
        await until(self._free)
        latency = run.clock.now - began
        return [Response(text="x", prompt_tokens=60, completion_tokens=TOKENS, latency=latency)]

    def die(self) -> None:
        if self._work:
            for work in self._work:
                work.close()
            self._work.clear()
            self._run.told.died += 1
            self._run.put_away(self)


class _Run:
    def __init__(self, farm: Farm) -> None:
        self.farm, self.clock, self.told = farm, Clock(), Told()
        self.random = random.Random(farm.seed)
        self.patience = Patience(seed=farm.seed)
        self.server = _Server(farm, self.clock, self.told)
        self.batch = [Request(model="m", messages=(Message("user", "x" * 240),), max_tokens=64)]
        # Processes that share cores each get less of them.
        crowd = max(1.0, max(1, farm.workers) / farm.cores) if farm.cores else 1.0
        costs = farm.costs
        self.service = (costs.service if farm.workers else costs.alone) * crowd
        self._boot = costs.boot * crowd
        self._workers: dict[int, _Worker] = {}
        self._free = 0.0

    def carry_out(self) -> Told:
        farm, told = self.farm, self.told
        told.before = farm.costs.fixed + farm.costs.before * farm.questions
        told.after = farm.costs.after * farm.questions
        if farm.workers:
            told.start = farm.costs.hand_out * farm.questions + self._boot
        crew = max(1, farm.workers)
        # A hash splits them: some workers get more than others.
        split = np.random.default_rng([farm.seed, 2]).multinomial(farm.questions, [1 / crew] * crew)
        for number, share in enumerate(split.tolist()):
            late = self.random.uniform(0, APART) if number else 0.0
            self.clock.call_later(late, self._hire, number, share)
        self.clock.run()
        told.asking = self._free
        return told

    def pass_on(self, number: int, age: float | None, wait: float | None) -> None:
        for other in self._workers.values():
            if other.number != number:
                self.clock.call_later(2 * TRAVELS, other.pace.hear, age, wait)

    def put_away(self, worker: _Worker) -> None:
        """It is done or dead: what it has is taken over, the rest goes to a successor."""
        cost = self.farm.costs.take_over * worker.answered if self.farm.workers else 0.0
        self._free = max(self._free, self.clock.now) + cost
        self.told.taking_over += cost
        self.told.answered += worker.answered
        del self._workers[worker.number]
        if left := worker.share - worker.answered:
            delay = self._free - self.clock.now + self._boot
            self.clock.call_later(delay, self._hire, worker.number, left)

    def _hire(self, number: int, questions: int) -> None:
        if not questions:
            return
        worker = self._workers[number] = _Worker(self, number, questions)
        if self.farm.life and self.farm.workers:
            self.clock.call_later(self.random.expovariate(1 / self.farm.life), worker.die)


@seldom_collected()
def simulate(farm: Farm) -> Told:
    return _Run(farm).carry_out()


def _drawn(endpoint: Endpoint, rng: np.random.Generator) -> Iterator[float]:
    while True:
        some = endpoint.median * rng.lognormal(0.0, endpoint.sigma, CHUNK)
        if endpoint.slow:
            some = np.where(rng.random(CHUNK) < endpoint.slow, endpoint.slow_for, some)
        yield from some.tolist()
