"""What benchmarks compute: each function returns a Metric's `compute`.

All take the items that could be scored and respect their clusters: the sample's group, and
within it every repeat of the same sample. Each is a function of item weights too (`weighted`),
so that two runs can be compared on the same draws of the same clusters.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from upright.core import Interval, Scored, is_wordless, wordless
from upright.stats.bootstrap import Statistic, bootstrap
from upright.stats.classes import Classes, mean_of_known
from upright.stats.distributions import ranked
from upright.stats.intervals import (
    Bounds,
    Floats,
    difference,
    fisher_half_width,
    proportion,
)

Compute = Callable[[Sequence[Scored]], Interval]
Value = Callable[[Scored], float | None]
Key = Callable[[Scored], str]

NOTHING = Interval(None, None, None, "nothing to score")


@wordless
def verdict(item: Scored) -> float | None:
    return item.value


@wordless
def target(item: Scored) -> str:
    return item.sample.target


def slice_of(name: str) -> Key:
    """The item's slice of that name."""
    return wordless(lambda item: item.sample.slices[name])


@wordless
def cluster(item: Scored) -> str:
    return item.sample.cluster


class ByClass(NamedTuple):
    """The (outer, inner) class of an item, and the value that is averaged within each."""

    key: Callable[[Scored], tuple[str, str]]
    value: Value


@dataclass(frozen=True)
class Weighted:
    """Value and interval of some items, and the value as a function of their weights.

    `by_class` is set where it is a mean of class means and of nothing else: with the classes'
    sizes known it is a weighted mean of values, and so may stop early.
    """

    interval: Compute
    weighted: Callable[[Sequence[Scored]], Statistic]
    by_class: ByClass | None = None
    wordless: bool = False

    def __call__(self, items: Sequence[Scored]) -> Interval:
        return self.interval(items)

    def alone(self, items: Sequence[Scored]) -> float | None:
        """The value without its interval."""
        return _alone(self.weighted(items), len(items))


@dataclass(frozen=True)
class Mean:
    """Mean of a value in [0, 1]; items where it is None are left out.

    A class, so that a metric can be seen to be a plain mean, and of what: only such a rate can
    be corrected for the judge's error.
    """

    value: Value

    @property
    def wordless(self) -> bool:
        return is_wordless(self.value)

    def __call__(self, items: Sequence[Scored]) -> Interval:
        known = _known(items, self.value)
        if not known:
            return NOTHING
        value, bounds = _part(known)
        some = "" if len(known) == len(items) else f", {len(known)} of {len(items)}"
        return Interval(value, *bounds, f"Wilson, clustered{some}")

    def alone(self, items: Sequence[Scored]) -> float | None:
        """The value without its interval."""
        return _alone(self.weighted(items), len(items))

    def weighted(self, items: Sequence[Scored]) -> Statistic:
        values = np.array([_or_nan(self.value(item)) for item in items])
        return lambda w: _weighted_mean(w, values)


def mean(value: Value = verdict) -> Mean:
    """The plain mean of a value."""
    return Mean(value)


def macro(key: Key, value: Value = verdict, classes: Sequence[str] = ()) -> Weighted:
    """Unweighted mean over classes (`key`) of the mean value within each.

    With key = target and value = right or wrong it is balanced accuracy (macro recall).
    A class named in `classes` of which nothing could be scored counts as 0.
    """
    return _macro(_whole, key, value, classes)


def nested_macro(outer: Key, inner: Key, value: Value = verdict) -> Weighted:
    """Mean over `outer` classes of the macro mean over `inner` classes within each."""
    return _macro(outer, inner, value)


@wordless
def _whole(item: Scored) -> str:
    """The outer class where there is but one."""
    return ""


def _macro(outer: Key, inner: Key, value: Value, classes: Sequence[str] = ()) -> Weighted:
    """Closed form where classes are independent; a bootstrap where clusters span them."""

    def key(item: Scored) -> tuple[str, str]:
        return outer(item), inner(item)

    def table_of(known: Sequence[Scored]) -> Classes:
        keys = [key(i) for i in known]
        values = np.array([value(i) for i in known], float)
        seen = set(keys)
        return Classes(keys, values, [c for c in classes if ("", c) not in seen])

    def interval(items: Sequence[Scored]) -> Interval:
        known = [i for i in items if value(i) is not None]
        if not known:
            return NOTHING
        table, clusters = table_of(known), _clusters(known)
        if len({(key(i), cluster(i)) for i in known}) > len(set(clusters)):
            return bootstrap(table.means, clusters)
        return table.interval(clusters)

    def weighted(items: Sequence[Scored]) -> Statistic:
        at = [n for n, i in enumerate(items) if value(i) is not None]
        table = table_of([items[n] for n in at])
        return lambda w: table.means(w[:, at])

    by_class = None if classes else ByClass(key, value)
    return Weighted(interval, weighted, by_class, is_wordless(outer, inner, value))


