"""What a reference run saves with `--until 0.03 --like RUN`, and whether one may rely on it.

    OMP_NUM_THREADS=1 python perf/like.py DATASETS [RUN ...]

Writes the tables of docs/explain/until-like.md, below its prose. The folder holds the datasets,
the paper's among them; runs are stored ones of the paper's suite in full, and are taken as
references for one another. Seeded; an hour of one core. Order, rounds and stopping are the real
ones; pairs of models are simulated or replayed (`_pairs.py`).
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from _pairs import Pair, Values, fewer, flipped, labelled, shuffled, stored
from _stopping import Ended, ended, simulated, the_plan

from upright.core import UPRIGHT, Settings
from upright.models import open_model
from upright.runs import Plan
from upright.runs.scoring.stopping import reading
from upright.stats.intervals import Floats
from upright.stats.sequential import Aim, Beside, Draws, of_whole

HALF_WIDTHS = (0.03, 0.05)
RATES = (0.5, 0.7, 0.9, 0.97)
SEEDS = 5
REPLAYS = 3
COVERAGE_REPS = 2000
PAGE = Path(__file__).parent.parent / "docs" / "explain" / "until-like.md"
MARK = "<!-- what follows is written by perf/like.py -->\n"

Other = Callable[[Values, float, float, np.random.Generator], Values]
REFERENCES: dict[str, tuple[Other, float]] = {
    "other questions": (shuffled, 0.0),
    "80 %": (flipped, 0.2),
    "90 %": (flipped, 0.1),
    "95 %": (flipped, 0.05),
    "95 %, one way": (fewer, 0.05),
    "98 %": (flipped, 0.02),
    "100 %": (flipped, 0.0),
}
"""The reference's verdicts, from the model's: how they are changed, and how many."""


class Cell(NamedTuple):
    """Runs of one benchmark with one reference: what was asked by rate and seed, and whether the
    intervals held."""

    asked: Floats
    within: Sequence[bool]
    held: Sequence[bool]
    widths: Sequence[float]


def simulated_runs(plan: Plan, id: str, half_width: float, name: str) -> Cell:
    items = plan.parts[id, UPRIGHT]
    asked, within, held, widths = [], [], [], []
    for rate in RATES:
        for seed in range(SEEDS):
            rng = np.random.default_rng([seed, len(items)])
            ours = simulated(items, rate, rng).values
            theirs = None
            if name in REFERENCES:
                change, flips = REFERENCES[name]
                theirs = change(ours, rate, flips, rng)
            settings = Settings(suite="trustllm", until=half_width, seed=seed)
            one = ended(plan, id, settings, ours, theirs)
            asked.append(one.stop.asked)
            within.append(_holds(one))
            held.append(one.printed.low - 1e-9 <= rate <= one.printed.high + 1e-9)
            if one.stop.stopped:
                widths.append((one.printed.high - one.printed.low) / 2)
    return Cell(np.array(asked, float).reshape(len(RATES), SEEDS), within, held, widths)


def _holds(one: Ended) -> bool:
    assert one.stop.low is not None
    assert one.stop.high is not None
    return one.stop.low - 1e-9 <= one.whole <= one.stop.high + 1e-9


def savings(plan: Plan, half_width: float) -> list[str]:
    """Calls by benchmark and reference, then what is saved by rate, then coverage."""
    names = ["none", *REFERENCES]
    rows = [
        f"\n### ±{100 * half_width:g} points\n",
        f"| benchmark | samples | {' | '.join(names)} |",
        "| --- |" + " ---: |" * (len(names) + 1),
    ]
    cells: dict[str, list[Cell]] = {name: [] for name in names}
    planned: list[int] = []
    for (id, _), items in plan.parts.items():
        if reading(plan.benchmarks[id].upright.metrics[0], ()) is None:
            continue
        planned.append(len(items))
        for name in names:
            cells[name].append(simulated_runs(plan, id, half_width, name))
        shown = " | ".join(f"{np.median(cells[name][-1].asked):,.0f}" for name in names)
        rows.append(f"| {id} | {len(items):,} | {shown} |")
        print(rows[-1], flush=True)
    rows += _medians(cells, np.array(planned, float))
    return [*rows, *_coverage_of_runs(cells)]


def _medians(cells: dict[str, list[Cell]], planned: Floats) -> list[str]:
    """Over benchmarks and rates, and for each rate alone."""
    by_name = {  # (benchmarks, rates) each
        name: planned[:, None] / np.array([np.median(cell.asked, axis=1) for cell in found])
        for name, found in cells.items()
    }

    def row(title: str, pick: Callable[[Floats], Floats]) -> str:
        shown = (f"{np.median(pick(saved)):.1f} x" for saved in by_name.values())
        return f"| {title} | | {' | '.join(shown)} |"

    def at_rate(at: int) -> Callable[[Floats], Floats]:
        return lambda saved: saved[:, at]

    return [
        row("median saved", lambda saved: saved),
        *(row(f"where {rate:g} are right", at_rate(at)) for at, rate in enumerate(RATES)),
        row("upper quarter", lambda saved: np.quantile(saved, [0.75])),
    ]


def _coverage_of_runs(cells: dict[str, list[Cell]]) -> list[str]:
    def share(name: str, what: str) -> str:
        found = [held for cell in cells[name] for held in getattr(cell, what)]
        return f"{np.mean(found):.1%}"

    def width(name: str) -> str:
        return f"±{100 * np.mean([w for cell in cells[name] for w in cell.widths]):.1f}"

    kinds = {"value of all in": "within", "rate in the printed": "held"}
    rows = [f"| {told} | | " + " | ".join(share(n, k) for n in cells) for told, k in kinds.items()]
    rows.append("| printed, where stopped | | " + " | ".join(width(n) for n in cells))
    runs = sum(len(cell.held) for cell in cells["none"])
    return [
        *(f"{row} |" for row in rows),
        f"\nMedian of {len(RATES) * SEEDS} runs, {SEEDS} at each of the rates "
        f"{', '.join(f'{rate:g}' for rate in RATES)}; {runs:,} runs a column, Monte-Carlo standard "
        f"error {100 * (0.95 * 0.05 / runs) ** 0.5:.1f} points at 95 %.\n",
    ]


def replayed(title: str, pairs: Sequence[Pair]) -> list[str]:
    """One line for each range of agreement: pairs of real models, each in several orders."""
    found: dict[int, list[tuple[float, ...]]] = {}
    for pair in pairs:
        asked = [_asked(pair, h, like) for h in HALF_WIDTHS for like in (False, True)]
        found.setdefault(min(int(pair.agreement * 20), 19), []).append((pair.agreement, *asked))
    size = len(pairs[0].plan.parts[pairs[0].id, UPRIGHT])
    rows = []
    for at in sorted(found):
        told = np.array(found[at])
        middle = np.median(told, axis=0)
        span = f"{100 * told[:, 0].min():.0f}-{100 * told[:, 0].max():.0f} %"
        shown = " | ".join(
            f"{middle[i]:,.0f} | {middle[i + 1]:,.0f} | {np.median(size / told[:, i + 1]):.1f} x"
            for i in (1, 3)
        )
        rows.append(f"| {title} | {span} | {len(told)} | {size:,} | {shown} |")
        print(rows[-1], flush=True)
    return rows


def _asked(pair: Pair, half_width: float, like: bool) -> float:
    """The median of some orders."""
    runs = [
        ended(
            pair.plan,
            pair.id,
            Settings(suite="trustllm", until=half_width, seed=seed),
            pair.ours,
            pair.theirs if like else None,
        )
        for seed in range(REPLAYS)
    ]
    return float(np.median([one.stop.asked for one in runs]))


def real(data: Path, plan: Plan, runs: Sequence[Path]) -> list[str]:
    rows = [
        "\n### Real pairs\n",
        "| verdicts | agreement | pairs | samples | ±3 alone | ±3 with | saved "
        "| ±5 alone | ±5 with | saved |",
        "| --- |" + " ---: |" * 9,
    ]
    for title, pairs in labelled(data).items():
        rows += replayed(title, pairs)
    for title, pair in stored(plan, runs):
        rows += replayed(title, [pair])
    told = f"Samples asked, median of the pairs and of {REPLAYS} random orders of each."
    return [*rows, f"\n{told}\n"]


class Whole(NamedTuple):
    """Sums, sizes and the reference's sums of all clusters of a benchmark."""

    sums: Floats
    sizes: Floats
    theirs: Floats


