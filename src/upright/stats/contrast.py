"""The difference between the means of two groups of models, by exchanging their members.

Four models against twelve: a bootstrap of four would be far too sure. The permutation test is
exact at any number, and the interval is what it does not reject.
"""

from collections.abc import Callable
from itertools import combinations
from math import comb

import msgspec
import numpy as np

from upright.stats.association import DRAWS, EQUAL
from upright.stats.intervals import LEVEL, Bounds, Floats

STEPS = 60


class Contrast(msgspec.Struct, frozen=True, kw_only=True):
    """Mean of the first group minus mean of the second."""

    first: float | None
    second: float | None
    value: float | None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    n_first: int
    n_second: int
    method: str

    @property
    def bounds(self) -> Bounds | None:
        return None if self.low is None or self.high is None else Bounds(self.low, self.high)


def contrast(first: Floats, second: Floats, level: float = LEVEL, seed: int = 0) -> Contrast:
    """Fisher-Pitman permutation test (Pitman 1937), and the shifts that it does not reject.

    The interval takes the groups to differ by a shift only (Garthwaite 1996, Biometrics 52).
    """
    counts = {"n_first": len(first), "n_second": len(second)}
    if not len(first) or not len(second):
        return Contrast(
            first=None, second=None, value=None, **counts, method="one group has no model"
        )
    means = float(first.mean()), float(second.mean())
    groups, exact = _assignments(len(first), len(first) + len(second), seed)
    test = "exact permutation test" if exact else f"permutation test, {DRAWS} draws"
    value = means[0] - means[1]

    def p_of(shift: float) -> float:
        return _p(first - shift, second, groups, exact)

    p = p_of(0.0)
    low, high, told = None, None, f"{test}; too few models for an interval"
    if 1 / len(groups) <= (1 - level) / 2:
        reach = 2 * float(np.ptp(np.concatenate([first - means[0], second - means[1]]))) + 1e-9
        low, high = (_end(p_of, level, value, value + side * reach) for side in (-1, 1))
        told = f"{test}; interval: the shifts it does not reject"
    return Contrast(
        first=means[0],
        second=means[1],
        value=value,
        low=low,
        high=high,
        p=p,
        **counts,
        method=told,
    )


def _assignments(size: int, total: int, seed: int) -> tuple[Floats, bool]:
    """Weights (assignments, total) of the difference of means; whether these are all."""
    if comb(total, size) <= DRAWS:
        chosen = np.array(list(combinations(range(total), size)))
        exact = True
    else:
        generator = np.random.default_rng(seed)
        chosen = generator.permuted(np.tile(np.arange(total), (DRAWS, 1)), axis=1)[:, :size]
        exact = False
    weights = np.full((len(chosen), total), -1 / (total - size))
    np.put_along_axis(weights, chosen, 1 / size, axis=1)
    return weights, exact


def _p(first: Floats, second: Floats, groups: Floats, exact: bool) -> float:
    pooled = np.concatenate([first, second])
    pooled = pooled - pooled.mean()
    observed = abs(float(first.mean() - second.mean()))
    reached = int((np.abs(groups @ pooled) >= observed - EQUAL).sum())
    return reached / len(groups) if exact else (reached + 1) / (len(groups) + 1)


def _end(p_of: Callable[[float], float], level: float, inside: float, outside: float) -> float:
    """Where p falls to 1 - level on the way from the value outward, by bisection."""
    for _ in range(STEPS):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if p_of(middle) > 1 - level else (inside, middle)
    return outside
