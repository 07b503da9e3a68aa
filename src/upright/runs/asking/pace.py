"""How many calls are under way: fewer where a server is overrun, then slowly more again.

Additive increase, multiplicative decrease, as TCP does it: halved by a 429, a timeout or answers
that come far more slowly than they did; widened by one for every round of good answers, up to the
concurrency asked for, with which it starts. A server that says how long to wait is left alone by
all until then. Nothing here changes an answer.
"""

import asyncio
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from upright.core import ModelError, Request, Response
from upright.runs.asking.limits import Limits, Meter

SLOWER = 4.0
"""So many times the seconds per token of the best round mean that the server is overrun."""
SPOKEN = 16
"""Answers of fewer tokens say little of a server's speed."""
UNKNOWN = 2.0
"""Seconds that a call takes, as long as none has been answered."""
SAME = 0.1
"""Seconds by which a longer wait is no news to the others."""
ROUND = 32
"""So many answers at least are looked at together: single ones differ by chance."""


Tell = Callable[[float | None, float | None], None]
"""Is told that the server pushed back: the age of the call, and the seconds it asked for."""


class Among(NamedTuple):
    """One of several processes that ask has its `share` of the calls, the limits and the growth,
    and tells the others when the server pushes back."""

    share: float
    tell: Tell


ALONE = Among(1.0, lambda age, wait: None)


class Pace:
    """Of one model. `longest` is for how many seconds a server may ask to be left alone."""

    def __init__(
        self,
        most: int,
        limits: Limits,
        longest: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        among: Among = ALONE,
    ) -> None:
        self.width = float(most)
        self.most, self._longest = most, longest
        self._clock, self._sleep = clock, sleep
        self._meter = Meter(limits, clock(), among.share) if limits != Limits() else None
        self._among = among
        self._usual = UNKNOWN
        self._speed = _Speed()
        self._under_way = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._cut = self._held = -math.inf
        self._left_alone = 0.0

    async def enter(self, batch: Sequence[Request]) -> float:
        """Wait for a turn; the time at which it began."""
        while (held := self._held - self._clock()) > 0 or self._under_way >= int(self.width):
            if held > 0:
                await self._sleep(held)
            else:
                turn = asyncio.get_running_loop().create_future()
                self._waiting.append(turn)
                await turn
        self._under_way += 1
        if self._meter:
            await self._take(self._meter, batch)
        return self._clock()

    async def _take(self, meter: Meter, batch: Sequence[Request]) -> None:
        """Wait for the limits. Their time stands still while the server is left alone: all turns
        come so much later, and not together at its end."""
        known = self._left_alone
        wait = meter.take(batch, self._clock() - known)
        while wait > 0:
            await self._sleep(wait)
            wait, known = self._left_alone - known, self._left_alone

    def spare(self, batch: Sequence[Request]) -> bool:
        """Whether one more call than the width may go out now: not while the server has pushed
        back, nor where the limits have no room. It is metered then."""
        now = self._clock()
        if self.width < self.most or self._held > now:
            return False
        return self._meter is None or self._meter.spare(batch, now - self._left_alone)

    def leave(self) -> None:
        """Let the next ones in."""
        self._under_way -= 1
        for _ in range(int(self.width) - self._under_way):
            if not self._waiting:
                break
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)

    def answered(
        self, began: float, batch: Sequence[Request], responses: Sequence[Response]
    ) -> None:
        if self._meter:
            self._meter.settle(batch, responses)
        self._usual += (self._clock() - began - self._usual) / ROUND
        self.width = min(self.most, self.width + self._among.share / self.width)
        if self._speed.blown_up(responses, int(self.width)):
            self._push_back(began, None)

    def failed(self, began: float, error: ModelError) -> None:
        """A failure that says nothing of the server's load leaves the pace as it is."""
        if error.overloaded or error.retry_after is not None:
            self._push_back(began if error.overloaded else None, error.retry_after)

    def hear(self, age: float | None, wait: float | None) -> bool:
        """The server pushed back, here or elsewhere; whether that was news.

        It halves once for all calls that were under way together: they met with the same crowd.
        """
        now, news = self._clock(), False
        if wait is not None:
            until = now + min(wait, self._longest)
            self._left_alone += max(0.0, until - max(now, self._held))
            news, self._held = until > self._held + SAME, max(self._held, until)
        if age is not None and now - age > self._cut + self._settling:
            self.width = max(1.0, self.width / 2)
            self._cut, news = now, True
        return news

    @property
    def _settling(self) -> float:
        """Seconds after halving for which calls may still be turned away because of it: one that
        asks alone begins none before its own are fewer, but the others' are still under way."""
        return self._usual if self._among.share < 1 else 0.0

    def _push_back(self, began: float | None, wait: float | None) -> None:
        age = None if began is None else self._clock() - began
        if self.hear(age, wait):
            self._among.tell(age, wait)


class _Speed:
    """Seconds per token, a round of answers at a time."""

    def __init__(self) -> None:
        self._best: float | None = None
        self._seconds, self._tokens, self._answers = 0.0, 0, 0

    def blown_up(self, responses: Sequence[Response], width: int) -> bool:
        """Whether a round is over and was far slower than the best. Then all is learnt anew."""
        for response in responses:
            if (response.completion_tokens or 0) >= SPOKEN:
                self._seconds += response.latency
                self._tokens += response.completion_tokens or 0
                self._answers += 1
        if self._answers < max(ROUND, width):
            return False
        found = self._seconds / self._tokens
        self._seconds, self._tokens, self._answers = 0.0, 0, 0
        slow = self._best is not None and found > SLOWER * self._best
        self._best = None if slow else min(found, self._best or found)
        return slow
