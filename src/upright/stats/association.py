"""Whether two columns of a table of models go together, and how many things many columns are.

With a dozen models a correlation is a rough number: it always comes with its interval and with
a p-value that assumes nothing of the distribution.
"""

from itertools import permutations
from math import atanh, factorial, sqrt, tanh

import msgspec
import numpy as np

from upright.core import Interval
from upright.stats.distributions import normal_quantile, ranked
from upright.stats.intervals import LEVEL, Floats

DRAWS = 20_000
EXACT = 8
"""Up to so many models all orders are tried (40,320), not a sample of them."""
CHUNK = 500
EQUAL = 1e-9
"""Correlations that differ by less are the same number, reached in another order of sums."""


class Association(msgspec.Struct, frozen=True, kw_only=True):
    """A correlation over n models. `method` names interval and test, or why there is none."""

    value: float | None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    n: int
    method: str

    @property
    def interval(self) -> Interval:
        return Interval(self.value, self.low, self.high, self.method)


def spearman(x: Floats, y: Floats, seed: int = 0) -> Association:
    """Rank correlation; interval after Bonett and Wright (2000, Psychometrika 65), eq. 3."""
    return _correlation(ranked(x), ranked(y), 2.0, seed)


def pearson(x: Floats, y: Floats, seed: int = 0) -> Association:
    """Linear correlation; Fisher's z interval."""
    return _correlation(x, y, 0.0, seed)


def _correlation(x: Floats, y: Floats, part: float, seed: int) -> Association:
    """`part`: the variance of z grows by value squared over this (0: it does not grow)."""
    n = len(x)
    if n < 3:
        return Association(value=None, n=n, method=f"{n} models: too few to correlate")
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return Association(value=None, n=n, method="undefined: all models have the same value")
    a, b = _standard(x), _standard(y)
    value = min(1.0, max(-1.0, float(a @ b)))
    p, test = _permutation_p(a, b, value, seed)
    if n < 4:
        return Association(value=value, p=p, n=n, method=f"{test}; no interval under 4 models")
    low, high = fisher_bounds(value, n, part)
    name = "Bonett-Wright interval" if part else "Fisher z interval"
    return Association(value=value, low=low, high=high, p=p, n=n, method=f"{name}; {test}")


def fisher_bounds(
    value: float, n: int, part: float = 2.0, level: float = LEVEL
) -> tuple[float, float]:
    """tanh(atanh r -/+ z sqrt((1 + r^2 / part) / (n - 3))).

    At -1 and 1 the interval would have no width; half a step of Spearman's scale, 6 / (n^3 - n),
    stands for what so few models cannot tell apart.
    """
    most = 1 - 6 / (n**3 - n)
    z = atanh(min(most, max(-most, value)))
    growth = value**2 / part if part else 0.0
    half = normal_quantile(0.5 + level / 2) * sqrt((1 + growth) / (n - 3))
    return min(tanh(z - half), value), max(tanh(z + half), value)


def _standard(x: Floats) -> Floats:
    """Mean 0 and length 1, so that a dot product is a correlation."""
    centred = x - x.mean(axis=0)
    scaled: Floats = centred / np.sqrt((centred**2).sum(axis=0))
    return scaled


def _orders(n: int, seed: int) -> tuple[np.ndarray, bool]:
    """All orders of n models, or 20,000 drawn; and whether these are all."""
    if n <= EXACT:
        return np.array(list(permutations(range(n)))), True
    generator = np.random.default_rng(seed)
    return generator.permuted(np.tile(np.arange(n), (DRAWS, 1)), axis=1), False


def _permutation_p(a: Floats, b: Floats, value: float, seed: int) -> tuple[float, str]:
    """Two-sided: the share of orders of the models that correlate at least as strongly."""
    orders, exact = _orders(len(a), seed)
    reached = int((np.abs(b[orders] @ a) >= abs(value) - EQUAL).sum())
    if exact:
        return reached / factorial(len(a)), "exact permutation test"
    return (reached + 1) / (DRAWS + 1), f"permutation test, {DRAWS} draws"


def correlation_matrix(values: Floats) -> Floats:
    """Spearman correlations (columns, columns) of a table (models, columns)."""
    ranks = _standard(ranked(values, axis=0))
    matrix: Floats = np.clip(ranks.T @ ranks, -1, 1)
    return matrix


def matrix_p(values: Floats, seed: int = 0) -> Floats:
    """The permutation p of every pair of columns, all with the same orders of the models."""
    ranks = _standard(ranked(values, axis=0))
    observed = np.abs(ranks.T @ ranks) - EQUAL
    orders, exact = _orders(len(values), seed)
    reached = np.zeros_like(observed)
    for start in range(0, len(orders), CHUNK):
        shuffled = ranks[orders[start : start + CHUNK]]  # (chunk, models, columns)
        reached += (np.abs(ranks.T @ shuffled) >= observed).sum(axis=0)
    p: Floats = reached / len(orders) if exact else (reached + 1) / (len(orders) + 1)
    # A pair's p must not depend on which of the two was shuffled.
    return np.maximum(p, p.T)


def participation_ratio(matrix: Floats) -> float:
    """(sum of eigenvalues)^2 / sum of their squares: how many independent things the columns are.

    k uncorrelated columns give k, k identical ones 1.
    """
    eigenvalues = np.linalg.eigvalsh(matrix)
    return float(eigenvalues.sum() ** 2 / (eigenvalues**2).sum())


def independent_things(values: Floats, draws: int = 1000, seed: int = 0) -> Interval:
    """Participation ratio of a table (models, columns), with a basic bootstrap over models.

    Basic (Davison and Hinkley 1997, section 5.2), not percentile: models drawn twice make columns
    look alike, so that the draws lie below the value and their percentiles too.
    """
    models, columns = values.shape
    value = participation_ratio(correlation_matrix(values))
    picked = np.random.default_rng(seed).integers(0, models, (draws, models))
    drawn = _ratios(values[picked])
    drawn = drawn[np.isfinite(drawn)]
    if len(drawn) < draws / 2:
        # Few models or many ties: most draws leave some column with one value only.
        return Interval(value, None, None, "too few distinct models for a bootstrap")
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    ends = max(1.0, 2 * value - float(high)), min(float(columns), 2 * value - float(low))
    return Interval(value, min(ends[0], value), max(ends[1], value), "basic bootstrap over models")


def unrelated_things(values: Floats, draws: int = 200, seed: int = 0) -> float:
    """What the ratio would be if the columns had nothing to do with each other.

    With few models chance correlations keep even those below the number of columns.
    """
    models, columns = values.shape
    generator = np.random.default_rng(seed)
    shuffled = generator.permuted(np.broadcast_to(values, (draws, models, columns)), axis=1)
    return float(_ratios(shuffled).mean())


def _ratios(tables: Floats) -> Floats:
    """Participation ratios of tables (draws, models, columns); NaN where a column is constant.

    The trace of a correlation matrix is its size, the sum of squared eigenvalues that of its
    squared entries: no decomposition is needed.
    """
    ranks = ranked(tables, axis=1)
    ranks -= ranks.mean(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        ranks /= np.sqrt((ranks**2).sum(axis=1, keepdims=True))
    matrices = ranks.swapaxes(1, 2) @ ranks
    ratios: Floats = tables.shape[2] ** 2 / (matrices**2).sum(axis=(1, 2))
    return ratios
