"""The event loop that asks."""

import asyncio
import sys
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

if sys.platform == "win32":
    new_event_loop = asyncio.new_event_loop
else:
    from uvloop import new_event_loop

__all__ = ["complete", "new_event_loop"]

T = TypeVar("T")


def complete(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end; in a thread of its own where a loop is running already (notebooks)."""
    found: list[T] = []

    async def work_silently() -> None:
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
        return pool.submit(alone).result()
