"""Ctrl-C and SIGTERM end a run in order, whatever it is doing."""

import asyncio
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


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
