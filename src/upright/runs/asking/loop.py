"""The event loop that asks, and what ends it in order: Ctrl-C and SIGTERM."""

import asyncio
import signal
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, contextmanager, suppress
from functools import partial
from types import FrameType
from typing import Any, TypeVar

if sys.platform == "win32":
    new_event_loop = asyncio.new_event_loop
else:
    from uvloop import new_event_loop

__all__ = ["complete", "new_event_loop", "signals_cancel", "sigterm_interrupts"]

T = TypeVar("T")

LOOKING = 0.2
"""Seconds between two looks for Ctrl-C. A wait without an end may never hear of it: so it always is
on Windows, and elsewhere where it comes just as the wait begins."""
SIGNALS = (signal.SIGINT, signal.SIGTERM)


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

    # Closed, or Python complains of work that Ctrl-C came before.
    with closing(work), asyncio.Runner(loop_factory=new_event_loop) as runner:
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
            raise asyncio.CancelledError
        return await work

    def aside() -> T:
        try:
            return _run(unless_stopped())
        finally:
            work.close()
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


@contextmanager
def signals_cancel() -> Iterator[None]:
    """They cancel the current task, so that everything is put away in order."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    if task is None or sys.platform == "win32" or not _is_main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number in SIGNALS:
        loop.add_signal_handler(number, task.cancel)
    try:
        yield
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)
            # The loop leaves Python's default, which for SIGTERM is sudden death.
            signal.signal(number, before[number])


@contextmanager
def sigterm_interrupts() -> Iterator[None]:
    """Where no loop runs (judging, writing the tables), SIGTERM is a KeyboardInterrupt too."""
    if not _is_main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _is_main_thread() -> bool:
    """The only one that may handle signals."""
    return threading.current_thread() is threading.main_thread()
