"""Who is to ask: this process, several, or a Ray cluster; and how workers open a model."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import ceil

from upright.core import UsageError
from upright.models import ModelOptions

AUTO = "auto"
WORTH_IT = 2000
"""Questions for which one more process is worth its start."""
LOCAL = "local/"
"""How models are named that run in the process that asks them."""


@dataclass(frozen=True)
class Reached:
    """How a worker opens a model by itself.

    copies  so many workers have the model each to itself; None where they share the calls it takes
    """

    spec: str
    options: ModelOptions
    copies: int | None = None

    @property
    def local(self) -> bool:
        return self.spec.startswith(LOCAL)

    def copied(self, copies: int, threads: int) -> "Reached":
        """More threads than cores make a local model many times slower."""
        options = replace(self.options, threads=self.options.threads or threads)
        return Reached(self.spec, options, copies)


@dataclass(frozen=True, kw_only=True)
class Staffing:
    """None of it changes an answer.

    workers     how many processes ask: a number, or auto for as many as there are cores and work
    on          "" for this machine, `ray` for a cluster, `ray://HOST:PORT` for one elsewhere
    shards      where workers that share no disk write: an address such as s3://bucket/folder; ""
                for the run's own folder
    models      by id, how workers open them; filled in by whoever knows
    samples     how many questions there are; filled in by whoever knows
    """

    workers: str = "1"
    on: str = ""
    shards: str = ""
    models: Mapping[str, Reached] = field(default_factory=dict)
    samples: int = 0

    def __post_init__(self) -> None:
        if self.workers != AUTO and not (self.workers.isdecimal() and int(self.workers)):
            raise UsageError(f"--workers takes a number or auto, not {self.workers!r}.")
        if self.on and self.on != "ray" and not self.on.startswith("ray://"):
            raise UsageError(f"--on takes ray or ray://HOST:PORT, not {self.on!r}.")
        if self.shards and "://" not in self.shards:
            raise UsageError(
                f"--shards takes an address such as s3://bucket/folder, not {self.shards!r}. A "
                "folder that all workers see needs none: make runs there, with --out."
            )

    @property
    def alone(self) -> bool:
        return not self.on and self.number == 1

    @property
    def number(self) -> int:
        """Processes of this machine."""
        if self.workers != AUTO:
            return int(self.workers)
        if any(reached.local for reached in self.models.values()):
            return 1  # a local model uses all cores by itself
        return max(1, min(cores(), ceil(self.samples / WORTH_IT)))


def cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
