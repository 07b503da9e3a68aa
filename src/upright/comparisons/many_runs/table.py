"""A table of models by columns: the one shape that ranks, analyses and findings read.

It comes either from the paper or from stored runs, never from both: `origin` says which.
"""

from collections.abc import Sequence

import msgspec
import numpy as np

from upright.core import Interval
from upright.data.published import Published, published
from upright.stats.intervals import Floats, wilson

PUBLISHED, MEASURED = "published", "measured here"
CONDITIONS = {"Query norm": "condition=no policy", "Query aug": "condition=with policy"}
"""Published columns that are slices of one upright metric."""


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """key: the published column, or the benchmark (and slice) of an upright headline."""

    key: str
    benchmark: str
    dimension: str
    metric: str
    higher_is_better: bool


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """A value; `method` names its interval, or says why there is none."""

    value: float
    low: float | None = None
    high: float | None = None
    n: int | None = None
    method: str = ""

    @property
    def interval(self) -> Interval:
        return Interval(self.value, self.low, self.high, self.method)


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """`cells` by column and model, without those that were not measured.

    decimals    values that agree so far are ties; None compares them in full
    open_weight whether anybody can download a model, where that is known
    """

    origin: str
    models: tuple[str, ...]
    columns: tuple[Column, ...]
    cells: dict[str, dict[str, Cell]]
    open_weight: dict[str, bool] = {}
    decimals: int | None = None

    def find(self, key: str) -> Column | None:
        """The column of that published key; in a table of upright headlines the one that
        measures the same thing."""
        same = {key, key_here(key)}
        return next((column for column in self.columns if column.key in same), None)

    def together(self, columns: Sequence[Column]) -> tuple[list[str], Floats]:
        """The models that have every one of the columns, and their values (models, columns)."""
        parts = [self.cells[column.key] for column in columns]
        models = [m for m in self.models if all(m in part for part in parts)]
        values = np.array([[part[m].value for part in parts] for m in models], float)
        return models, values.reshape(len(models), len(columns))


def key_here(key: str) -> str:
    """The key under which a table of upright headlines holds what a published column measures."""
    column = published().column(key)
    if column is None:
        return key
    part = CONDITIONS.get(key)
    return f"{column.benchmark} [{part}]" if part else column.benchmark


def published_table(facts: Published | None = None) -> Table:
    """The paper's models; those added later are left out, for their cells have known faults."""
    facts = facts or published()
    models = [model for model in facts.models if not model.later]
    columns = tuple(
        Column(
            key=column.key,
            benchmark=column.benchmark,
            dimension=column.dimension,
            metric=column.subtask,
            higher_is_better=column.higher_is_better,
        )
        for column in facts.columns
    )
    cells = {
        column.key: {
            model: _cell(value, column.n, column.n_note)
            for model, value in facts.values(column.key).items()
        }
        for column in facts.columns
    }
    return Table(
        origin=PUBLISHED,
        models=tuple(model.id for model in models),
        columns=columns,
        cells=cells,
        open_weight={model.id: model.open_weight for model in models},
        decimals=facts.decimals,
    )


def _cell(value: float, n: int | None, note: str) -> Cell:
    """With an interval only where the value is a proportion of a known number of trials."""
    if n is None:
        return Cell(value=value, method=f"no interval: {note}")
    low, high = wilson(value, n)
    told = f"Wilson, n = {n}" + (f" ({note})" if note else "")
    return Cell(value=value, low=low, high=high, n=n, method=told)
