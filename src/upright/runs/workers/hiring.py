"""Brings up those who ask for a run."""

from pathlib import Path

from upright.runs.asking.crew import Alone, Crew
from upright.runs.asking.engine import Patience
from upright.runs.asking.limits import Limits
from upright.runs.workers import processes
from upright.runs.workers.staffing import AUTO, Staffing, cores
from upright.runs.workers.team import Staff, Workers


def crew_for(staffing: Staffing | None, path: Path, patience: Patience, limits: Limits) -> Crew:
    """Those who ask for the run in this folder."""
    if staffing is None or staffing.alone:
        return Alone(patience, limits)
    shards = shards_of(staffing, path)
    if staffing.on:
        from upright.runs.workers import cluster  # noqa: PLC0415 - Ray takes a second to import

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
