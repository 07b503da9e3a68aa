"""Where a run would stand among the paper's models, column by column.

What the paper printed and what was measured here stay in separate fields: the questions are the
same and the rules are the toolkit's, but not the judges that the toolkit called.
"""

from collections.abc import Iterator, Sequence

import msgspec

from upright.comparisons.many_runs.entries import (
    CardFacts,
    Entry,
    SetAside,
    estimate_interval,
)
from upright.core import Estimate
from upright.data.published import Column, published


class PublishedValue(msgspec.Struct, frozen=True):
    model: str
    value: float


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """A value of the `published` score set, in the column's unit."""

    value: float
    low: float | None
    high: float | None
    n: int
    n_unscored: int


class Placement(msgspec.Struct, frozen=True, kw_only=True):
    """`place` of `of`: among the paper's models and this one. low, high: what the interval of the
    measured value leaves open; the paper's values are taken as they were printed.

    better, worse   the paper's nearest models above and below
    judge           how the paper decided and by what it is replaced here
    """

    run: str
    column: str
    benchmark: str
    dimension: str
    higher_is_better: bool
    measured: Measured
    place: int
    low: int | None
    high: int | None
    of: int
    better: PublishedValue | None
    worse: PublishedValue | None
    judge: str


def placements(entries: Sequence[Entry]) -> tuple[list[Placement], list[SetAside]]:
    """Every run's `published` estimates that are a column of the paper's table."""
    found, aside = [], []
    for entry in entries:
        for column, estimate in _columns(entry):
            why = column.not_placeable or ("" if estimate.told else _no_value(estimate))
            if why:
                aside.append(
                    SetAside(run=entry.label, benchmark=f"published {column.key}", reason=why)
                )
            else:
                found.append(_place(entry, column, estimate))
    return found, aside


def _columns(entry: Entry) -> Iterator[tuple[Column, Estimate]]:
    for (_, score_set), estimates in entry.estimates.items():
        for estimate in estimates if score_set == "published" else ():
            column = published().column(estimate.column)
            if column and not estimate.slice and estimate.benchmark == column.benchmark:
                yield column, estimate


def _no_value(estimate: Estimate) -> str:
    return estimate.withheld or f"no value ({estimate.method})"


def _place(entry: Entry, column: Column, estimate: Estimate) -> Placement:
    found = column.in_unit(estimate_interval(estimate))
    value = found.value
    assert value is not None, "estimates that are told have one"
    known = [end for end in (found.low, found.high) if end is not None]
    models = published().values(column.key)
    places = [_rank(column, end, models) for end in known]
    above = {m: v for m, v in models.items() if _beats(column, v, value)}
    below = {m: v for m, v in models.items() if _beats(column, value, v)}
    # Of the better ones the least good, of the worse ones the best.
    next_above, next_below = (min, max) if column.higher_is_better else (max, min)
    return Placement(
        run=entry.label,
        column=column.key,
        benchmark=column.benchmark,
        dimension=column.dimension,
        higher_is_better=column.higher_is_better,
        measured=Measured(
            value=value,
            low=found.low,
            high=found.high,
            n=estimate.n,
            n_unscored=estimate.n_unscored,
        ),
        place=_rank(column, value, models),
        low=min(places) if places else None,
        high=max(places) if places else None,
        of=len(models) + 1,
        better=_named(above, next_above(above, key=above.__getitem__)) if above else None,
        worse=_named(below, next_below(below, key=below.__getitem__)) if below else None,
        judge=entry.facts.benchmarks.get(column.benchmark, CardFacts()).published_judge,
    )


def _named(values: dict[str, float], model: str) -> PublishedValue:
    return PublishedValue(model, values[model])


def _rank(column: Column, value: float, models: dict[str, float]) -> int:
    return 1 + sum(_beats(column, other, value) for other in models.values())


def _beats(column: Column, one: float, other: float) -> bool:
    """At the precision of the printed table."""
    decimals = published().decimals
    a, b = round(one, decimals), round(other, decimals)
    return a > b if column.higher_is_better else a < b
