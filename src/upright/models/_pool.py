"""Many ask one model: what they ask at one moment goes to it together."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain

from upright.core import Model, Request, Response

Generate = Callable[[Sequence[Request]], Awaitable[list[Response]]]

GATHERING = 0.002
"""Seconds in which questions come together where one call answers thirty as fast as a few."""


@dataclass
class Pool:
    """One model behind many tasks that each ask one question at a time.

    `generate` may stand in for the model's own, where failures are to be met with patience.
    """

    model: Model
    generate: Generate | None = None
    _waiting: list[tuple[Request, asyncio.Future[Response]]] = field(default_factory=list)
    _under_way: set[asyncio.Task[None]] = field(default_factory=set)
    _turn: asyncio.Semaphore | None = None

    async def ask(self, request: Request) -> Response:
        """Raises what the model raises."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_later(GATHERING if self.model.concurrency == 1 else 0, self._send)
        answer: asyncio.Future[Response] = loop.create_future()
        self._waiting.append((request, answer))
        return await answer

    async def close(self) -> None:
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    def _send(self) -> None:
        waiting, self._waiting = self._waiting, []
        wanted = [(q, a) for q, a in waiting if not a.cancelled()]
        unsent: defaultdict[int, list[asyncio.Future[Response]]] = defaultdict(list)
        for request, answer in wanted:
            unsent[id(request)].append(answer)  # several, where one asks the same thing twice
        try:
            for batch in self.model.batches([request for request, _ in wanted]):
                work = self._generate(batch, [unsent[id(request)].pop() for request in batch])
                task = asyncio.create_task(work)
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)
        except Exception as error:  # noqa: BLE001 - whoever asked is told
            for answer in chain.from_iterable(unsent.values()):
                answer.set_exception(error)

    async def _generate(
        self, batch: Sequence[Request], answers: Sequence[asyncio.Future[Response]]
    ) -> None:
        if self._turn is None:
            self._turn = asyncio.Semaphore(self.model.concurrency)
        try:
            async with self._turn:
                responses = await (self.generate or self.model.generate)(batch)
            for answer, response in zip(answers, responses, strict=True):
                if not answer.done():
                    answer.set_result(response)
        except asyncio.CancelledError:
            for answer in answers:
                answer.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - whoever asked is told
            for answer in answers:
                if not answer.done():
                    answer.set_exception(error)
