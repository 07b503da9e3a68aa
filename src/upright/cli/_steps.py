"""The progress bar of what has stages (repairs, attacks, trials): one line each, on stderr."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


@contextmanager
def steps_bar() -> Iterator["Drawing"]:
    """Where stderr is no terminal, only its last state is printed."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    bar = Progress(*columns, console=Console(file=sys.stderr))
    try:
        yield Drawing(bar)
    finally:
        if bar.tasks:  # else nothing was drawn, and an empty line would come before the error
            bar.stop()


class Drawing:
    """Is told how far a stage is, and what it is at; begins with the first."""

    def __init__(self, bar: "Progress") -> None:
        self._bar = bar
        self._stages: dict[str, TaskID] = {}

    def __call__(self, stage: str, done: int, total: int, told: str = "") -> None:
        if stage not in self._stages:
            self._bar.start()
            self._stages[stage] = self._bar.add_task(stage, total=total)
        self._bar.update(self._stages[stage], completed=done, description=told or stage)
