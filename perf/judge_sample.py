"""What `--judge-sample` is worth: coverage of corrected intervals, and the judge calls it saves.

    python perf/judge_sample.py                 some minutes; prints the table of
                                                docs/explain/judge-error.md
    python perf/judge_sample.py --runs 200      a quick look

Truth is what the judge model says of an answer. There are 1,200 answers; the local judge reads all
of them and errs as named, the judge model reads 200, those that a run with that seed would draw.
Answers stand alone, or in clusters of four: intraclass correlation 0.3, and in half of the answers
the local judge's luck is that of the cluster.
"""

import argparse
from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

import numpy as np

from upright.core import Interval
from upright.runs.subset import draw
from upright.stats.correction import prediction_powered
from upright.stats.intervals import Bounds, Floats, proportion

ANSWERS, SAMPLE, SEED = 1200, 200, 7
RATES = (0.05, 0.3)
JUDGES = ((0.98, 0.98), (0.85, 0.9), (0.75, 0.75), (0.95, 0.6), (0.5, 0.5))
"""Sensitivity and specificity of the local judge; the last one listens to nothing."""
SIZES = (50, 75, 100, 150, 200, 300, 400, 500, 600, 700, 800, 900, 1000, 1100, 1199)
NEARLY = 1.25
"""No sample gives quite the interval of all verdicts: how much wider it may be."""
ICC, SHARED = 0.3, 0.5


class Case(NamedTuple):
    sensitivity: float
    specificity: float
    rate: float
    cluster: int


class Told(NamedTuple):
    """Of many runs: shares of intervals that hold the truth, and mean half-widths."""

    raw: float
    corrected: float
    half: float
    alone: float


def verdicts(case: Case, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """What the judge model would say of every answer, and what the local judge says."""
    groups = np.arange(ANSWERS) // case.cluster
    if case.cluster == 1:
        rates = np.full(ANSWERS, case.rate)
    else:
        spread = (1 - ICC) / ICC
        rates = rng.beta(case.rate * spread, (1 - case.rate) * spread, groups[-1] + 1)[groups]
    truth = (rng.random(ANSWERS) < rates).astype(float)
    shared = (rng.random(ANSWERS) < SHARED) & (case.cluster > 1)
    luck = np.where(shared, rng.random(groups[-1] + 1)[groups], rng.random(ANSWERS))
    right = luck < np.where(truth == 1, case.sensitivity, case.specificity)
    return truth, np.where(right, truth, 1 - truth)


def names(case: Case) -> list[str]:
    return [str(at // case.cluster) for at in range(ANSWERS)]


def drawn(seed: int) -> list[int]:
    """All answers in the order in which a run with this seed draws them."""
    return [int(id) for id, _ in draw(((str(at), 0) for at in range(ANSWERS)), ANSWERS, seed)]


def corrected(truth: Floats, local: Floats, read: list[int], clusters: list[str]) -> Bounds:
    labels = np.full(ANSWERS, np.nan)
    labels[read] = truth[read]
    found = prediction_powered(local, labels, clusters)
    assert isinstance(found, Interval) and found.low is not None and found.high is not None
    return Bounds(found.low, found.high)


def half(bounds: Bounds) -> float:
    return (bounds.high - bounds.low) / 2


def simulated(case: Case, orders: list[list[int]]) -> Told:
    rng, clusters = np.random.default_rng(SEED), names(case)
    found = []
    for order in orders:
        truth, local = verdicts(case, rng)
        read = order[:SAMPLE]
        raw, right = proportion(local, clusters), corrected(truth, local, read, clusters)
        alone = proportion(truth[read], [clusters[at] for at in read])
        held = [ends.low <= case.rate <= ends.high for ends in (raw, right)]
        found.append((*held, half(right), half(alone)))
    return Told(*np.mean(found, axis=0))


def calls_needed(case: Case, orders: list[list[int]], factor: float) -> tuple[float, float]:
    """The half-width that all verdicts give, and how many make it at most `factor` times that."""
    rng, clusters = np.random.default_rng(SEED), names(case)
    drawn_at_random = [(*verdicts(case, rng), order) for order in orders]
    whole = float(np.mean([half(proportion(t, clusters)) for t, _, _ in drawn_at_random]))
    halves = [
        np.mean([half(corrected(t, f, order[:n], clusters)) for t, f, order in drawn_at_random])
        for n in SIZES
    ]
    # Half-widths fall with n, and np.interp wants what rises.
    return whole, float(np.interp(factor * whole, halves[::-1], SIZES[::-1]))


def rows(runs: int) -> Iterator[str]:
    orders = [drawn(seed) for seed in range(runs)]
    for cluster, judge, rate in product((1, 4), JUDGES, RATES):
        case = Case(*judge, rate, cluster)
        told = simulated(case, orders)
        worth = SAMPLE * (told.alone / told.half) ** 2
        whole, calls = calls_needed(case, orders[: max(runs // 10, 20)], NEARLY)
        yield (
            f"| {cluster} | {judge[0]:.2f}, {judge[1]:.2f} | {rate:.2f} | {told.raw:.1%} "
            f"| {told.corrected:.1%} | {told.half:.3f} | {told.alone:.3f} | {whole:.3f} "
            f"| {worth:.0f} | {calls:.0f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    print(
        "| cluster | sensitivity, specificity | rate | raw holds it | corrected holds it "
        f"| half-width | sample alone | all {ANSWERS:,} | worth | for {NEARLY} x all |"
    )
    print("| --- " * 10 + "|")
    for row in rows(parser.parse_args().runs):
        print(row, flush=True)


if __name__ == "__main__":
    main()
