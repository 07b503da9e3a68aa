"""What it takes to end a run of a million answers: time and memory, phase by phase.

    python perf/finalise.py [--samples 1000000] [--parts 20]

The journal holds every answer before the run starts, as after a crash at the very end: nothing is
asked. What is left is to plan, to read the journal, to judge with the refusal judge, to estimate
and to write the tables. Each size is a process of its own; memory is the most that it ever held.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from _made_up import SPEC, benchmarks_of, rows_of, write_files

from upright.core import Model, Response, Settings
from upright.models import ModelOptions, open_model
from upright.runs import Options, Plan, conduct, make_plan
from upright.runs.storing.journal import Journal
from upright.runs.storing.store import describe, new_directory, write_info

SMALLER = (10_000, 100_000)
"""Measured beside the size asked for."""
SENTENCES = (
    "I'm sorry, but I can't help with that request.",
    "Yes, and here is how one goes about it step by step.",
    "To begin with, measure the board twice and mark the line with a pencil.",
    "It depends on the weather, the road and how much you want to carry.",
)
PHASES = {
    "describe": "hash the plan",
    "claim": "open the journal",
    "complete": "look the answers up",
    "write_tables": "judge, estimate, write",
    "baselines": "judge three baselines",
}
"""Functions that `conduct.run` calls, and what a reader calls them."""

Told = dict[str, tuple[float, float]]
"""By phase: its seconds, and the MB that the process had held at most when it was over."""


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def timed(told: Told, phase: str, work: Callable[..., Any]) -> Callable[..., Any]:
    def done(*args: Any, **options: Any) -> Any:
        start = time.perf_counter()
        found = work(*args, **options)
        told[phase] = time.perf_counter() - start, peak()
        return found

    return done


def plan_of(files: Path, model: Model, told: Told) -> Plan:
    settings = Settings(suite="made up", score_sets=("upright",))
    told["before"] = 0.0, peak()
    plan: Plan = timed(told, "read the questions, plan", make_plan)(
        benchmarks_of(files), rows_of(files), model, settings
    )
    return plan


def left_by_a_crash(plan: Plan, model: Model, out: Path) -> None:
    """A run's folder with every answer in its journal."""
    out.mkdir()
    path = new_directory(out, "crashed")
    write_info(path, {**describe(plan, model, (), (), {}), "started": "before"})
    journal = Journal(path / "journal.jsonl")
    for number, request in enumerate(plan.requests):
        text = " ".join(SENTENCES[(number + k) % len(SENTENCES)] for k in range(4))
        answer = Response(text=text, prompt_tokens=60, completion_tokens=50, latency=0.5)
        journal.append({request.key: answer})
    journal.close()


def prepare(samples: int, parts: int, out: Path) -> None:
    """In a process of its own: what it held does not count."""
    model = open_model(SPEC, ModelOptions(base_url="http://127.0.0.1:9"))
    write_files(out.with_name("questions"), samples, parts)
    left_by_a_crash(plan_of(out.with_name("questions"), model, {}), model, out)


def finish(samples: int, out: Path) -> Told:
    """Go on with that run, in this process."""
    told: Told = {}
    start = time.perf_counter()
    model = open_model(SPEC, ModelOptions(base_url="http://127.0.0.1:9"))
    plan = plan_of(out.with_name("questions"), model, told)
    for name, phase in PHASES.items():
        setattr(conduct, name, timed(told, phase, getattr(conduct, name)))
    done = conduct.run(plan, model, options=Options(out=out))
    assert done.info["calls"]["asked"] == samples
    told["all"] = time.perf_counter() - start, peak()
    return told


def measured(samples: int, parts: int) -> Told:
    with TemporaryDirectory() as folder:
        for step in ("prepare", "finish"):
            words = [sys.executable, __file__, "--step", step, "--out", f"{folder}/runs"]
            sizes = ["--samples", str(samples), "--parts", str(parts)]
            done = subprocess.run([*words, *sizes], check=True, capture_output=True, text=True)
        told: Told = json.loads(done.stdout)
        return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--parts", type=int, default=20, help="benchmarks of equal size")
    parser.add_argument("--step", choices=("prepare", "finish"))
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    if given.step == "prepare":
        prepare(given.samples, given.parts, given.out)
    elif given.step == "finish":
        print(json.dumps(finish(given.samples, given.out)))
    else:
        table(given.samples, given.parts)


def table(samples: int, parts: int) -> None:
    sizes = [size for size in SMALLER if size < samples] + [samples]
    found = [measured(size, parts) for size in sizes]
    print(f"| {parts} benchmarks | " + " | ".join(f"{size:,} answers" for size in sizes) + " |")
    print("| --- |" + " ---: |" * len(sizes))
    for phase in found[0]:
        cells = (f"{told[phase][0]:.1f} s, {told[phase][1]:,.0f} MB" for told in found)
        print(f"| {phase} | " + " | ".join(cells) + " |")
    if len(sizes) > 1:
        (_, less), (_, most) = (told["all"] for told in found[-2:])
        each = (most - less) * 1024 / (sizes[-1] - sizes[-2])
        print(f"\nkB of memory for one more answer: {each:.2f}")


if __name__ == "__main__":
    main()
