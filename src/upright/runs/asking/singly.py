"""Questions that follow from answers: one at a time from each of many tasks, and none twice."""

import asyncio
import time
from collections.abc import Sequence
from random import Random
from weakref import WeakValueDictionary

from upright.core import Model, Request, Response
from upright.models._pool import Pool
from upright.runs.asking.engine import HEARTBEAT, Patience, ask
from upright.runs.asking.limits import Limits
from upright.runs.asking.outage import Outage
from upright.runs.asking.pace import Pace
from upright.runs.storing.journal import Journal


class Singly:
    """Asks one model with patience and at its pace; what the journal knows is not asked."""

    def __init__(self, model: Model, journal: Journal, patience: Patience, limits: Limits) -> None:
        self._model, self._journal, self._patience = model, journal, patience
        self._pace = Pace(model.concurrency, limits, patience.longest_obeyed)
        self._random = Random(patience.seed)
        self._pool = Pool(model, self._generate)
        self._outage = Outage(model.concurrency)
        # Each is there for as long as somebody holds it or waits for it.
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._synced = time.monotonic()

    async def ask(self, request: Request) -> Response:
        """An error response where patience ran out. Raises ModelRefused and StoreError."""
        turn = self._turns.setdefault(request.key, asyncio.Lock())
        async with turn:  # of equal questions at one moment the first is asked, and answers all
            if request.key in self._journal:
                return self._journal[request.key]
            response = await self._pool.ask(request)
            self._outage.watch([response])
            if response.error is None:
                self._journal.append({request.key: response})
                self._reach_the_disk()
            return response

    def _reach_the_disk(self) -> None:
        """Once a second: a power cut costs what came since."""
        now = time.monotonic()
        if now - self._synced >= HEARTBEAT:
            self._journal.sync()
            self._synced = now

    async def close(self) -> None:
        await self._pool.close()

    async def _generate(self, batch: Sequence[Request]) -> list[Response]:
        return await ask(self._model, batch, self._patience, self._random, self._pace)
