"""The event loop that asks."""

import asyncio
import sys
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

if sys.platform == "win32":
    new_event_loop = asyncio.new_event_loop
else:
    from uvloop import new_event_loop

__all__ = ["complete", "new_event_loop"]

T = TypeVar("T")

# Ctrl-C is looked for this often, in seconds: a wait without an end may never hear of it (always
# so on Windows, and elsewhere where it comes just as the wait begins).
LOOKING = 0.2


def complete(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end; in a thread of its own where a loop is running already (notebooks).

    Ctrl-C, or whatever stops a notebook's cell, cancels the work and waits until it has ended.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _run(work)
    return _run_aside(work)


def _run(work: Coroutine[Any, Any, T]) -> T:
    found: list[T] = []

    async def work_silently() -> None:
        # Runner.run spells out the result of its task, and this one may be a million answers.
        found.append(await work)

    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(work_silently())
    return found[0]


def _run_aside(work: Coroutine[Any, Any, T]) -> T:
    """In a thread of its own. Ctrl-C may come at any moment, also while the thread starts."""
    cancels: list[Callable[[], object]] = []
    stopped, ended = threading.Event(), threading.Event()

    async def unless_stopped() -> T:
        if task := asyncio.current_task():
            cancels.append(partial(asyncio.get_running_loop().call_soon_threadsafe, task.cancel))
        if stopped.is_set():
            work.close()
            raise asyncio.CancelledError
        return await work

    def aside() -> T:
        try:
            return _run(unless_stopped())
        finally:
            ended.set()

    with ThreadPoolExecutor(1) as pool:
        try:
            running = pool.submit(aside)
            while not wait([running], LOOKING).done:
                pass
        except KeyboardInterrupt:
            stopped.set()
            for cancel in cancels:
                with suppress(RuntimeError):  # it has just ended by itself
                    cancel()
                ended.wait()  # the pool does not where it was stopped while it began its thread
            raise
        return running.result()
