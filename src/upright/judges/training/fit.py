"""Fitting: sparse rows of hashed n-grams, ridge regression, Platt's sigmoid.

Ridge regression has one solution and is solved to eleven digits without BLAS, so that a machine's
last bits vanish when the weights are rounded to eight bits: the same file everywhere.
Weights of n-grams that fewer than `least` prompts share are left at 0: what they would learn
is topics.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array

from upright.judges._linear import Linear, counted, row_scale
from upright.judges._ngrams import Features, bags

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ids = NDArray[np.int64]
MOST_STEPS = 2000
EXACT, ROUGH = 1e-11, 1e-4
"""Where the search ends: for weights that are shipped, and for those that only validate."""
BITS = 8
NEWTON_STEPS = 15


@dataclass(frozen=True)
class Head:
    """One yes/no question: targets of +1 and -1, and the weight of each row, 0 for not asked."""

    name: str
    targets: Floats
    weights: Floats


def design(texts: Sequence[str], features: Features) -> csr_array:
    """Rows such that row @ weights is what `Linear` computes."""
    width = 1 << features.bits
    total = csr_array((len(texts), width), dtype=np.float64)
    for bag in bags(texts, features):
        counts = counted(bag, width).astype(np.float64)
        counts.sum_duplicates()
        total = total + diags_array(row_scale(bag)) @ counts
    return csr_array(total)


def shared_bins(rows: csr_array, groups: Ids, least: int) -> Flags:
    """Which bins the rows of at least so many groups fall into."""
    of_row = np.repeat(groups, np.diff(rows.indptr))
    pairs = np.unique(rows.indices.astype(np.int64) * (groups.max() + 1) + of_row)
    counts = np.bincount(pairs // (groups.max() + 1), minlength=rows.shape[1])
    enough: Flags = counts >= least
    return enough


def only(rows: csr_array, kept: Flags) -> csr_array:
    """The rows with the columns that are kept, and no others."""
    return csr_array(rows.tocsc()[:, np.flatnonzero(kept)].tocsr())


def spread(weights: Floats, kept: Flags) -> Floats:
    """Weights (kept columns, heads) as weights (columns, heads)."""
    found = np.zeros((len(kept), weights.shape[1]))
    found[kept] = weights
    return found


@dataclass(frozen=True)
class Fitted:
    """Weights (columns, heads) and bias (heads,) of some heads."""

    weights: Floats
    bias: Floats

    def scores(self, rows: csr_array) -> Floats:
        scores: Floats = rows @ self.weights + self.bias
        return scores


def ridge(
    rows: csr_array, head: Head, told: Ids, penalty: float, precision: float = ROUGH
) -> tuple[Floats, float]:
    """Weights of the columns, and the bias: penalised least squares by conjugate gradients."""
    if not len(told):  # a head that nothing teaches says nothing
        return np.zeros(rows.shape[1]), 0.0
    some = csr_array(rows[told])
    flipped = csr_array(some.T)
    weights, targets = head.weights[told], head.targets[told]
    bias = float(np.average(targets, weights=weights))
    residual = flipped @ (weights * (targets - bias))
    found, step = np.zeros_like(residual), residual.copy()
    size = start = dot(residual, residual)
    for _ in range(MOST_STEPS):
        if size <= precision**2 * start:
            break
        slope = flipped @ (weights * (some @ step)) + penalty * step
        length = size / dot(step, slope)
        found += length * step
        residual -= length * slope
        before, size = size, dot(residual, residual)
        step = residual + (size / before) * step
    return found, bias


def dot(one: Floats, other: Floats) -> float:
    """An inner product without BLAS, whose last bits depend on the machine's kernel."""
    return float(np.add.reduce(one * other))


def fitted(rows: csr_array, heads: Sequence[Head], penalty: float, precision: float) -> Fitted:
    """Every head on the rows that answer its question."""
    found = [ridge(rows, h, np.flatnonzero(h.weights > 0), penalty, precision) for h in heads]
    return Fitted(np.stack([w for w, _ in found], axis=1), np.array([b for _, b in found]))


def coarse(weights: Floats) -> NDArray[np.float32]:
    """Weights rounded to a few bits, far above what machines disagree about."""
    part, power = np.frexp(weights)
    rounded = np.ldexp(np.round(np.ldexp(part, BITS)), power - BITS)
    stored: NDArray[np.float32] = rounded.astype(np.float16).astype(np.float32)
    return stored


def folds_of(groups: Ids, n: int, seed: int = 0) -> Ids:
    """A fold for every row; the rows of a group share theirs."""
    drawn = np.random.default_rng(seed).permutation(int(groups.max()) + 1) % n
    return drawn[groups]


def platt(scores: Floats, head: Head, rounds: int = 50) -> tuple[float, float]:
    """Slope and bias (in units of score) that make sigmoid((score + bias) * slope) a chance."""
    asked = head.weights > 0
    x = np.stack([scores[asked], np.ones(asked.sum())], axis=1)
    yes = (head.targets[asked] > 0).astype(np.float64)
    weights = head.weights[asked]
    found = np.array([1.0, 0.0])
    for _ in range(rounds):
        chance = 0.5 + 0.5 * np.tanh(0.5 * (x @ found))
        slope = x.T @ (weights * (yes - chance)) - 1e-3 * found
        curve = (x * (weights * chance * (1 - chance))[:, None]).T @ x + 1e-3 * np.eye(2)
        found = found + np.linalg.solve(curve, slope)
    return round(float(found[0]), 2), round(float(found[1] / found[0]), 2)


@dataclass(frozen=True)
class Trained:
    """A judge's parts and other tensors, what its card says, and data file -> licence."""

    parts: Mapping[str, Linear]
    tensors: Mapping[str, NDArray[np.float32] | NDArray[np.float16]]
    told: Mapping[str, Any]
    files: Mapping[str, str]


def assembled(heads: Sequence[str], made: Fitted, kept: Flags, features: Features) -> Linear:
    """The fitted heads as a model with rounded weights."""
    return Linear(
        heads=tuple(heads),
        features=features,
        bins=coarse(spread(made.weights, kept)),
        bias=made.bias.round(2).astype(np.float32),
        slope=np.ones(len(heads), np.float32),
    )


def logistic(rows: Floats, yes: Flags, weights: Floats, penalty: float) -> Floats:
    """Weights of a logistic regression by Newton's method; the first column is not penalised."""
    found = np.zeros(rows.shape[1])
    ridge_ = np.full(rows.shape[1], penalty)
    ridge_[0] = 1e-6
    for _ in range(NEWTON_STEPS):
        chance = 0.5 + 0.5 * np.tanh(0.5 * (rows @ found))
        slope = rows.T @ (weights * (yes - chance)) - ridge_ * found
        curve = (rows * (weights * chance * (1.0 - chance))[:, None]).T @ rows + np.diag(ridge_)
        found = found + np.linalg.solve(curve, slope)
    return found
