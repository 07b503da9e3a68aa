"""Reads the run that `--like` names, and says why it cannot be one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from upright.core import UsageError
from upright.runs.items import Part
from upright.runs.plan import Plan
from upright.runs.reference import Reference, varies
from upright.runs.scoring.stopping import Reading, read_stops, reading, values_of
from upright.runs.storing.store import Run, open_run
from upright.runs.storing.stored import stored_answers
from upright.runs.subset import Place


def read_reference(path: Path, plan: Plan, data: Mapping[str, Any]) -> Reference:
    """What a finished run got on the samples of a plan; `data` are the files of the plan. Where it
    got the same everywhere it foretells nothing, and is as if it had not been there.

    Raises StoreError where it is not finished, and UsageError where it is of no use.
    """
    run = open_run(path)
    _check_data(run, data)
    readings = _readings(plan)
    answers = stored_answers(path, readings.keys())
    values: dict[Part, dict[Place, float]] = {}
    for part, (read, places) in readings.items():
        found = values_of(answers[part], read)
        if shared := {place: found[place] for place in places & found.keys()}:
            values[part] = shared
    if not values:
        raise UsageError(
            f"{path} has no verdict on any sample that is to be asked and may stop early. --like "
            "needs a run of the same benchmarks and score sets: see its run.json."
        )
    _check_order(run, plan, values)
    return Reference(
        run=run.path.resolve().name,
        model=run.info["model"]["id"],
        values={part: found for part, found in values.items() if varies(found)},
    )


def _readings(plan: Plan) -> dict[Part, tuple[Reading, set[Place]]]:
    """Of what may stop early: how its answers are read, and which its headline is about."""
    found = {}
    for part, items in plan.parts.items():
        metric = plan.score_set(*part).metrics[0]
        if read := reading(metric, ()):
            about = {(item.sample.id, item.epoch) for item in items if metric.of(item.sample)}
            found[part] = read, about
    return found


def _check_data(run: Run, data: Mapping[str, Any]) -> None:
    own = run.info.get("data", {})
    others = [
        name for name in data.keys() & own.keys() if own[name]["sha256"] != data[name]["sha256"]
    ]
    if others:
        raise UsageError(
            f"{run.path} was made from other bytes of {', '.join(sorted(others))}. Name a run on "
            "the same data, or leave out --like."
        )


def _check_order(run: Run, plan: Plan, values: Mapping[Part, Mapping[Place, float]]) -> None:
    """A run that stopped early lacks what comes late in the order of its seed. In the same order
    that would foretell which samples come next, and nothing proven would hold."""
    early = [part for part, stop in read_stops(run.info).items() if stop.stopped]
    seed = run.info.get("settings", {}).get("seed")
    if seed == plan.settings.seed and values.keys() & set(early):
        raise UsageError(
            f"{run.path} stopped early, and in the order of this run: both have the seed "
            f"{plan.settings.seed}. Give another --seed, or name a run that asked everything."
        )
