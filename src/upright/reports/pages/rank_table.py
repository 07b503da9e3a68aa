"""Models' places as a table of cells, the darker the better."""

from collections.abc import Sequence
from typing import NamedTuple

from upright.comparisons.many_runs.leaderboard import Board, Measured
from upright.comparisons.many_runs.leaderboard import Standing as Stands
from upright.comparisons.many_runs.rank_card import RankCard, Ranked, RankRow
from upright.core.inert import one_line
from upright.reports.scale import arrow, number

SHADES = 7


class Cell(NamedTuple):
    """A place with what is known of it; `shade` from 0 for the last to 7 for the first."""

    place: str
    places: str = ""
    value: str = ""
    shade: int | None = None
    why: str = ""


class Row(NamedTuple):
    """`group` where it begins a dimension."""

    label: str
    arrow: str
    group: str
    cells: tuple[Cell, ...]
    note: str = ""


def measured_rows(measured: Measured) -> list[Row]:
    """Benchmarks by runs, in the order in which the runs were named."""
    runs = [run.label for run in measured.runs]
    found, last = [], ""
    for board in measured.boards:
        group = board.dimension if board.dimension != last else ""
        found.append(_board(board, runs, group))
        last = board.dimension
    return found


def published_rows(card: RankCard, models: Sequence[str]) -> list[Row]:
    """The paper's columns by its models."""
    found, last = [], ""
    for row in card.rows:
        group = row.dimension if row.dimension != last else ""
        cells = {one.model: _ranked(one, len(row.ranks)) for one in row.ranks}
        found.append(
            Row(
                row.column,
                arrow(row.higher_is_better),
                group,
                tuple(cells.get(model, Cell("–", why="not evaluated")) for model in models),
                row.no_interval,
            )
        )
        last = row.dimension
    return found


def in_words(row: RankRow) -> str:
    """All places of a column with their intervals, best first."""
    return ", ".join(
        f"{_place(one.rank, tied=one.tied)} {one.model}{_in_brackets(one)}" for one in row.ranks
    )


def _board(board: Board, runs: Sequence[str], group: str) -> Row:
    placed = sum(one.rank is not None for one in board.standings)
    cells = {one.run: _standing(one, placed) for one in board.standings}
    label = one_line(board.benchmark.split("/", 1)[-1], 60).replace("_", " ")
    return Row(
        label,
        arrow(board.higher_is_better),
        group,
        tuple(cells.get(run, Cell("–", why="not compared")) for run in runs),
        board.no_rank_interval,
    )


def _standing(one: Stands, of: int) -> Cell:
    if one.withheld:
        return Cell("withheld", why=one.withheld)
    between = f" ({number(one.low, 2)} – {number(one.high, 2)})" if one.low is not None else ""
    return Cell(
        place=_place(one.rank, tied=one.tied) if one.rank else "no place",
        places=in_short(one.rank_low, one.rank_high),
        value=f"{number(one.value)}{between}",
        shade=_shade(one.rank, of) if one.rank else None,
        why=f"{one.n - one.n_unscored} of {one.n} answers scored",
    )


def _ranked(one: Ranked, of: int) -> Cell:
    return Cell(
        place=_place(one.rank, tied=one.tied),
        places=in_short(one.low, one.high),
        value=number(one.value),
        shade=_shade(one.rank, of),
    )


def _place(rank: int, *, tied: bool) -> str:
    return f"{rank}{'=' * tied}"


def in_short(low: int | None, high: int | None) -> str:
    """The interval of a place; nothing where there is none."""
    if low is None or high is None:
        return ""
    return f"{low}–{high}" if low != high else f"{low}"


def _in_brackets(one: Ranked) -> str:
    places = in_short(one.low, one.high)
    return f" ({places})" if places else ""


def _shade(rank: int, of: int) -> int:
    return round(SHADES * (of - rank) / (of - 1)) if of > 1 else 0
