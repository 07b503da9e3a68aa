"""Several workers ask one model: processes here, or actors of a cluster.

The questions are split by a hash of what they say. Every worker writes the answers to a shard of
its own, from where they are taken over; what a worker that died had written is taken over too,
and only the rest goes to its successor.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Protocol
from zlib import crc32

import msgspec

from upright.core import Model, ModelRefused, Outcome, Request, StoreError
from upright.runs.asking.crew import Alone, Receiver
from upright.runs.asking.engine import Patience
from upright.runs.asking.limits import Limits
from upright.runs.items import Requests
from upright.runs.pieces import pieces
from upright.runs.storing.shards import answers_of, drop, shard
from upright.runs.workers.staffing import Reached
from upright.runs.workers.words import (
    Begin,
    Done,
    Failed,
    FromWorker,
    Heard,
    Hello,
    Questions,
    Refused,
    Slower,
    ToWorker,
)

AT_ONCE = 500
"""Questions that are handed to a worker together."""
TOGETHER, EACH = 50_000, 2_000
"""Questions that all workers together have at once, and each of many: the next ones are read when
these are answered, and with less to do a worker would mostly wait for the others."""
LIVES = 5
"""Workers that may die over one share of the questions without having answered any."""


class Worker(Protocol):
    """One worker, seen from the run."""

    async def hear(self) -> FromWorker | None:
        """Its next word; None when it is dead."""
        ...

    async def tell(self, word: ToWorker) -> None:
        """Say a word; a dead worker hears nothing."""
        ...

    async def end(self) -> None:
        """Have it put away what it has, and be gone."""
        ...


Hire = Callable[[Hello], Awaitable[Worker]]


@dataclass(frozen=True, kw_only=True)
class Staff:
    """Who asks, and where they write.

    hire    brings up a worker
    leave   all workers are gone
    number  how many of them; a model that takes fewer calls at once gets fewer
    models  by id, those that workers can open; others are asked by this process
    shards  the run's folder, or an address that all workers reach
    """

    hire: Hire
    leave: Callable[[], None] = lambda: None
    number: int
    models: Mapping[str, Reached]
    shards: str


class Workers:
    """A crew of them."""

    def __init__(self, staff: Staff, patience: Patience, limits: Limits) -> None:
        self._staff, self._patience, self._limits = staff, patience, limits
        self._alone = Alone(patience, limits)
        self._teams: dict[str, Team] = {}

    async def ask(
        self, model: Model, requests: Requests, receiver: Receiver, *, again: bool
    ) -> None:
        if model.id not in self._staff.models:
            await self._alone.ask(model, requests, receiver, again=again)
            return
        if model.id not in self._teams:
            self._teams[model.id] = Team(self._staff, model, self._patience, self._limits)
        team = self._teams[model.id]
        for some in pieces(requests, max(TOGETHER, EACH * team.number)):
            await team.ask(some, receiver, again=again)

    def facts(self, model: Model) -> dict[str, str]:
        team = self._teams.get(model.id)
        return {**model.facts, **(team.facts if team else {})}

    async def close(self) -> None:
        try:
            await asyncio.gather(*(team.close() for team in self._teams.values()))
        finally:
            self._staff.leave()


class Team:
    """The workers of one model. They stay for all that it is asked."""

    def __init__(self, staff: Staff, model: Model, patience: Patience, limits: Limits) -> None:
        self._staff, self._model = staff, model
        self._patience, self._limits = patience, limits
        self._reached = staff.models[model.id]
        self.number = self._reached.copies or max(1, min(staff.number, model.concurrency))
        self._workers: dict[int, Worker] = {}
        self._free: asyncio.Queue[int] = asyncio.Queue()
        self._token, self._shards = secrets.token_hex(4), count()
        self._elsewhere: dict[int, Mapping[Outcome, int]] = {}
        self.facts: dict[str, str] = {}

    async def ask(self, requests: Sequence[Request], receiver: Receiver, *, again: bool) -> None:
        """Split them, and wait for all; the first worker that is refused ends the others' work."""
        if self._model.cacheable:
            requests = [msgspec.structs.replace(request, sample=None) for request in requests]
        self._free = asyncio.Queue()
        shares = split(requests, self.number)
        tasks = [
            asyncio.create_task(self._share(number, share, receiver, again=again))
            for number, share in enumerate(shares)
            if share
        ]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                if not task.cancelling():  # a second time would cut short how it ends
                    task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        await asyncio.gather(*(worker.end() for worker in self._workers.values()))
        self._workers.clear()

    async def _share(
        self, number: int, requests: Sequence[Request], receiver: Receiver, *, again: bool
    ) -> None:
        """One share of the questions, by one worker or, where it dies, by its successors."""
        left = {request.key: request for request in requests}
        lives = LIVES
        while left:
            place = shard(self._staff.shards, f"shard-{self._token}-{next(self._shards)}")
            before = len(left)
            done = False
            try:
                number = await self._taker(number)
                worker = self._workers[number]
                await self._hand_out(worker, list(left.values()), Begin(place, again))
                done = await self._listen(number, worker, left, receiver)
            finally:
                # What it has of the questions may grow until it is gone.
                if not done:
                    await self._dismiss(number)
                self._take_over(number, place, left, receiver)
            if done and left:
                raise _unseen(self._staff.shards, len(left))
            lives = LIVES if len(left) < before else lives - 1
            if not lives:
                raise ModelRefused(
                    f"{LIVES} workers in a row ended before they had answered anything. What they "
                    "said stands above, or in the cluster's logs. Without --workers and --on, "
                    "this process asks."
                )
        self._free.put_nowait(number)

    async def _taker(self, number: int) -> int:
        """Who takes a share: its own worker, or another that is free before that one is there.

        A cluster may have no place for all.
        """
        if number in self._workers:
            return number
        coming = asyncio.create_task(self._hire(number))
        free = asyncio.create_task(self._free.get())
        try:
            await asyncio.wait({coming, free}, return_when=asyncio.FIRST_COMPLETED)
            if not coming.done():
                return free.result()
            coming.result()
            if free.done():
                self._free.put_nowait(free.result())
            return number
        finally:
            coming.cancel()
            free.cancel()
            await asyncio.gather(coming, free, return_exceptions=True)

    async def _hire(self, number: int) -> None:
        calls = self._model.concurrency
        own = calls // self.number + (number < calls % self.number)
        hello = Hello(
            spec=self._reached.spec,
            options=self._reached.options,
            concurrency=calls if self._reached.copies else own,
            patience=self._patience,
            limits=self._limits,
            workers=self.number,
        )
        self._workers[number] = await self._staff.hire(hello)

    async def _hand_out(self, worker: Worker, requests: Sequence[Request], begin: Begin) -> None:
        for start in range(0, len(requests), AT_ONCE):
            await worker.tell(Questions(list(requests[start : start + AT_ONCE])))
        await worker.tell(begin)

    async def _listen(
        self, number: int, worker: Worker, left: dict[str, Request], receiver: Receiver
    ) -> bool:
        """Until it is done (true) or dead."""
        while (word := await worker.hear()) is not None:
            match word:
                case Heard():
                    self._elsewhere[number] = word.outcomes
                    receiver.under_way(self._all_elsewhere())
                case Failed():
                    known = {key: r for key, r in word.responses.items() if key in left}
                    for key in known:
                        del left[key]
                    receiver.received(known)
                case Slower():
                    others = [w for n, w in self._workers.items() if n != number]
                    await asyncio.gather(*(other.tell(word) for other in others))
                case Refused():
                    raise ModelRefused(word.why) if word.model else StoreError(word.why)
                case Done():
                    self._learn(word.facts)
                    return True
        return False

    async def _dismiss(self, number: int) -> None:
        worker = self._workers.pop(number, None)
        if worker:
            await worker.end()

    def _take_over(
        self, number: int, place: str, left: dict[str, Request], receiver: Receiver
    ) -> None:
        self._elsewhere.pop(number, None)
        for some in answers_of(place):
            receiver.received({key: r for key, r in some.items() if key in left})
            for key in some:
                left.pop(key, None)
        receiver.heartbeat()
        drop(place)

    def _all_elsewhere(self) -> Counter[Outcome]:
        found: Counter[Outcome] = Counter()
        for outcomes in self._elsewhere.values():
            found.update(outcomes)
        return found

    def _learn(self, facts: Mapping[str, str]) -> None:
        """Where workers learnt different things, all of them."""
        for name, told in facts.items():
            known = {*self.facts.get(name, "").split(", "), *told.split(", ")} - {""}
            self.facts[name] = ", ".join(sorted(known))


def split(requests: Sequence[Request], number: int) -> list[list[Request]]:
    """By a hash of what is asked, so that repeats of one question stay together."""
    shares: list[list[Request]] = [[] for _ in range(number)]
    encoder = msgspec.json.Encoder()
    for request in requests:
        shares[crc32(encoder.encode(request.messages)) % number].append(request)
    return shares


def _unseen(folder: str, missing: int) -> StoreError:
    return StoreError(
        f"The workers say that they are done, but {missing} of their answers are not in {folder}. "
        "Do they write to another disk? Give an address that all reach: --shards s3://..."
    )
