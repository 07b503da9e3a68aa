"""The rank card: every model's place in every column, and its average place.

TrustLLM (arXiv 2401.05561) shows such a card; here it is built from the numbers, with ties, the
direction that each metric has, and intervals where the values have them.
"""

from collections.abc import Collection

import msgspec
import numpy as np

from upright.comparisons.many_runs.table import Column, Table
from upright.stats.intervals import Bounds, Floats
from upright.stats.ranks import (
    METHOD,
    average_bounds,
    average_ranks,
    competition_ranks,
    rank_bounds,
    rank_draws,
)

OVER_COLUMNS = "bootstrap over the columns"


class Ranked(msgspec.Struct, frozen=True, kw_only=True):
    """A model's place in a column. low, high: the 95 % interval of the place."""

    model: str
    value: float
    rank: int
    tied: bool
    low: int | None = None
    high: int | None = None


class RankRow(msgspec.Struct, frozen=True, kw_only=True):
    """A column, best first. `no_interval` says why its places have no intervals."""

    column: str
    benchmark: str
    dimension: str
    metric: str
    higher_is_better: bool
    ranks: tuple[Ranked, ...]
    no_interval: str = ""

    def rank(self, model: str) -> int | None:
        return next((r.rank for r in self.ranks if r.model == model), None)


class AverageRank(msgspec.Struct, frozen=True, kw_only=True):
    """The unweighted mean of a model's places; low, high: how far it hangs on the columns."""

    model: str
    value: float
    low: float | None
    high: float | None


class RankCard(msgspec.Struct, frozen=True, kw_only=True):
    """`averages` are over the columns in which every model has a place, best first."""

    origin: str
    rows: tuple[RankRow, ...]
    averages: tuple[AverageRank, ...]
    averaged_columns: int
    rank_method: str = METHOD
    average_method: str = OVER_COLUMNS

    def row(self, column: str) -> RankRow | None:
        return next((row for row in self.rows if row.column == column), None)

    @property
    def order(self) -> tuple[str, ...]:
        return tuple(average.model for average in self.averages)


def rank_card(
    table: Table, inverted: Collection[str] = (), *, with_intervals: bool = True
) -> RankCard:
    """The card of a table. `inverted` columns are ranked against their direction, as a paper
    may have done by mistake."""
    rows = tuple(
        _row(table, column, column.key in inverted, with_intervals) for column in table.columns
    )
    averages, columns = _averages(table.models, rows, with_intervals)
    return RankCard(origin=table.origin, rows=rows, averages=averages, averaged_columns=columns)


def _row(table: Table, column: Column, inverted: bool, with_intervals: bool) -> RankRow:
    cells = table.cells[column.key]
    models = [model for model in table.models if model in cells]
    up = column.higher_is_better != inverted
    values = np.array([cells[model].value for model in models], float)
    ranks = competition_ranks(_printed(values, table.decimals), up)
    intervals = [cells[model].interval for model in models]
    draws = rank_draws(intervals, up) if with_intervals else None
    bounds = [None] * len(models) if draws is None else rank_bounds(ranks, draws)
    found = [
        _ranked(model, value, rank, ranks, ends)
        for model, value, rank, ends in zip(models, values, ranks, bounds, strict=True)
    ]
    missing = [interval.method for interval in intervals if interval.low is None]
    return RankRow(
        column=column.key,
        benchmark=column.benchmark,
        dimension=column.dimension,
        metric=column.metric,
        higher_is_better=up,
        ranks=tuple(sorted(found, key=lambda r: r.rank)),
        no_interval=missing[0].removeprefix("no interval: ") if missing else "",
    )


def _printed(values: Floats, decimals: int | None) -> Floats:
    return values if decimals is None else np.round(values, decimals)


def _ranked(model: str, value: float, rank: float, ranks: Floats, ends: Bounds | None) -> Ranked:
    return Ranked(
        model=model,
        value=float(value),
        rank=int(rank),
        tied=int((ranks == rank).sum()) > 1,
        low=int(ends.low) if ends else None,
        high=int(ends.high) if ends else None,
    )


def _averages(
    models: tuple[str, ...], rows: tuple[RankRow, ...], with_intervals: bool
) -> tuple[tuple[AverageRank, ...], int]:
    """Only over columns that every model has: a gap would be an advantage."""
    whole = [row for row in rows if len(row.ranks) == len(models)]
    if not whole:
        return (), 0
    ranks = np.array([[row.rank(model) for row in whole] for model in models], float)
    bounds = average_bounds(ranks) if with_intervals and len(whole) > 1 else [None] * len(models)
    found = [
        AverageRank(
            model=model,
            value=float(value),
            low=ends.low if ends else None,
            high=ends.high if ends else None,
        )
        for model, value, ends in zip(models, average_ranks(ranks), bounds, strict=True)
    ]
    return tuple(sorted(found, key=lambda a: a.value)), len(whole)