Case = Callable[[np.random.Generator], Whole]


def singles(size: int, rate: float, lost: float, won: float) -> Case:
    """Of the reference's right verdicts so many are wrong now, and of its wrong ones right."""

    def case(rng: np.random.Generator) -> Whole:
        theirs = rng.random(size) < rate
        ours = theirs ^ (rng.random(size) < np.where(theirs, lost, won))
        return Whole(ours.astype(float), np.ones(size), theirs.astype(float))

    return case


def uneven(agree: float) -> Case:
    """Clusters of 1, 2 or 10; large ones are hard, for both at once or for one alone."""

    def case(rng: np.random.Generator) -> Whole:
        sizes = rng.choice([1.0, 2.0, 10.0], 200)
        own = np.where(sizes > 5, 0.4, 0.8)
        sums = rng.binomial(sizes.astype(int), own).astype(float)
        kept = rng.binomial(sums.astype(int), agree)
        new = rng.binomial((sizes - sums).astype(int), 1 - agree)
        return Whole(sums, sizes, (kept + new).astype(float))

    return case


CASES: dict[str, Case] = {
    **{
        f"{n} samples, rate {p:g}, 95 % agree": singles(n, p, 0.05, 0.05)
        for n in (200, 1000)
        for p in (0.5, 0.8, 0.97)
    },
    "1000 samples, one way: 5 % lost": singles(1000, 0.8, 0.0625, 0.0),
    "1000 samples, nothing in common": singles(1000, 0.7, 0.3, 0.7),
    "1000 samples, the opposite": singles(1000, 0.7, 1.0, 1.0),
    "1000 samples, bad beside good": singles(1000, 0.97, 0.9, 0.1),
    "1000 samples, all the same": singles(1000, 0.8, 0.0, 0.0),
    "200 uneven clusters, 95 % agree": uneven(0.95),
    "200 uneven clusters, the opposite": uneven(0.0),
}


