"""Drives a model: bounded concurrency, and patience with passing failures."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from random import Random

import msgspec

from upright.core import ModelError, ModelRefused, Request, Response, printable
from upright.models import ModelOptions
from upright.runs.asking.hedging import Asks
from upright.runs.asking.outage import GIVEN_UP
from upright.runs.asking.pace import Pace
from upright.runs.items import Requests
from upright.runs.pieces import pieces

Received = Callable[[Mapping[str, Response]], None]
"""Is given responses by the keys of their requests."""
Heartbeat = Callable[[], Awaitable[None]]
Work = Callable[[], Coroutine[None, None, None]]
"""Asks until nothing is left to ask."""
HEARTBEAT = 1.0
"""Seconds between two looks at the clock; also how often the journal reaches the disk while answers
are waited for."""
AT_ONCE = 5_000
"""Requests that a model may put in order: so many are in memory."""
TOGETHER = 16
"""So many open their connections in one round of the loop: what they ask is on its way before the
last ones are connected."""


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to wait before asking again: exponential backoff with full jitter, in seconds.

    A server that says how long (Retry-After) is obeyed, up to `longest_obeyed`.
    """

    max_attempts: int = ModelOptions.max_attempts
    first: float = 0.5
    longest: float = 30.0
    longest_obeyed: float = 120.0
    seed: int = 0

    def pause(self, attempt: int, error: ModelError, random: Random) -> float:
        # No float holds 2 to the power of a thousand attempts.
        jitter = random.uniform(0, min(self.longest, self.first * 2 ** min(attempt - 1, 99)))
        if error.retry_after is None:
            return jitter
        # A little later than asked for, each at another moment: else all come back at once.
        return min(error.retry_after, self.longest_obeyed) + min(jitter, self.first)


async def drive(
    model: Asks,
    requests: Requests,
    received: Received,
    heartbeat: Heartbeat,
    patience: Patience,
    pace: Pace,
) -> None:
    """Ask everything. `received` gets what comes in, all that came at one moment together.

    Raises ModelRefused, and whatever `received` raises, as soon as it happens.
    """
    batches = _batches(model, requests)
    random = Random(patience.seed)
    came: dict[str, Response] = {}
    safe = True

    def hand_over() -> None:
        nonlocal came, safe
        if came:
            new, came = came, {}
            safe = False
            received(new)
            safe = True

    async def work() -> None:
        # All workers share the iterator: each takes the next batch when it is free.
        for batch in batches:
            responses = await ask(model, batch, patience, random, pace)
            for request, response in zip(batch, responses, strict=True):
                came[request.key] = response
            # Whoever has an answer at this moment adds it before the first to go on hands all
            # over: one write for many. And none asks on before its own answer is safe. (A model
            # that never waits would starve the heartbeat and Ctrl-C, too.)
            await asyncio.sleep(0)
            hand_over()
            if not safe:  # the disk refused what another one handed over
                return

    try:
        await _all_of(work, min(pace.most, len(requests)), heartbeat)
    finally:
        hand_over()


def _batches(model: Asks, requests: Requests) -> Iterator[Sequence[Request]]:
    return chain.from_iterable(map(model.batches, pieces(requests, AT_ONCE)))


async def ask(
    model: Asks, batch: Sequence[Request], patience: Patience, random: Random, pace: Pace
) -> list[Response]:
    """The answers to one batch; an error response with its reason where patience ran out."""
    attempt = 1
    while True:
        began = await pace.enter(batch)
        try:
            responses = await model.generate(batch)
        except ModelRefused:
            raise
        except ModelError as error:
            failure = error
            pace.failed(began, error)
        else:
            pace.answered(began, batch, responses)
            return [_received(r, attempt) for r in responses]
        finally:
            pace.leave()
        if not failure.retryable or attempt >= patience.max_attempts:
            return [_failed(failure, attempt)] * len(batch)
        await asyncio.sleep(patience.pause(attempt, failure, random))
        attempt += 1


async def _all_of(work: Work, count: int, heartbeat: Heartbeat) -> None:
    """So many at once. Wait for all, or for the first that fails; leave none running."""
    tasks: list[asyncio.Task[None]] = []
    try:
        for number in range(count):
            if number % TOGETHER == 0:
                await asyncio.sleep(0)
            tasks.append(asyncio.create_task(work()))
        pending, until = set(tasks), asyncio.FIRST_COMPLETED
        while pending:
            done, pending = await asyncio.wait(pending, timeout=HEARTBEAT, return_when=until)
            if done:  # nothing is left to ask: the disk has time while the last answers come
                until = asyncio.FIRST_EXCEPTION
            if pending:
                await heartbeat()
            for task in done:
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _received(response: Response, attempts: int) -> Response:
    text = printable(response.text)
    if text is response.text and response.attempts == attempts:
        return response
    return msgspec.structs.replace(response, text=text, attempts=attempts)


def _failed(error: ModelError, attempts: int) -> Response:
    tries = f" ({attempts} attempts)" if attempts > 1 else ""
    reason = GIVEN_UP if error.retryable else "error"
    return Response(finish_reason=reason, error=f"{error}{tries}", attempts=attempts)
