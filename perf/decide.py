"""What `--decide 0.9` saves, and how often it decides wrongly.

    OMP_NUM_THREADS=1 python perf/decide.py TRUSTLLM_FOLDER

Writes its tables into docs/explain/until.md, between its marks. The folder holds the paper's data.
Seeded; some minutes of one core. Responders are simulated (`_stopping.py`); order, rounds and
stopping are the real ones.
"""

import sys
from pathlib import Path

import numpy as np
from _stopping import ICC, Ended, one_run, the_plan

from upright.core import Settings
from upright.models import open_model
from upright.runs import Plan
from upright.runs.scoring.stopping import reading
from upright.stats.intervals import Bounds, wilson
from upright.stats.sequential import Bound, Draws, of_rate

AT = 0.9
RATES = (0.5, 0.7, 0.8, 0.85, 0.9, 0.95, 0.97, 1.0)
REPS = 20
WRONG_REPS = 2000
WORST = (0.5, 0.8, 0.9, 0.97)
"""Bounds that are the true rate itself."""
SIZES = {"200 samples": (200, 1), "1,000 samples": (1000, 1), "200 clusters of 5": (200, 5)}
PAGE = Path(__file__).parent.parent / "docs" / "explain" / "until.md"
BEGIN, END = (f"<!-- {word} of what perf/decide.py writes -->\n" for word in ("begin", "end"))


def side(bounds: Bounds, at: float) -> int:
    """1 above, -1 below, 0 undecided."""
    return int(bounds.low > at) - int(bounds.high < at)


def wrong() -> list[str]:
    """How often a bound that is the truth is left out: the worst case of both wrong sides."""
    rows = [
        "| rate = bound | of | above, stopped | below, stopped | above, in all | below, in all |",
        "| ---: | --- | ---: | ---: | ---: | ---: |",
    ]
    for rate in WORST:
        for name, (clusters, size) in SIZES.items():
            rng = np.random.default_rng(30)
            found = [_one(rng, rate, clusters, size) for _ in range(WRONG_REPS)]
            early, last = (np.array(sides) for sides in zip(*found, strict=True))
            ends = np.where(early == 0, last, early)
            shares = [np.mean(sides == way) for sides in (early, ends) for way in (1, -1)]
            rows.append(f"| {rate:g} | {name} | {' | '.join(f'{s:.1%}' for s in shares)} |")
            print(rows[-1], flush=True)
    error = 100 * (0.025 * 0.975 / WRONG_REPS) ** 0.5
    told = f"{WRONG_REPS:,} runs each, looked at after every cluster; Monte-Carlo standard error"
    return [*rows, f"\n{told} {error:.2f} points at 2.5 %.\n"]


def _one(rng: np.random.Generator, rate: float, clusters: int, size: int) -> tuple[int, int]:
    """On which side it stops, and, where it does not, on which the interval in the end lies.
    A sequence that once left a mean out never takes it back: its end tells of every look."""
    spread = (1 - ICC) / ICC
    own = rng.beta(rate * spread, (1 - rate) * spread, clusters) if size > 1 else rate
    sums = rng.binomial(size, own, clusters).astype(float)
    draws = Draws(sums, np.full(clusters, float(size)), size)
    early = side(of_rate(draws, Bound(rate, clusters * size, clusters)), rate)
    effect = 1 + (size - 1) * ICC
    return early, side(wilson(float(sums.mean()) / size, clusters * size / effect), rate)


def savings(plan: Plan) -> list[str]:
    """The table of calls, one line per benchmark whose headline may stop early."""
    head = [f"{rate:g}" for rate in RATES]
    rows = [
        f"| benchmark | samples | {' | '.join(head)} |",
        "| --- |" + " ---: |" * (len(head) + 1),
    ]
    factors: list[list[float]] = [[] for _ in RATES]
    every: list[list[Ended]] = [[] for _ in RATES]
    for (id, _), items in plan.parts.items():
        if reading(plan.benchmarks[id].upright.metrics[0], ()) is None:
            continue
        cells = []
        for rate, ratios, runs in zip(RATES, factors, every, strict=True):
            ended = [
                one_run(plan, id, Settings(suite="trustllm", decide=AT, seed=seed), rate)
                for seed in range(REPS)
            ]
            runs.extend(ended)
            cells.append(float(np.median([one.stop.asked for one in ended])))
            ratios.append(len(items) / cells[-1])
        rows.append(f"| {id} | {len(items):,} | {' | '.join(f'{c:,.0f}' for c in cells)} |")
        print(rows[-1], flush=True)
    rows.append(f"| median saved | | {' | '.join(f'{np.median(f):.1f} x' for f in factors)} |")
    rows.append(f"| stopped early | | {' | '.join(map(_stopped, every))} |")
    wrong_way = [_wrong_way(runs, rate) for runs, rate in zip(every, RATES, strict=True)]
    rows.append(f"| decided wrongly | | {' | '.join(f'{w:.1%}' for w in wrong_way)} |")
    return [*rows, ""]


def _stopped(runs: list[Ended]) -> str:
    return f"{np.mean([one.stop.stopped for one in runs]):.0%}"


def _wrong_way(runs: list[Ended], rate: float) -> float:
    """Stopped or in full; at the bound itself either side is wrong."""
    sides = [side(one.printed, AT) for one in runs]
    return float(np.mean([bool(found) and found != np.sign(rate - AT) for found in sides]))


def main() -> None:
    plan = the_plan(Path(sys.argv[1]), open_model("mock/oracle"))
    told = "\n".join(["", *wrong(), *savings(plan)])
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    PAGE.write_text(before + BEGIN + told + END + rest.partition(END)[2], "utf-8")


if __name__ == "__main__":
    main()
