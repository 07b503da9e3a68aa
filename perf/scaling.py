"""What more workers bring: measured here, and predicted for up to 64 of them.

    python perf/scaling.py [--write]     a quarter of an hour; writes docs/explain/scaling.md
    python perf/scaling.py --brief       two minutes: what docs/performance.md shows
    python perf/scaling.py --quick       seconds: does it work?

Measured are whole runs (`_scaled.py`) against one endpoint in a process of its own, in turn:
this process alone, then one, two and three worker processes. Predicted are the same runs and
larger ones (`_farm.py`), from the costs per question that were measured.
"""

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

from _chart import Points, chart
from _farm import Costs, Endpoint, Farm, Told, simulate
from _made_up import Asked
from _scaled import PHASES, Spent, measured, middle
from engine import serving

from upright.runs.asking.limits import Limits

DOCS = Path(__file__).parent.parent / "docs"
PAGE, FIGURE = DOCS / "explain" / "scaling.md", DOCS / "scaling.svg"
MARK = "<!-- what follows is written by perf/scaling.py -->\n"
WORKERS = (0, 1, 2, 3)
FEW = 200
"""Questions of a run that is hardly more than its start."""
MANY = (0, 1, 2, 4, 8, 16, 32, 64)
EACH = 1024
"""Connections of each worker, where the endpoint takes as many as there are."""


class Size(NamedTuple):
    """How much is measured and simulated."""

    rounds: int
    share: float
    cases: int
    questions: int
    workers: tuple[int, ...] = WORKERS


FULL = Size(3, 1.0, 4, 300_000)
BRIEF = Size(3, 0.5, 1, 100_000)
QUICK = Size(1, 0.02, 1, 5_000, (0, 2))


class Case(NamedTuple):
    """An endpoint to measure against. `at_once` 0: it takes all."""

    name: str
    latency: float
    connections: int
    questions: int
    at_once: int = 0
    rounds: int = 9


CASES = (
    Case("no latency, 256 connections: the CPU is the limit", 0.0, 256, 20_000),
    Case("200 ms, 256 connections", 0.2, 256, 3_000),
    Case("200 ms, 64 connections", 0.2, 64, 1_000),
    Case("1 s, takes 100 calls at once and is offered 200", 1.0, 200, 1_500, 100, rounds=1),
)


def run_case(case: Case, size: Size) -> dict[int, Spent]:
    """Medians by number of workers, which take turns."""
    questions = max(FEW, int(case.questions * size.share))
    found: dict[int, list[Spent]] = {workers: [] for workers in size.workers}
    for _ in range(min(size.rounds, case.rounds)):
        for workers, spent in found.items():
            with serving(case.latency, case.at_once) as url:
                spent.append(measured(Asked(url, questions, case.connections, workers)))
    return {workers: middle(spent) for workers, spent in found.items()}


def costs_of(many: dict[int, Spent], few: dict[int, Spent], questions: int) -> Costs:
    """From runs of two sizes that differ in nothing else: each question, and all the rest."""

    def per_question(workers: int, *phases: str) -> float:
        spent = (sum(one[workers].own[phase] for phase in phases) for one in (many, few))
        return max(0.0, next(spent) - next(spent)) / (questions - FEW)

    boot = few[2].workers / 2
    return Costs(
        fixed=sum(few[0].own.values()),
        before=per_question(2, "plan", "other"),
        hand_out=per_question(2, "start", "ask"),
        boot=boot,
        service=(many[2].workers - few[2].workers) / (questions - FEW),
        alone=per_question(0, "ask"),
        take_over=per_question(2, "take over"),
        after=per_question(2, "judge, tables"),
    )


def told_costs(costs: Costs) -> list[str]:
    serial = costs.before + costs.hand_out + costs.take_over + costs.after
    us = {name: f"{1e6 * getattr(costs, name):.0f}" for name in Costs.__dataclass_fields__}
    return [
        "| CPU per question | microseconds |",
        "| --- | ---: |",
        f"| a worker: ask, and write to its shard | {us['service']} |",
        f"| the run's process, where that asks (with cache and journal) | {us['alone']} |",
        f"| plan, look up, facts (always the run's process) | {us['before']} |",
        f"| judge, estimate, write tables (always) | {us['after']} |",
        f"| hand out to workers | {us['hand_out']} |",
        f"| take over from workers | {us['take_over']} |",
        f"\nOnce: {costs.fixed:.2f} s CPU of the run's process, {costs.boot:.2f} s of each worker "
        f"(imports). Serial with workers: {1e6 * serial:.0f} microseconds a question, so that no "
        f"number of them is more than {(costs.alone + costs.before + costs.after) / serial:.1f} "
        "times as fast as one process alone.\n",
    ]


def predicted(case: Case, costs: Costs, questions: int, workers: int) -> float:
    """Seconds on the cores of this machine, if nobody else used them."""
    endpoint = Endpoint(median=case.latency, sigma=0.0, at_once=case.at_once or None)
    farm = Farm(
        questions=questions,
        workers=workers,
        connections=case.connections,
        endpoint=endpoint,
        costs=costs,
        cores=os.cpu_count(),
    )
    return simulate(farm).wall


