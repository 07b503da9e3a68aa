"""The progress bar: how far, how long still, and what kind of answers come in. On stderr."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bar

from upright.runs import OnProgress, Progress

REFRESH = 0.1
"""Seconds between two updates: drawing costs more than many an answer."""


@contextmanager
def progress_bar() -> Iterator[OnProgress]:
    """A bar per stage. Where stderr is no terminal, only its last state is printed."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[outcomes]}"),
    )
    bar = Bar(*columns, console=Console(file=sys.stderr))
    try:
        yield _Drawing(bar)
    finally:
        if bar.tasks:  # else nothing was drawn, and an empty line would come before the error
            bar.stop()


class _Drawing:
    def __init__(self, bar: Bar) -> None:
        self._bar = bar
        self._tasks: dict[str, TaskID] = {}
        self._drawn = 0.0

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if now - self._drawn < REFRESH and progress.done < progress.total:
            return
        self._drawn = now
        if progress.stage not in self._tasks:
            self._bar.start()
            self._tasks[progress.stage] = self._bar.add_task(progress.stage, outcomes="")
        self._bar.update(
            self._tasks[progress.stage],
            completed=progress.done,
            total=progress.total,
            outcomes=_told(progress),
        )


def _told(progress: Progress) -> str:
    """The commonest kind first, such as "180 answered, 3 error"."""
    ranked = sorted(progress.outcomes.items(), key=lambda kind: -kind[1])
    return ", ".join(f"{count} {kind}" for kind, count in ranked)
