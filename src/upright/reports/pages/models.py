"""Each run's profile beside the others': one panel per model, all on the same axes."""

import math
from collections.abc import Iterator
from typing import NamedTuple

from upright.comparisons.many_runs.leaderboard import Board, Measured
from upright.comparisons.many_runs.leaderboard import Standing as Stands
from upright.core import Interval
from upright.core.inert import one_line
from upright.reports.html import Chart, Point, draw
from upright.reports.scale import Axis, number
from upright.reports.standing import ONE, Standing, compared


class Dotted(NamedTuple):
    """A benchmark's value; `told` is empty where it is withheld."""

    label: str
    chart: Chart
    told: str
    lower: bool


class Panel(NamedTuple):
    """A run: where it is first or last beyond doubt, and its values by dimension."""

    label: str
    says: str
    groups: dict[str, list[Dotted]]


def panels(measured: Measured) -> list[Panel]:
    """In the order in which the runs were named."""
    return [_panel(run.label, measured) for run in measured.runs]


def ranked(board: Board) -> list[Stands]:
    """Those that have a place."""
    return [one for one in board.standings if one.rank is not None]


def first_beyond_doubt(board: Board) -> str:
    """The run whose place is 1 whatever the intervals leave open."""
    return next((s.run for s in ranked(board) if s.rank_low == s.rank_high == 1), "")


def _panel(run: str, measured: Measured) -> Panel:
    groups: dict[str, list[Dotted]] = {}
    for board in measured.boards:
        for one in board.standings:
            if one.run == run:
                groups.setdefault(board.dimension, []).append(_dotted(board, one))
    return Panel(run, _says(run, measured), groups)


def _says(run: str, measured: Measured) -> str:
    placed = [(b, s) for b in measured.boards for s in ranked(b) if s.run == run]
    if not placed:
        return "Compares with no other run."
    first = sum(first_beyond_doubt(board) == run for board, _ in placed)
    last = sum(s.rank_low == s.rank_high == len(ranked(b)) for b, s in placed)
    return f"Of {len(placed)} places: first beyond doubt in {first}, last in {last}."


def _dotted(board: Board, one: Stands) -> Dotted:
    axis = _axis(board)
    shape = _shape(board, one, axis)
    between = f", 95 % interval {number(one.low)} – {number(one.high)}" if one.low else ""
    label = f"{number(one.value)}{between}: {ONE[shape]}"
    point = Point(label, one.value, one.low, one.high, board.chance)
    name = one_line(board.benchmark.split("/", 1)[-1], 50).replace("_", " ")
    told = "" if one.withheld else number(one.value)
    return Dotted(name, draw(point, axis, shape), told, not board.higher_is_better)


def _axis(board: Board) -> Axis:
    """From 0 to 1, wider where some run's value needs it."""
    known = list(_known(board))
    low, high = math.floor(min([0.0, *known]) + 1e-9), math.ceil(max([1.0, *known]) - 1e-9)
    return Axis(low, high) if board.higher_is_better else Axis(high, low)


def _known(board: Board) -> Iterator[float]:
    ends = [end for one in board.standings for end in (one.value, one.low, one.high)]
    for end in (*ends, board.chance, board.ceiling):
        if end is not None and math.isfinite(end):
            yield end


def _shape(board: Board, one: Stands, axis: Axis) -> Standing:
    if one.value is None:
        return Standing.UNTOLD
    if board.chance is None or board.chance == axis.worse:
        return Standing.ALONE
    return compared(
        Interval(one.value, one.low, one.high, ""), board.chance, board.higher_is_better
    )
