"""Values in classes: the mean of class means, and how sure we are of it."""

from collections.abc import Mapping, Sequence

import numpy as np

from upright.core import Interval
from upright.stats.intervals import Bounds, Floats, average, proportion

Part = tuple[float, Bounds]


class Classes:
    """Values by (outer, inner) class; `absent` classes count as 0."""

    def __init__(
        self, keys: Sequence[tuple[str, str]], values: Floats, absent: Sequence[str]
    ) -> None:
        self._values, self._absent = values, absent
        self._parts: dict[str, dict[str, list[int]]] = {}
        for at, (outer, inner) in enumerate(keys):
            self._parts.setdefault(outer, {}).setdefault(inner, []).append(at)

    def means(self, weights: Floats) -> Floats:
        """(draws, n) -> (draws,)"""
        absent = [np.zeros(len(weights)) for _ in self._absent]
        outer = []
        for inner in self._parts.values():
            means = [self._mean(weights[:, at], self._values[at]) for at in inner.values()]
            outer.append(mean_of_known([*means, *absent]))
        return mean_of_known(outer)

    @staticmethod
    def _mean(weights: Floats, values: Floats) -> Floats:
        """NaN where a draw misses the class: that says nothing about it."""
        total, count = weights @ values, weights.sum(axis=1)
        return np.asarray(np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0))

    def interval(self, clusters: Sequence[str]) -> Interval:
        parts = [self._average(inner, clusters) for inner in self._parts.values()]
        centre, bounds = parts[0] if len(parts) == 1 else _averaged(parts)
        count = sum(len(inner) for inner in self._parts.values()) + len(self._absent)
        return Interval(centre, *bounds, f"MOVER over {count} classes")

    def _average(self, inner: Mapping[str, list[int]], clusters: Sequence[str]) -> Part:
        parts = [(0.0, Bounds(0.0, 0.0)) for _ in self._absent]
        for at in inner.values():
            values = self._values[at]
            parts.append((float(values.mean()), proportion(values, [clusters[i] for i in at])))
        return _averaged(parts)


def _averaged(parts: Sequence[Part]) -> Part:
    return sum(p for p, _ in parts) / len(parts), average(parts)


def mean_of_known(values: Sequence[Floats]) -> Floats:
    """Mean over the first axis, NaN left out; NaN where nothing is known."""
    table = np.asarray(values)
    known = np.isfinite(table)
    total = np.where(known, table, 0.0).sum(axis=0)
    count = known.sum(axis=0)
    return np.asarray(np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0))
