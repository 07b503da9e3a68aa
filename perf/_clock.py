"""A clock that jumps from one event to the next, for coroutines that wait for nothing real.

What asks for asyncio's running loop finds this one, so that a run's own `ask` and `Pace` work on
it; it knows what those two need, and costs a tenth of asyncio.
"""

import asyncio
import types
from collections.abc import Callable, Coroutine, Generator
from heapq import heappop, heappush
from itertools import count
from typing import Any, cast

Work = Coroutine[Any, Any, None]


class Turn:
    """Stands in for a future."""

    __slots__ = ("_clock", "_done", "waiter")

    def __init__(self, clock: "Clock") -> None:
        self._clock, self._done = clock, False
        self.waiter: Work | None = None

    def done(self) -> bool:
        return self._done

    def cancelled(self) -> bool:
        return False

    def set_result(self, result: object) -> None:
        self._done = True
        if self.waiter:
            self._clock.start(self.waiter)

    def __await__(self) -> Generator["Turn", None, None]:
        yield self


class Handle:
    """What is to happen later happens, and nobody minds."""

    def cancel(self) -> None:
        pass


class Clock:
    def __init__(self) -> None:
        self.now = 0.0
        self._queue: list[tuple[float, int, Any, tuple[Any, ...] | None]] = []
        self._order = count()

    def __call__(self) -> float:
        return self.now

    def create_future(self) -> Turn:
        return Turn(self)

    def call_later(self, delay: float, function: Callable[..., object], *given: Any) -> Handle:
        heappush(self._queue, (self.now + delay, next(self._order), function, given))
        return Handle()

    def start(self, work: Work) -> None:
        """Take it up, or up again, at this moment."""
        heappush(self._queue, (self.now, next(self._order), work, None))

    async def sleep(self, seconds: float) -> None:
        await until(self.now + seconds)

    def run(self) -> None:
        """Until nothing is left to happen."""
        asyncio._set_running_loop(cast(asyncio.AbstractEventLoop, self))
        try:
            while self._queue:
                self.now, _, what, given = heappop(self._queue)
                if given is None:
                    self._go_on(what)
                else:
                    what(*given)
        finally:
            asyncio._set_running_loop(None)

    def _go_on(self, work: Any) -> None:
        if work.cr_frame is None:  # closed: its worker died
            return
        try:
            waits = work.send(None)
        except StopIteration:
            return
        if type(waits) is float:
            heappush(self._queue, (waits, next(self._order), work, None))
        elif isinstance(waits, Turn):
            waits.waiter = work
        else:
            self.start(work)


@types.coroutine
def until(at: float) -> Generator[float, None, None]:
    yield at
