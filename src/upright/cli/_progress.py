"""Progress bars, one for each stage of long work: how far, and how long still. On stderr."""

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


class Drawing:
    """Is told how far a stage is, what it is at, and what came of it; begins with the first."""

    def __init__(self, bar: Bar) -> None:
        self._bar = bar
        self._stages: dict[str, TaskID] = {}

    def __call__(
        self, stage: str, done: int, total: int, told: str = "", outcomes: str = ""
    ) -> None:
        if stage not in self._stages:
            self._bar.start()
            self._stages[stage] = self._bar.add_task(stage, outcomes="")
        self._bar.update(
            self._stages[stage],
            completed=done,
            total=total,
            description=told or stage,
            outcomes=outcomes,
        )


@contextmanager
def steps_bar() -> Iterator[Drawing]:
    """Where stderr is no terminal, only its last state is printed."""
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
        yield Drawing(bar)
    finally:
        if bar.tasks:  # else nothing was drawn, and an empty line would come before the error
            bar.stop()


@contextmanager
def progress_bar() -> Iterator[OnProgress]:
    """Of a run: also what kind of answers come in."""
    drawn = 0.0
    with steps_bar() as draw:

        def on_progress(progress: Progress) -> None:
            nonlocal drawn
            now = time.monotonic()
            if now - drawn >= REFRESH or progress.done >= progress.total:
                drawn = now
                draw(progress.stage, progress.done, progress.total, outcomes=_told(progress))

        yield on_progress


def _told(progress: Progress) -> str:
    """The commonest kind first, such as "180 answered, 3 error"."""
    ranked = sorted(progress.outcomes.items(), key=lambda kind: -kind[1])
    return ", ".join(f"{count} {kind}" for kind, count in ranked)
