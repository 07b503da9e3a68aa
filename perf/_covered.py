"""The intervals whose coverage `coverage.py` counts: how data are drawn, and the true value.

A draw takes (n, cluster size, generator) and gives the ends of one interval. Clusters have an
intra-cluster correlation of ICC: shares are beta-binomial, scores share a normal part.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import norm

from upright.core import Interval
from upright.stats.agreement import Confusion, auroc, confusion, hanley_mcneil, kappa
from upright.stats.bootstrap import bootstrap
from upright.stats.correction import LABELS, Errors, prediction_powered, rogan_gladen
from upright.stats.intervals import (
    Bounds,
    Floats,
    average,
    clopper_pearson,
    fisher_half_width,
    proportion,
    wilson,
)
from upright.stats.means import clustered_mean
from upright.stats.metrics import _f1, _pearson
from upright.stats.paired import paired_difference
from upright.stats.selective import aurc, brier, excess_aurc
from upright.stats.unpaired import unpaired_difference

ICC = 0.3
Draw = Callable[[int, int, np.random.Generator], Interval | Bounds | None]


class Case(NamedTuple):
    name: str
    truth: float
    draw: Draw
    slow: bool = False
    """A bootstrap, of which fewer are drawn."""
    told: bool = True
    """Whether the interval is told of the clusters at all."""


def names(n: int, size: int) -> list[str]:
    return [str(i // size) for i in range(n)]


def shared(n: int, size: int, rng: np.random.Generator) -> Floats:
    """Standard normals, those of one cluster correlated by ICC."""
    if size == 1:
        return rng.standard_normal(n)
    common = np.repeat(rng.standard_normal(-(-n // size)), size)[:n]
    return np.asarray(ICC**0.5 * common + (1 - ICC) ** 0.5 * rng.standard_normal(n))


def binary(p: float, n: int, size: int, rng: np.random.Generator) -> Floats:
    """Yes/no values; a cluster's share of yes is from a beta distribution."""
    if size == 1:
        return (rng.random(n) < p).astype(float)
    strength = 1 / ICC - 1
    shares = rng.beta(p * strength, (1 - p) * strength, -(-n // size))
    return (rng.random(n) < np.repeat(shares, size)[:n]).astype(float)


def wilson_clustered(p: float) -> Draw:
    return lambda n, size, rng: proportion(binary(p, n, size, rng), names(n, size))


def wilson_naive(n: int, size: int, rng: np.random.Generator) -> Bounds:
    return wilson(float(binary(0.8, n, size, rng).mean()), n)


def exact(n: int, size: int, rng: np.random.Generator) -> Bounds:
    return clopper_pearson(int(binary(0.8, n, size, rng).sum()), n)


def mean_of(value: Callable[[Floats], Floats]) -> Draw:
    return lambda n, size, rng: clustered_mean(value(shared(n, size, rng)), names(n, size))


def four_classes(n: int, size: int, rng: np.random.Generator) -> Bounds:
    parts = [binary(p, n // 4, size, rng) for p in (0.6, 0.7, 0.8, 0.9)]
    return average([(float(v.mean()), proportion(v, names(len(v), size))) for v in parts])


def apart(n: int, size: int, rng: np.random.Generator) -> Interval:
    a, b = binary(0.8, n, size, rng), binary(0.7, n, size, rng)
    return unpaired_difference(a, names(n, size), b, names(n, size))


def together(lost: float, gained: float) -> Draw:
    """Yes/no values on the same samples, of which these shares change."""

    def draw(n: int, size: int, rng: np.random.Generator) -> Interval:
        shares = np.array([lost, gained, 0.7 - lost, 0.3 - gained])
        if size > 1:
            drawn = rng.dirichlet(shares * (1 / ICC - 1), -(-n // size))
            shares = np.repeat(drawn, size, axis=0)[:n]
        kind = (rng.random(n)[:, None] > np.cumsum(np.atleast_2d(shares), axis=1)).sum(axis=1)
        a, b = np.isin(kind, (0, 2)).astype(float), np.isin(kind, (1, 2)).astype(float)
        return paired_difference(a, b, names(n, size))

    return draw


def graded_pairs(n: int, size: int, rng: np.random.Generator) -> Interval:
    """Scores in [0, 1] that fall by 0.03 on average; both see the same easy and hard samples."""
    b = 0.2 + 0.6 * rng.random(n)
    a = b + 0.03 + 0.05 * np.clip(shared(n, size, rng), -3, 3)
    return paired_difference(a, b, names(n, size))


def ratio(n: int, size: int, rng: np.random.Generator) -> Interval:
    """The share of attempts that succeeded: 0.4 of what six in ten samples attempt."""
    tried = binary(0.6, n, size, rng)
    won = tried * (norm.cdf(shared(n, size, rng)) < 0.4)

    def value(w: Floats) -> Floats:
        of = w @ tried
        return np.asarray(np.divide(w @ won, of, out=np.full_like(of, np.nan), where=of > 0))

    return bootstrap(value, names(n, size))


def f1(n: int, size: int, rng: np.random.Generator) -> Interval:
    """Macro-F1 of two equal classes, 0.8 of each found."""
    truth = (rng.random(n) < 0.5).astype(float)
    right = binary(0.8, n, size, rng)
    said = np.where(right == 1, truth, 1 - truth)
    return bootstrap(lambda w: _f1(w, truth, said, np.zeros(n)), names(n, size))


def pearson(n: int, size: int, rng: np.random.Generator) -> Interval:
    x = shared(n, size, rng)
    y = 0.5 * x + 0.75**0.5 * shared(n, size, rng)
    return bootstrap(lambda w: _pearson(w, x, y), names(n, size), (-1, 1))


def no_correlation(n: int, size: int, rng: np.random.Generator) -> Bounds:
    x, y = shared(n, size, rng), shared(n, size, rng)
    half = fisher_half_width(len(set(names(n, size))))
    r = float(np.corrcoef(x, y)[0, 1])
    return Bounds(r - half, r + half)


def agreement(n: int, size: int, rng: np.random.Generator) -> Interval:
    people = binary(0.4, n, size, rng)
    right = binary(0.85, n, size, rng)
    return kappa(confusion(people, np.where(right == 1, people, 1 - people)))


def ranked(n: int, size: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    people = binary(0.5, n, size, rng)
    return people, np.asarray(shared(n, size, rng) + people)


def delong(n: int, size: int, rng: np.random.Generator) -> Interval:
    return auroc(*ranked(n, size, rng))


def from_the_area(n: int, size: int, rng: np.random.Generator) -> Interval | None:
    people, scores = ranked(n, size, rng)
    value = auroc(people, scores).value
    return None if value is None else hanley_mcneil(value, people.sum(), n - people.sum())


def judged_by_set(how: str) -> Draw:
    """A true rate of 0.3, read by a judge with 200 labels of each kind, drawn anew."""

    def draw(n: int, size: int, rng: np.random.Generator) -> Interval | None:
        said = judge(binary(0.3, n, size, rng), rng)
        errors = Errors(rng.binomial(200, 0.85) / 200, 200, rng.binomial(200, 0.9) / 200, 200)
        found = rogan_gladen(said, names(n, size), errors, how)
        return found if isinstance(found, Interval) else None

    return draw


def judge(people: Floats, rng: np.random.Generator) -> Floats:
    right = rng.random(len(people)) < np.where(people == 1, 0.85, 0.9)
    return np.where(right, people, 1 - people)


def judged_on_the_run(n: int, size: int, rng: np.random.Generator) -> Interval | None:
    people, labels = binary(0.3, n, size, rng), np.full(n, np.nan)
    chosen = rng.permutation(n)[: max(LABELS, n // 4)]
    labels[chosen] = people[chosen]
    if len(chosen) == n:
        return None
    found = prediction_powered(judge(people, rng), labels, names(n, size))
    return found if isinstance(found, Interval) else None


def sure(n: int, size: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Probabilities of being right, honest ones, and what was right."""
    probability = norm.cdf(0.8 + shared(n, size, rng))
    return probability, (norm.cdf(shared(n, size, rng)) < probability).astype(float)


def brier_of(n: int, size: int, rng: np.random.Generator) -> Interval:
    probability, right = sure(n, size, rng)
    return brier(right, probability, names(n, size))


def area_of(measure: Callable[[Floats, Floats, Sequence[str]], Interval]) -> Draw:
    def draw(n: int, size: int, rng: np.random.Generator) -> Interval:
        probability, right = sure(n, size, rng)
        return measure(probability, 1 - right, names(n, size))

    return draw


def true_areas(n: int = 2_000_000) -> tuple[float, float, float]:
    """Brier, AURC and excess AURC of `sure`, from very many answers."""
    probability, right = sure(n, 1, np.random.default_rng(0))
    wrong = 1 - right[np.argsort(-probability)]
    area = float(np.mean(np.cumsum(wrong) / np.arange(1, n + 1)))
    rate = float(wrong.mean())
    best = rate + (1 - rate) * float(np.log(1 - rate))
    return float(np.mean((probability - right) ** 2)), area, area - best


def cases() -> list[Case]:
    table = 1e6 * np.array([0.34, 0.09, 0.06, 0.51])
    true_kappa = kappa(Confusion(*map(float, table))).value or 0.0
    true_brier, true_aurc, true_excess = true_areas()
    return [
        Case("Wilson, clustered (`proportion`), rate 0.8", 0.8, wilson_clustered(0.8)),
        Case("the same, rate 0.97", 0.97, wilson_clustered(0.97)),
        Case("Wilson, rate 0.8", 0.8, wilson_naive, told=False),
        Case("Clopper-Pearson, rate 0.8", 0.8, exact, told=False),
        Case("`clustered_mean`, normal values", 0.0, mean_of(lambda x: x)),
        Case("the same, skewed (lognormal)", np.exp(0.125), mean_of(lambda x: np.exp(x / 2))),
        Case("MOVER average of 4 classes", 0.75, four_classes),
        Case("`unpaired_difference` (MOVER)", -0.1, apart),
        Case("`paired_difference`, 8 % lost, 4 % gained", -0.04, together(0.08, 0.04)),
        Case("the same, 4 % lost, 4 % gained", 0.0, together(0.04, 0.04)),
        Case("the same, graded scores", -0.03, graded_pairs),
        Case("cluster bootstrap: a ratio", 0.4, ratio, slow=True),
        Case("cluster bootstrap: macro-F1", 0.8, f1, slow=True),
        Case("cluster bootstrap: Pearson's r = 0.5", 0.5, pearson, slow=True),
        Case("Fisher's z, no correlation", 0.0, no_correlation),
        Case("Cohen's kappa (Fleiss)", true_kappa, agreement, told=False),
        Case("AUROC (DeLong)", float(norm.cdf(0.5**0.5)), delong, told=False),
        Case("AUROC (Hanley-McNeil)", float(norm.cdf(0.5**0.5)), from_the_area, told=False),
        Case("Rogan-Gladen, delta", 0.3, judged_by_set("delta")),
        Case("Rogan-Gladen, bootstrap", 0.3, judged_by_set("bootstrap")),
        Case("prediction-powered", 0.3, judged_on_the_run),
        Case("Brier score", true_brier, brier_of),
        Case("AURC", true_aurc, area_of(aurc)),
        Case("excess AURC", true_excess, area_of(excess_aurc)),
    ]
