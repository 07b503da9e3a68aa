"""How often a gate fails a worse model, and how often an equal one: planted drops, replayed.

    OMP_NUM_THREADS=1 python perf/gate.py

Two runs on the same yes/no samples. Every answer flips with the same small chance (sampling,
numerics), so that two runs of one model disagree on 8 % of the samples; a planted drop takes
right answers away on top of that. 1,000 pairs of runs per row, seed 1. About 10 seconds.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from upright.stats.equivalence import Standing, non_inferiority
from upright.stats.intervals import Floats
from upright.stats.paired import mcnemar, paired_difference
from upright.stats.power import paired_power, unpaired_power
from upright.stats.unpaired import unpaired_test

RIGHT, NOISE, MARGIN, ALPHA, PAIRS = 0.8, 0.08, 0.02, 0.05, 1000
FLIP = (1 - math.sqrt(1 - 2 * NOISE)) / 2  # 2 flip (1 - flip) = noise


class Rates(NamedTuple):
    """The share of pairs of runs in which each gate fails the candidate."""

    worse: float
    interval: float
    exact: float
    unpaired: float
    unshown: float


HEAD = (
    "samples | drop | worse, margin 0.02 | interval below 0 | McNemar | unpaired test | "
    "not shown to be not worse"
)


def two_runs(n: int, drop: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Baseline and candidate, whose true rate is lower by `drop`."""
    knows = rng.random(n) < RIGHT
    forgot = rng.random(n) < drop / (1 - 2 * FLIP) / RIGHT
    flipped = rng.random((2, n)) < FLIP
    baseline, candidate = knows ^ flipped[0], (knows & ~forgot) ^ flipped[1]
    return baseline.astype(float), candidate.astype(float)


def discordance(drop: float) -> float:
    """The share of samples on which the two runs disagree."""
    return NOISE + drop * (1 - 2 * FLIP)


def simulate(n: int, drop: float, pairs: int = PAIRS, seed: int = 1) -> Rates:
    rng = np.random.default_rng(seed)
    names = [str(i) for i in range(n)]
    failed = np.zeros(len(Rates._fields))
    for _ in range(pairs):
        failed += judged(*two_runs(n, drop, rng), names)
    return Rates(*(failed / pairs))


def judged(a: Floats, b: Floats, names: Sequence[str]) -> list[bool]:
    """Which of the gates fail the candidate, in the order of `Rates`."""
    found = paired_difference(a, b, names)
    against_margin = non_inferiority(found, MARGIN)
    fell = float(b.mean()) < float(a.mean())
    return [
        against_margin is Standing.WORSE,
        non_inferiority(found, 0.0) is Standing.WORSE,
        fell and mcnemar(a, b) < ALPHA,
        fell and unpaired_test(a, names, b, names).p < ALPHA,
        against_margin in (Standing.WORSE, Standing.CANNOT_TELL),
    ]


def same_items() -> tuple[float, float]:
    """p of 220 samples of which 30 were lost and 12 gained: paired, and as if on other samples.

    After lm-evaluation-harness issue 3831 and pull request 3868, whose example of 220 samples has
    p = 0.008 paired and 0.080 by the unpaired z-test of `model_comparator.py`.
    """
    a = np.repeat([1.0, 1.0, 0.0, 0.0], [113, 30, 12, 65])
    b = np.repeat([1.0, 0.0, 1.0, 0.0], [113, 30, 12, 65])
    names = [str(i) for i in range(len(a))]
    return mcnemar(a, b), unpaired_test(a, names, b, names).p


def main() -> None:
    print(f"| {HEAD} |")
    print("|" + " ---: |" * (HEAD.count("|") + 1))
    for n in (220, 500, 1000, 2000):
        for drop in (0.0, 0.04):
            rates = simulate(n, drop)
            print(f"| {n} | {drop:.0%} | " + " | ".join(f"{r:.1%}" for r in rates) + " |")
    for n in (220, 500, 1000, 2000):
        paired = paired_power(n, 0.04, discordance(0.04))
        apart = unpaired_power(n, RIGHT * (1 - 2 * FLIP) + FLIP, 0.04)
        print(f"formulas, {n} samples, drop 4 %: paired {paired:.1%}, unpaired {apart:.1%}")
    paired, apart = same_items()
    print(f"220 samples, 30 lost and 12 gained: p = {paired:.3f} paired, {apart:.3f} unpaired")


if __name__ == "__main__":
    main()
