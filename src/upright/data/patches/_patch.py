"""What a patch is, and the few moves most of them are made of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from upright.core import Row, naming

T = TypeVar("T")


class Patched(NamedTuple):
    """The rows after a patch, and how many of the rows before it were changed or dropped."""

    rows: list[Row]
    touched: int


@dataclass(frozen=True, kw_only=True)
class Patch:
    """One named correction of one data file.

    mini    whether it also applies to our own mini set: true for corrections of form
            (shuffling, roles), false for corrections of errors that only the original has
    """

    id: str
    file: str
    title: str
    apply: Callable[[Sequence[Row]], Patched]
    mini: bool = False


def drop(unwanted: Callable[[Row], bool]) -> Callable[[Sequence[Row]], Patched]:
    """Leave out the rows for which `unwanted` holds."""

    def apply(rows: Sequence[Row]) -> Patched:
        kept = [row for row in rows if not _of(row, unwanted)]
        return Patched(kept, len(rows) - len(kept))

    return apply


def drop_repeats(key: Callable[[Row], object]) -> Callable[[Sequence[Row]], Patched]:
    """Keep the first of the rows that share a key."""

    def apply(rows: Sequence[Row]) -> Patched:
        first: dict[object, Row] = {}
        for row in rows:
            with naming(row):
                first.setdefault(key(row), row)
        return Patched(list(first.values()), len(rows) - len(first))

    return apply


def rewrite(change: Callable[[Row], Row]) -> Callable[[Sequence[Row]], Patched]:
    """Change rows one by one; a row returned as it was is not counted."""

    def apply(rows: Sequence[Row]) -> Patched:
        changed = [_of(row, change) for row in rows]
        return Patched(changed, sum(a is not b for a, b in zip(rows, changed, strict=True)))

    return apply


def chain(*steps: Callable[[Sequence[Row]], Patched]) -> Callable[[Sequence[Row]], Patched]:
    """Several moves as one patch. Counts each original row once, however often it is touched."""

    def apply(rows: Sequence[Row]) -> Patched:
        before = {row.index: row for row in rows}
        now = list(rows)
        for step in steps:
            now = step(now).rows
        untouched = {row.index for row in now if before.get(row.index) is row}
        return Patched(now, len(before) - len(untouched))

    return apply


def _of(row: Row, look: Callable[[Row], T]) -> T:
    with naming(row):
        return look(row)
