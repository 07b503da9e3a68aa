"""What `--until 0.03` costs and saves, and whether one may rely on it.

    OMP_NUM_THREADS=1 python perf/until.py TRUSTLLM_FOLDER

Writes the tables of docs/explain/until.md, below its prose. The folder holds the paper's data.
Seeded; a quarter of an hour of one core.

Responders are simulated (`_stopping.py`); order, rounds and stopping are the real ones.
"""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from _stopping import ICC, Ended, one_run, the_plan

from upright.core import UPRIGHT, Model, Response, Settings
from upright.models import open_model
from upright.runs import Plan
from upright.runs.rounds import Asking
from upright.runs.scoring.stopping import reading
from upright.stats.intervals import Bounds, Floats
from upright.stats.sequential import Aim, Draws, empirical_bernstein, of_rate, of_whole

HALF_WIDTHS = (0.03, 0.05)
RATES = (0.5, 0.7, 0.9, 0.97, 1.0)
REPS = 20
COVERAGE_REPS = 2000
REAL = {
    "gpt4-turbo.awareness": "transparency/capability_honesty",
    "llama3-70b.AdvGLUE": "robustness/advglue",
}
"""Whole result files of the TrustLLM toolkit, and a benchmark that they answer."""
Z = 1.959964
PAGE = Path(__file__).parent.parent / "docs" / "explain" / "until.md"
MARK = "<!-- what follows is written by perf/until.py -->\n"


def fixed_design(size: int, half_width: float) -> int:
    """Samples that a design of fixed size needs for the value of all, whatever it turns out to be:
    z^2 / (4 h^2), and no more than the finite population asks (Cochran 1977, section 4.4)."""
    endless = Z**2 / 4 / half_width**2
    return int(np.ceil(endless / (1 + (endless - 1) / size)))


def savings(plan: Plan, half_width: float) -> list[str]:
    """The table of calls, one line per benchmark whose headline may stop early."""
    head = [f"{rate:g}" for rate in RATES]
    rows = [
        f"\n### ±{100 * half_width:g} points\n",
        f"| benchmark | samples | fixed design | {' | '.join(head)} | saved, median |",
        "| --- |" + " ---: |" * (len(head) + 3),
    ]
    factors: list[float] = []
    held: list[bool] = []
    within: list[bool] = []
    for (id, _), items in plan.parts.items():
        lead = plan.benchmarks[id].upright.metrics[0]
        if reading(lead, ()) is None:
            continue
        cells = []
        for rate in RATES:
            ended = [
                one_run(plan, id, Settings(suite="trustllm", until=half_width, seed=seed), rate)
                for seed in range(REPS)
            ]
            cells.append(float(np.median([one.stop.asked for one in ended])))
            held += [one.printed.low - 1e-9 <= rate <= one.printed.high + 1e-9 for one in ended]
            within += [_holds(one) for one in ended]
        own = [len(items) / cell for cell in cells]
        factors += own
        shown = " | ".join(f"{cell:,.0f}" for cell in cells)
        about = sum(lead.of(i.sample) for i in items)
        fixed = round(fixed_design(about, half_width) * len(items) / about)
        rows.append(f"| {id} | {len(items):,} | {fixed:,} | {shown} | {np.median(own):.1f} x |")
        print(rows[-1], flush=True)
    middle = [f"{np.median(factors[at :: len(RATES)]):.1f} x" for at in range(len(RATES))]
    rows.append(f"| median saved | | | {' | '.join(middle)} | {np.median(factors):.1f} x |")
    rows.append(
        f"\nOf {len(held):,} simulated runs the value of all samples lay in the sequence that "
        f"decided the stop in {np.mean(within):.1%}, and the model's true rate in the printed "
        f"interval in {np.mean(held):.1%} (stopped or in full).\n"
    )
    return rows


def replayed(data: Path) -> list[str]:
    """The same on answers that real models gave, in twenty orders each."""
    rows = [
        "\n### Real answers\n",
        f"| answers | samples | {' | '.join(f'±{100 * h:g} points' for h in HALF_WIDTHS)} |",
        "| --- | ---: | ---: | ---: |",
    ]
    for name, id in REAL.items():
        model = open_model(f"replay/{data / 'trustllm_fixtures' / name}.json")
        plan = the_plan(data, model, id)
        given = asyncio.run(_answers(model, plan))
        cells = []
        for half_width in HALF_WIDTHS:
            asked = []
            for seed in range(REPS):
                settings = Settings(suite="trustllm", until=half_width, seed=seed)
                part = (id, UPRIGHT)
                asking = Asking(replace(plan, settings=settings), part, plan.parts[part])
                while not asking.done:
                    asking.next_round()
                    asking.look(given)
                asked.append(asking.stop.asked)
            cells.append(f"{np.median(asked):,.0f} ({min(asked):,}-{max(asked):,})")
        rows.append(f"| {name}, {id} | {plan.size:,} | {' | '.join(cells)} |")
        print(rows[-1], flush=True)
    return [*rows, f"\nMedian (least-most) samples asked in {REPS} random orders.\n"]