def coverage() -> list[str]:
    """How often the value of all is never left out, at any time, with any reference."""
    rows = ["| the value of all of | in at every time |", "| --- | ---: |"]
    for name, case in CASES.items():
        rng = np.random.default_rng(21)
        rows.append(
            f"| {name} | {100 * np.mean([_in(case(rng)) for _ in range(COVERAGE_REPS)]):.1f} |"
        )
        print(rows[-1], flush=True)
    error = 100 * (0.95 * 0.05 / COVERAGE_REPS) ** 0.5
    return [
        *rows,
        f"\nPer cent of {COVERAGE_REPS:,} runs; Monte-Carlo standard error {error:.1f} points.\n",
    ]


def _in(all: Whole) -> bool:
    """Nine tenths are drawn, one cluster after the other: bounds are what was never left out."""
    drawn = int(0.9 * len(all.sums))
    excess = all.theirs - all.sizes * all.theirs.sum() / all.sizes.sum()
    spread = float(excess.min()), float(excess.max()), float(np.mean(excess**2))
    beside = Beside(excess[:drawn], *spread)
    draws = Draws(all.sums[:drawn], all.sizes[:drawn], float(all.sizes.max()), beside)
    low, high = of_whole(draws, Aim(0.03, int(all.sizes.sum()), len(all.sums)))
    return bool(low - 1e-9 <= all.sums.sum() / all.sizes.sum() <= high + 1e-9)


def main() -> None:
    data, *runs = map(Path, sys.argv[1:])
    plan = the_plan(data / "trustllm", open_model("mock/oracle"))
    told = coverage()
    told += real(data, plan, runs)
    for half_width in HALF_WIDTHS:
        told += savings(plan, half_width)
    prose = PAGE.read_text("utf-8").split(MARK)[0] if PAGE.exists() else ""
    PAGE.write_text(prose + MARK + "\n".join(told), "utf-8")


if __name__ == "__main__":
    main()
