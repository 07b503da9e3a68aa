"""A worker's side: asks its share of the questions, and writes the answers to a shard."""

import asyncio
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace

from upright.core import ModelRefused, Outcome, Request, Response, UprightError
from upright.models import open_model
from upright.runs.asking.crew import Asker
from upright.runs.asking.pace import Among
from upright.runs.asking.tally import kind
from upright.runs.storing.shards import Shard, open_shard
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

Tell = Callable[[FromWorker], None]


class Shift:
    """One worker, from the first word to the last. It does not care how words travel."""

    def __init__(self, hello: Hello, tell: Tell) -> None:
        self._tell = tell
        self._model = open_model(hello.spec, replace(hello.options, concurrency=hello.concurrency))
        among = Among(1 / hello.workers, lambda age, wait: tell(Slower(age, wait)))
        self._asker = Asker(hello.concurrency, hello.patience, hello.limits, among)
        self._requests: list[Request] = []
        self._work: asyncio.Task[None] | None = None

    def hear(self, word: ToWorker) -> None:
        match word:
            case Questions():
                self._requests += word.requests
            case Begin():
                requests, self._requests = self._requests, []
                self._work = asyncio.create_task(self._carry_out(requests, word))
                self._work.add_done_callback(self._confess)
            case Slower():
                self._asker.pace.hear(word.age, word.wait)
            case Hello():
                raise ValueError("a worker is greeted once")

    async def end(self) -> None:
        """Put away what came so far."""
        if self._work:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)
        await self._model.close()

    async def _carry_out(self, requests: list[Request], begin: Begin) -> None:
        try:
            share = _Share(open_shard(begin.shard), self._tell)
            try:
                await self._asker.ask(
                    self._model, requests, share.received, share.heartbeat, again=begin.again
                )
            finally:
                share.close()
        except UprightError as error:
            self._tell(Refused(str(error), isinstance(error, ModelRefused)))
        else:
            self._tell(Done(self._model.facts))

    def _confess(self, work: asyncio.Task[None]) -> None:
        """A bug here ends the run, which would wait for ever."""
        if not work.cancelled() and (error := work.exception()):
            told = "".join(traceback.format_exception(error))
            self._tell(Refused(f"A worker failed, which is a bug in it: {told}", model=False))


class _Share:
    """What came of one share of the questions."""

    def __init__(self, shard: Shard, tell: Tell) -> None:
        self._shard, self._tell = shard, tell
        self._outcomes: Counter[Outcome] = Counter()

    def received(self, came: Mapping[str, Response]) -> None:
        good = {key: r for key, r in came.items() if r.error is None}
        self._shard.append(good)
        self._outcomes.update(map(kind, good.values()))
        if len(good) < len(came):
            self._tell(Failed({key: r for key, r in came.items() if r.error is not None}))

    async def heartbeat(self) -> None:
        safe = dict(self._outcomes)
        # An object store takes its time, and the next answers do not wait for it.
        await asyncio.to_thread(self._shard.sync)
        self._tell(Heard(safe))

    def close(self) -> None:
        self._shard.close()