async def _answers(model: Model, plan: Plan) -> dict[str, Response]:
    requests = list(plan.requests)
    found = await model.generate(requests)
    return {q.key: r for q, r in zip(requests, found, strict=True)}


def _holds(one: Ended) -> bool:
    assert one.stop.low is not None
    assert one.stop.high is not None
    return one.stop.low - 1e-9 <= one.whole <= one.stop.high + 1e-9


class Drawn(NamedTuple):
    """Draws and the truth; `aim` where that is the mean of a finite benchmark."""

    draws: Draws
    truth: float
    aim: Aim | None = None


Case = Callable[[np.random.Generator], Drawn]


def finite(rate: float, size: int) -> Case:
    def case(rng: np.random.Generator) -> Drawn:
        x = (rng.permutation(size) < round(size * rate)).astype(float)
        part = int(0.9 * size)
        return Drawn(Draws(x[:part], np.ones(part), 1), float(x.mean()), Aim(0.03, size, size))

    return case


def unlimited(rate: float, size: int) -> Case:
    def case(rng: np.random.Generator) -> Drawn:
        return Drawn(Draws((rng.random(size) < rate).astype(float), np.ones(size), 1), rate)

    return case


def clusters(rate: float, size: int, harder: float, *, end: bool) -> Case:
    """Of 1, 2 or 10 items, with rates of their own; large ones lower by `harder`."""
    kinds = np.array([1.0, 2.0, 10.0])
    true = float(np.average(rate - harder * (kinds > 5), weights=kinds))

    def case(rng: np.random.Generator) -> Drawn:
        sizes = rng.choice(kinds, size)
        means = rate - harder * (sizes > 5)
        own = rng.beta(means * (1 - ICC) / ICC, (1 - means) * (1 - ICC) / ICC)
        sums: Floats = rng.binomial(sizes.astype(int), own).astype(float)
        part = slice(int(0.8 * size))
        draws = Draws(sums[part], sizes[part], 10)
        if not end:
            return Drawn(draws, true)
        return Drawn(draws, float(sums.sum() / sizes.sum()), Aim(0.03, int(sizes.sum()), size))

    return case


CASES: dict[str, Case] = {
    **{f"all {n} samples, rate {p:g}": finite(p, n) for n in (200, 1000) for p in (0.5, 0.8, 0.97)},
    "all of 200 uneven clusters": clusters(0.7, 200, 0.0, end=True),
    "all of 200, large ones harder": clusters(0.7, 200, 0.4, end=True),
    **{f"the model's rate {p:g}, 1000": unlimited(p, 1000) for p in (0.5, 0.8, 0.97)},
    "the model's rate, uneven clusters": clusters(0.7, 200, 0.0, end=False),
    "the model's rate, large ones harder": clusters(0.7, 200, 0.4, end=False),
}


def coverage() -> list[str]:
    """How often the truth is never left out, at any time."""
    rows = [
        "\n| confidence sequence of | betting, aimed | betting, plug-in | empirical Bernstein |",
        "| --- | ---: | ---: | ---: |",
    ]
    for name, case in CASES.items():
        rng = np.random.default_rng(20)
        found = [_in(case(rng)) for _ in range(COVERAGE_REPS)]
        shares = [
            "–" if one[0] is None else f"{100 * np.mean(one):.1f}"
            for one in zip(*found, strict=True)
        ]
        rows.append(f"| {name} | {' | '.join(shares)} |")
        print(rows[-1], flush=True)
    error = 100 * (0.95 * 0.05 / COVERAGE_REPS) ** 0.5
    rows.append(
        f"\nPer cent of {COVERAGE_REPS:,} runs in which the truth was in at every time; "
        f"Monte-Carlo standard error {error:.1f} points.\n"
    )
    return rows


def _in(drawn: Drawn) -> tuple[bool | None, ...]:
    """Whether each sequence held the truth to the end; None for those that do not apply."""
    draws, truth, aim = drawn

    def held(bounds: Bounds) -> bool:
        return bounds.low - 1e-9 <= truth <= bounds.high + 1e-9

    single = draws.largest == 1
    bernstein = held(empirical_bernstein(draws.sums, aim and aim.clusters)) if single else None
    if aim:
        return held(of_whole(draws, aim)), None, bernstein
    aimed = held(of_rate(draws, Aim(0.03, int(draws.sizes.sum()), len(draws.sums))))
    return aimed, held(of_rate(draws)), bernstein


def main() -> None:
    data = Path(sys.argv[1])
    plan = the_plan(data, open_model("mock/oracle"))
    told = coverage()
    for half_width in HALF_WIDTHS:
        told += savings(plan, half_width)
    told += replayed(data)
    prose = PAGE.read_text("utf-8").split(MARK)[0] if PAGE.exists() else ""
    PAGE.write_text(prose + MARK + "\n".join(told), "utf-8")


if __name__ == "__main__":
    main()
