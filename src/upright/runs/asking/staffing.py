"""Who carries out a run: this process, several, or a Ray cluster."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path

from upright.core import UsageError
from upright.runs.asking import processes
from upright.runs.asking.crew import Alone, Crew
from upright.runs.asking.engine import Patience
from upright.runs.asking.limits import Limits
from upright.runs.asking.workers import Reached, Staff, Workers

AUTO = "auto"
WORTH_IT = 2000
"""Questions for which one more process is worth its start."""


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


def crew_for(staffing: Staffing | None, path: Path, patience: Patience, limits: Limits) -> Crew:
    """Those who ask for the run in this folder."""
    if staffing is None or staffing.alone:
        return Alone(patience, limits)
    shards = shards_of(staffing, path)
    if staffing.on:
        from upright.runs.asking import cluster  # noqa: PLC0415 - Ray takes a second to import

        number = None if staffing.workers == AUTO else int(staffing.workers)
        nodes = cluster.connect(staffing.on, number, staffing.models)
        staff = Staff(
            hire=nodes.hire,
            leave=nodes.leave,
            number=nodes.number,
            models=nodes.models,
            shards=shards,
        )
    else:
        number = staffing.number
        threads = max(1, cores() // number)
        models = {
            id: reached.copied(number, threads) if reached.local else reached
            for id, reached in staffing.models.items()
        }
        staff = Staff(hire=processes.hire, number=number, models=models, shards=shards)
    return Workers(staff, patience, limits)


def shards_of(staffing: Staffing | None, path: Path) -> str:
    """Where the workers of a run write."""
    if staffing is None or not staffing.shards:
        return str(path.resolve())
    return f"{staffing.shards.rstrip('/')}/{path.name}"


def cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
