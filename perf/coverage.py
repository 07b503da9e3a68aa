"""Counts how often every 95 % interval of the stats room holds the true value.

    OMP_NUM_THREADS=1 python perf/coverage.py

Writes the table of docs/explain/coverage.md, below its prose. Seeded; three minutes of one core.
"""

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from _covered import Case, cases

SIZES = (20, 50, 200, 500, 2000)
CLUSTERS = (1, 5)
REPS = dict(zip(SIZES, (2000, 2000, 2000, 1000, 1000), strict=True))
SLOW = dict(zip(SIZES, (1000, 1000, 500, 300, 150), strict=True))
LEAST = 0.93
PAGE = Path(__file__).parent.parent / "docs" / "explain" / "coverage.md"
MARK = "<!-- what follows is written by perf/coverage.py -->\n"


def covered(case: Case, n: int, size: int, reps: int) -> float:
    """The share of intervals that hold the truth; NaN where most draws give none."""
    rng = np.random.default_rng(zlib.crc32(f"{case.name} {n} {size}".encode()))
    found = [case.draw(n, size, rng) for _ in range(reps)]
    ends = [(f.low, f.high) for f in found if f is not None]
    hits = [low <= case.truth <= high for low, high in ends if low is not None and high is not None]
    return float(np.mean(hits)) if len(hits) > reps / 2 else float("nan")


def row(case: Case) -> str:
    reps = SLOW if case.slow else REPS
    shares = [covered(case, n, size, reps[n]) for size in CLUSTERS for n in SIZES]
    name = case.name + ("" if case.told else " (not told of clusters)")
    print(name, *(shown(s) for s in shares), flush=True)
    return f"| {name} | " + " | ".join(map(shown, shares)) + " |"


def shown(share: float) -> str:
    if not np.isfinite(share):
        return "–"
    return f"{100 * share:.1f}" if share >= LEAST else f"**{100 * share:.1f}**"


def table(rows: Sequence[str]) -> str:
    head = [f"{n}" if size == 1 else f"{n} in fives" for size in CLUSTERS for n in SIZES]
    error = ", ".join(
        f"{reps} ({100 * (0.95 * 0.05 / reps) ** 0.5:.1f})"
        for reps in dict.fromkeys([*REPS.values(), *SLOW.values()])
    )
    counts = f"{'/'.join(map(str, REPS.values()))} repetitions per cell, by n"
    slow = f"{'/'.join(map(str, SLOW.values()))} for those that bootstrap"
    return "\n".join(
        [
            f"\n| interval, n = | {' | '.join(head)} |",
            "| --- |" + " ---: |" * len(head),
            *rows,
            f"\nPer cent; bold under {LEAST:.0%}. {counts}; {slow}. Repetitions and their "
            f"Monte-Carlo standard error in points: {error}.\n",
        ]
    )


def main() -> None:
    text = table([row(case) for case in cases()])
    prose = PAGE.read_text("utf-8").split(MARK)[0] if PAGE.exists() else ""
    PAGE.write_text(prose + MARK + text, "utf-8")


if __name__ == "__main__":
    main()