def gap(
    high: Callable[[Scored], bool], low: Callable[[Scored], bool], value: Value = verdict
) -> Weighted:
    """Mean value where `high` holds minus mean value where `low` holds."""

    def interval(items: Sequence[Scored]) -> Interval:
        above = _known([i for i in items if high(i)], value)
        below = _known([i for i in items if low(i)], value)
        if not above or not below:
            return NOTHING
        a, b = _part(above), _part(below)
        return Interval(a[0] - b[0], *difference(a, b), "MOVER difference")

    def weighted(items: Sequence[Scored]) -> Statistic:
        values = np.array([_or_nan(value(i)) for i in items])
        a = np.where([high(i) for i in items], values, np.nan)
        b = np.where([low(i) for i in items], values, np.nan)
        return lambda w: np.asarray(_weighted_mean(w, a) - _weighted_mean(w, b))

    return Weighted(interval, weighted)


def paired(value: Callable[[Scored, Scored], float | None]) -> Weighted:
    """Mean over pairs of a value of both halves, in the order in which they were asked.

    A pair is two items of one cluster and epoch; others are left out, and so are pairs whose
    value is None.
    """

    def pairs_of(items: Sequence[Scored]) -> list[tuple[int, float]]:
        """The place of each pair's first half, and the pair's value."""
        places: dict[str, list[int]] = {}
        for at, item in enumerate(items):
            places.setdefault(f"{item.epoch}\0{cluster(item)}", []).append(at)
        pairs = [(p[0], value(items[p[0]], items[p[1]])) for p in places.values() if len(p) == 2]
        return [(at, v) for at, v in pairs if v is not None]

    def interval(items: Sequence[Scored]) -> Interval:
        kept = pairs_of(items)
        if not kept:
            return NOTHING
        values = np.array([v for _, v in kept], float)
        low, high = proportion(values, [cluster(items[at]) for at, _ in kept])
        return Interval(float(values.mean()), low, high, f"Wilson, {len(kept)} pairs")

    def weighted(items: Sequence[Scored]) -> Statistic:
        values = np.full(len(items), np.nan)
        for at, v in pairs_of(items):
            values[at] = v
        return lambda w: _weighted_mean(w, values)

    return Weighted(interval, weighted)


def macro_f1(over: Key | None = None) -> Weighted:
    """Macro-averaged F1 of label against target; with `over`, its mean over those parts.

    A label outside the targets (unparsed, refused) counts against recall of the true class.
    """

    def weighted(items: Sequence[Scored]) -> Statistic:
        parts = np.array([over(i) if over else "" for i in items])
        truth = np.array([f"{p}\0{i.sample.target}" for p, i in zip(parts, items, strict=True)])
        said = np.array([f"{p}\0{i.label}" for p, i in zip(parts, items, strict=True)])
        return lambda w: _f1(w, truth, said, parts)

    return _bootstrapped(weighted)


def correlation(x: Callable[[Scored], float], y: Callable[[Scored], float]) -> Weighted:
    """Pearson's r. Constant answers carry no information: r is then 0, give or take."""

    def interval(items: Sequence[Scored]) -> Interval:
        if not items:
            return NOTHING
        if len({x(i) for i in items}) == 1 or len({y(i) for i in items}) == 1:
            half = fisher_half_width(len(set(_clusters(items))))
            return Interval(0.0, -half, half, "Fisher's z (answers do not vary)")
        return bootstrap(weighted(items), _clusters(items), (-1, 1))

    def weighted(items: Sequence[Scored]) -> Statistic:
        a, b = np.array([x(i) for i in items], float), np.array([y(i) for i in items], float)
        if a.std() == 0 or b.std() == 0:
            return lambda w: np.zeros(len(w))
        return lambda w: _pearson(w, a, b)

    return Weighted(interval, weighted)


def rank_correlation(x: Callable[[Scored], float], y: Callable[[Scored], float]) -> Compute:
    """Spearman's rho, with the ranks of the full sample held fixed in the bootstrap."""

    def compute(items: Sequence[Scored]) -> Interval:
        a, b = ranked([x(i) for i in items]), ranked([y(i) for i in items])
        rank = {id(i): (r, s) for i, r, s in zip(items, a, b, strict=True)}
        return correlation(lambda i: rank[id(i)][0], lambda i: rank[id(i)][1])(items)

    return compute


