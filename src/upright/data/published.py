"""The results table that the paper of a benchmark published: facts, with their source.

Numbers as they were printed; what was measured here never shares a column with them.
"""

from functools import cache
from math import isfinite
from pathlib import Path

import msgspec

from upright.core import Interval

FOLDER = Path(__file__).parent / "published"


class Column(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A column. Its key is `Metric.column` of the `published` score set that reproduces it.

    subtask     the paper's name for what is measured, by its own definition
    n           trials behind each value, where it is a proportion of a known number of them:
                without it there is no interval, and `n_note` says why
    scale, offset   bring what our `published` score set measures into the column's unit
    not_placeable   why a value measured here has no place among the published ones
    """

    key: str
    benchmark: str
    dimension: str
    subtask: str
    higher_is_better: bool
    unit: str = "share"
    n: int | None = None
    n_note: str = ""
    scale: float = 1.0
    offset: float = 0.0
    not_placeable: str = ""

    def in_unit(self, interval: Interval) -> Interval:
        """A measured interval in the column's unit; a turned scale exchanges its ends."""
        value, *ends = (
            None if v is None or not isfinite(v) else self.scale * v + self.offset
            for v in (interval.value, interval.low, interval.high)
        )
        low, high = reversed(ends) if self.scale < 0 else ends
        return Interval(value, low, high, interval.method)


class Model(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row. `later` rows were added after the paper; `faults` say what is wrong with a cell.

    Missing values were not evaluated.
    """

    id: str
    exact: str
    open_weight: bool
    values: tuple[float | None, ...]
    later: bool = False
    faults: dict[str, str] = {}


class CardRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is known of one row of the paper's own rank card: places, label, rule for ties."""

    column: str
    places: dict[str, int] = {}
    kind: str = ""
    ties: str = ""


class Card(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The paper's own rank card, as far as it is known; of rows not listed nothing is.

    shown           how many places of each row it shows
    ties            its rule for equal values, where a row does not say otherwise
    average_order   the models in the order of its chart of average ranks
    """

    shown: int
    ties: str
    rows: tuple[CardRow, ...]
    average_order: tuple[str, ...]


class Published(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`decimals` is the precision of the printed table: values that agree so far are ties."""

    paper: str
    title: str
    source: str
    decimals: int
    columns: tuple[Column, ...]
    models: tuple[Model, ...]
    card: Card

    def column(self, key: str) -> Column | None:
        return next((column for column in self.columns if column.key == key), None)

    def values(self, key: str, *, later: bool = False) -> dict[str, float]:
        """A column's values by model, without those not evaluated."""
        place = [column.key for column in self.columns].index(key)
        chosen = [model for model in self.models if later or not model.later]
        return {m.id: v for m in chosen if (v := m.values[place]) is not None}


@cache
def published(paper: str = "trustllm") -> Published:
    """The results table of a paper."""
    return msgspec.json.decode((FOLDER / f"{paper}.json").read_bytes(), type=Published)