def told_case(case: Case, found: dict[int, Spent], costs: Costs, size: Size) -> list[str]:
    questions = max(FEW, int(case.questions * size.share))
    guessed = {n: predicted(case, costs, questions, n) for n in found}
    rows = [
        f"\n**{case.name}**; {questions:,} questions\n",
        f"| workers | wall s | {' | '.join(PHASES)} | CPU s, all clients | server | others | "
        "speed-up | efficiency | by CPU path | predicted: wall s | efficiency |",
        "| ---: |" + " ---: |" * (10 + len(PHASES)),
    ]
    base = found[0]
    for n, one in found.items():
        crew = max(1, n)
        speed = base.whole / one.whole
        phases = " | ".join(f"{one.wall[phase]:.1f}" for phase in PHASES)
        rows.append(
            f"| {n or 'alone'} | {one.whole:.1f} | {phases} | {one.cpu:.1f} | "
            f"{one.server / one.whole:.0%} | {one.others:.1f} | {speed:.2f} | {speed / crew:.0%} | "
            f"{base.path(0) / one.path(n) / crew:.0%} | {guessed[n]:.1f} | "
            f"{guessed[0] / guessed[n] / crew:.0%} |"
        )
    return rows


def scenarios(costs: Costs, questions: int) -> dict[str, list[Farm]]:
    """By name, for each number of workers."""
    fast, chat = Endpoint(median=0.2), Endpoint(median=2.0, at_once=1000)
    tail = Endpoint(median=0.2, slow=0.001, slow_for=60.0)
    spread = Costs(**{**vars(costs), "after": 0.0, "service": costs.service + costs.after})

    def farms(
        endpoint: Endpoint,
        shared: Costs = costs,
        total: int = 0,
        life: float | None = None,
        rpm: int | None = None,
    ) -> list[Farm]:
        return [
            Farm(
                questions=questions,
                workers=n,
                connections=total or EACH * max(1, n),
                endpoint=endpoint,
                costs=shared if n else costs,
                limits=Limits(rpm=rpm),
                life=life,
            )
            for n in MANY
        ]

    return {
        "no limits": farms(fast),
        "no limits, and workers judge (not built)": farms(fast, spread),
        "no limits, workers live 20 s on average": farms(fast, life=20.0),
        "no limits, one call in 1,000 takes a minute": farms(tail),
        "10,000 requests a minute": farms(fast, total=EACH, rpm=10_000),
        "1,000 calls at once, offered 2,000": farms(chat, total=2000),
    }


def limit_of(farm: Farm, told: Told) -> str:
    """The part that was at work longest, and what share of the time."""
    calls = farm.questions * farm.endpoint.median * 1.13  # the mean of the lognormal
    parts = {
        "the run's own process": told.serial / told.wall,
        "workers' CPU": told.busy / max(1, farm.workers) / told.wall,
        "requests a minute": farm.questions / (farm.limits.rpm or 1e12) * 60 / told.wall,
        "calls at once": calls / (farm.endpoint.at_once or 1e12) / told.wall,
    }
    if not farm.workers:  # it is both
        parts["the run's own process"] += parts.pop("workers' CPU")
    part = max(parts, key=lambda name: parts[name])
    return f"{part} {parts[part]:.0%}"


def told_scenarios(costs: Costs, questions: int) -> tuple[list[str], dict[str, Points]]:
    """The table, and speed-ups for the figure."""
    plans = scenarios(costs, questions)
    with ProcessPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        found = {name: list(pool.map(told_without_calls, farms)) for name, farms in plans.items()}
    lines: dict[str, Points] = {}
    rows = [
        f"\n{questions:,} questions\n",
        f"| endpoint | {' | '.join(f'{n}' if n else 'alone: wall s' for n in MANY)} | limit at 1 | "
        "limit at 64 |",
        "| --- |" + " ---: |" * len(MANY) + " --- | --- |",
    ]
    for name, told in found.items():
        base = told[0].wall
        speeds = [(n, base / one.wall) for n, one in zip(MANY, told, strict=True) if n]
        lines[name] = speeds
        cells = " | ".join(f"{speed:.1f} x, {speed / n:.0%}" for n, speed in speeds)
        limits = [limit_of(plans[name][place], told[place]) for place in (1, -1)]
        rows.append(f"| {name} | {base:,.0f} | {cells} | {' | '.join(limits)} |")
    rows.append("\nEach cell: times as fast as one process alone, and that by worker.\n")
    return rows, lines


def told_without_calls(farm: Farm) -> Told:
    """The moments of a million calls stay where they were noted."""
    told = simulate(farm)
    del told.begun[:]
    return told


def told_load(load: tuple[float, float, float], rounds: int) -> str:
    shown = " ".join(f"{one:.1f}" for one in load)
    return f"\n{os.cpu_count()} cores, load {shown} before; medians of {rounds} in turn.\n"


def figure(lines: dict[str, Points], found: dict[int, Spent]) -> str:
    """`found` are the runs at no latency."""
    dots = [(n, found[0].whole / one.whole) for n, one in found.items() if n]
    name = f"measured: no latency, {os.cpu_count()} cores, wall time"
    title = "Times as fast as one process alone (dashed: as many times as workers)"
    return chart(title, lines, {name: dots})


def report(size: Size) -> tuple[list[str], str]:
    """The tables, and the figure."""
    rows = [told_load(os.getloadavg(), size.rounds)]
    cpu = CASES[0]
    few = run_case(cpu._replace(questions=FEW), size._replace(share=1.0))
    many = run_case(cpu, size)
    costs = costs_of(many, few, max(2 * FEW, int(cpu.questions * size.share)))
    rows += told_costs(costs)
    for case in CASES[: size.cases]:
        found = many if case is cpu else run_case(case, size)
        rows += told_case(case, found, costs, size)
    table, lines = told_scenarios(costs, size.questions)
    return [*rows, *table], figure(lines, many)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--brief", action="store_true")
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    rows, drawn = report(QUICK if given.quick else BRIEF if given.brief else FULL)
    print("\n".join(rows))
    if given.write:
        prose = PAGE.read_text("utf-8").split(MARK)[0] if PAGE.exists() else ""
        PAGE.write_text(prose + MARK + "\n".join(rows), "utf-8")
        FIGURE.write_text(drawn, "utf-8")


if __name__ == "__main__":
    main()