def statistic(
    compute: Callable[[Sequence[Scored], Floats], Floats], span: tuple[float, float] = (0.0, 1.0)
) -> Weighted:
    """Any function of (items, weights (draws, n)) -> (draws,), by cluster bootstrap."""
    return _bootstrapped(lambda items: lambda w: compute(items, w), span)


def _bootstrapped(
    weighted: Callable[[Sequence[Scored]], Statistic], span: tuple[float, float] = (0.0, 1.0)
) -> Weighted:
    def interval(items: Sequence[Scored]) -> Interval:
        return bootstrap(weighted(items), _clusters(items), span) if items else NOTHING

    return Weighted(interval, weighted)


def cramers_v(weights: Floats, a: Sequence[str], b: Sequence[str]) -> Floats:
    """Cramer's V between two labellings, (draws, n) weights -> (draws,); NaN where one is constant.

    Corrected for its upward bias on small samples (Bergsma 2013, J. Korean Stat. Soc. 42).
    """
    _, row = np.unique(np.asarray(a), return_inverse=True)
    _, column = np.unique(np.asarray(b), return_inverse=True)
    r, c = int(row.max()) + 1, int(column.max()) + 1
    cells = np.eye(r * c)[row * c + column]  # (n, cells)
    table = (weights @ cells).reshape(-1, r, c)
    n = table.sum(axis=(1, 2))
    rows, columns = table.sum(axis=2), table.sum(axis=1)
    expected = rows[:, :, None] * columns[:, None, :] / n[:, None, None]
    off = np.divide((table - expected) ** 2, expected, out=np.zeros_like(table), where=expected > 0)
    r_seen, c_seen = (rows > 0).sum(axis=1), (columns > 0).sum(axis=1)
    chance = (r_seen - 1) * (c_seen - 1) / (n - 1)
    phi = np.maximum(0.0, off.sum(axis=(1, 2)) / n - chance)
    least = np.minimum(r_seen - (r_seen - 1) ** 2 / (n - 1), c_seen - (c_seen - 1) ** 2 / (n - 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(least > 1, np.sqrt(phi / (least - 1)), np.nan))


def _alone(statistic: Statistic, count: int) -> float | None:
    """What a statistic is where every item counts once."""
    found = float(statistic(np.ones((1, count)))[0]) if count else np.nan
    return found if np.isfinite(found) else None


def _clusters(items: Sequence[Scored]) -> list[str]:
    return [cluster(i) for i in items]


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value


def _weighted_mean(w: Floats, values: Floats) -> Floats:
    """(draws, n) -> (draws,) mean of the values that are known; NaN where a draw has none."""
    known = np.isfinite(values)
    total, count = w[:, known] @ values[known], w[:, known].sum(axis=1)
    return np.asarray(np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0))


def _known(items: Sequence[Scored], value: Value) -> list[tuple[float, str]]:
    """The values there are, each with its cluster."""
    return [(v, cluster(i)) for i in items if (v := value(i)) is not None]


def _part(known: Sequence[tuple[float, str]]) -> tuple[float, Bounds]:
    """Their mean, and its interval."""
    values, clusters = zip(*known, strict=True)
    found = np.array(values, float)
    return float(found.mean()), proportion(found, clusters)


def _f1(w: Floats, truth: Floats, said: Floats, parts: Floats) -> Floats:
    per_part = []
    for part in np.unique(parts):
        scores = []
        for label in np.unique(truth[parts == part]):
            is_true, is_said = truth == label, said == label
            hit = w @ (is_true & is_said).astype(float)  # (draws,)
            there = w @ is_true.astype(float)
            total = there + w @ is_said.astype(float)
            # A class that a draw happens to miss says nothing about that class.
            scores.append(np.divide(2 * hit, total, out=np.full_like(hit, np.nan), where=there > 0))
        per_part.append(mean_of_known(scores))
    return mean_of_known(per_part)


def _pearson(w: Floats, a: Floats, b: Floats) -> Floats:
    total = w.sum(axis=1)
    ma, mb = w @ a / total, w @ b / total
    cov = w @ (a * b) / total - ma * mb
    var = (w @ (a * a) / total - ma**2) * (w @ (b * b) / total - mb**2)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(cov / np.sqrt(var))
