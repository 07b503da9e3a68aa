"""A second, identical call where the first takes far longer than most: `--hedge`.

The slowest answers of a server are often slow by chance (a replica that pauses, a packet lost),
and a run waits for the last of them. The first good answer counts; the other call is cancelled
(Dean and Barroso 2013, "The Tail at Scale", CACM 56). Nothing here changes what is asked.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import msgspec

from upright.core import Model, ModelError, ModelRefused, Request, Response
from upright.runs.asking.pace import Pace

SLOW = 0.95
"""A call is slow that takes longer than this share of the recent ones."""
MOST = 0.05
"""Of all calls so far, this share at most is hedged, and one more."""
WINDOW = 400
"""So many calls are recent."""
FEWEST = 40
"""Of fewer calls nobody knows what is slow."""

Call = asyncio.Task[list[Response]]


class Asks(Protocol):
    """What it takes of a model to ask it."""

    def batches(self, requests: Sequence[Request]) -> Iterable[Sequence[Request]]: ...

    async def generate(self, requests: Sequence[Request]) -> list[Response]: ...


class Recent:
    """What is known of one model's calls, for as long as it is asked."""

    def __init__(self) -> None:
        self.calls = self.hedges = 0
        self._seconds: deque[float] = deque(maxlen=WINDOW)

    @property
    def slow(self) -> float | None:
        """The seconds after which a call is slow; None while there were too few."""
        if len(self._seconds) < FEWEST:
            return None
        return sorted(self._seconds)[int(SLOW * len(self._seconds))]

    @property
    def may_hedge(self) -> bool:
        return self.hedges <= MOST * self.calls

    def took(self, seconds: float) -> None:
        self._seconds.append(seconds)


class Hedged:
    """A model whose slow calls are made twice, unless the server pushes back."""

    def __init__(
        self,
        model: Asks,
        pace: Pace,
        recent: Recent,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._model, self._pace, self._recent, self._clock = model, pace, recent, clock

    def batches(self, requests: Sequence[Request]) -> Iterable[Sequence[Request]]:
        return self._model.batches(requests)

    async def generate(self, requests: Sequence[Request]) -> list[Response]:
        """Raises what the first call raised where no call has a good answer."""
        began, recent = self._clock(), self._recent
        recent.calls += 1
        calls = [self._call(requests)]
        try:
            if await self._is_slow(calls[0]) and recent.may_hedge and self._pace.spare(requests):
                recent.hedges += 1
                calls.append(self._call(requests))
            responses = await self._first_good(calls)
        finally:
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
        seconds = self._clock() - began
        recent.took(seconds)
        if len(calls) == 1:
            return responses
        return [msgspec.structs.replace(r, latency=seconds, hedged=True) for r in responses]

    def _call(self, requests: Sequence[Request]) -> Call:
        return asyncio.create_task(self._model.generate(requests))

    async def _is_slow(self, call: Call) -> bool:
        if (seconds := self._recent.slow) is None:
            return False
        await asyncio.wait({call}, timeout=seconds)
        return not call.done()

    async def _first_good(self, calls: Sequence[Call]) -> list[Response]:
        """A hedge that is pushed back slows the pace down; a first call does so where it is asked
        from, if its failure is what is left."""
        first, began, pending = calls[0], self._clock(), set(calls)
        while pending:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            # The hedge first: its failure is to be heard even if the first call ends with it.
            for call in (call for call in reversed(calls) if call in done):
                error = call.exception()
                if error is None and all(r.error is None for r in call.result()):
                    return call.result()
                if isinstance(error, ModelError) and not isinstance(error, ModelRefused):
                    if call is not first:
                        self._pace.failed(began, error)
                elif error is not None:
                    raise error
        return first.result()


def hedged(model: Model, pace: Pace, recent: Recent) -> Asks:
    """The model as it is asked. Only one behind a network says that it wants to be hedged: a
    second call to this machine's own processor would make the first one slower."""
    return Hedged(model, pace, recent) if getattr(model, "hedge", False) else model
