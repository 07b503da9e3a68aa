"""The event loop that asks."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

if sys.platform == "win32":
    new_event_loop = asyncio.new_event_loop
else:
    from uvloop import new_event_loop

__all__ = ["complete", "new_event_loop"]

T = TypeVar("T")


def complete(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end; in a thread of its own where a loop is running already (notebooks).

    Ctrl-C, or whatever stops a notebook's cell, cancels the work and waits until it has ended.
    """
    found: list[T] = []
    stops: list[Callable[[], object]] = []

    async def work_silently() -> None:
        if task := asyncio.current_task():
            stops.append(partial(asyncio.get_running_loop().call_soon_threadsafe, task.cancel))
        # Runner.run spells out the result of its task, and this one may be a million answers.
        found.append(await work)

    def alone() -> T:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(work_silently())
        return found[0]

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return alone()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(alone)
        try:
            return running.result()
        except KeyboardInterrupt:
            with suppress(RuntimeError):  # it has just ended by itself
                for stop in stops:
                    stop()
            raise
