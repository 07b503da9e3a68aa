"""The leaderboard as one HTML page: what was measured here, and the paper's models apart."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from upright.comparisons.claims.findings import Findings
from upright.comparisons.many_runs.leaderboard import Leaderboard, Measured, PublishedBoard
from upright.comparisons.many_runs.placement import Placement, PublishedValue
from upright.comparisons.many_runs.rank_card import AverageRank
from upright.core.inert import one_line
from upright.reports.html import Assets, Chart, Point, draw, shell, write
from upright.reports.pages.analyses import WHOLE, Drawn, Values, analyses
from upright.reports.pages.findings import parts_of
from upright.reports.pages.forest import Line
from upright.reports.pages.models import Panel, first_beyond_doubt, panels, ranked
from upright.reports.pages.rank_table import Row, in_short, in_words, measured_rows, published_rows
from upright.reports.scale import Axis, arrow, number
from upright.reports.standing import Standing
from upright.reports.text.leaderboard import judge_notes

ASSETS = Assets(styles=("forest.css", "leaderboard/leaderboard.css"))
FEW = 12
"""Runs whose names stand upright above their columns."""


class Here(NamedTuple):
    """What was measured here."""

    measured: Measured
    heads: list[str]
    rows: list[Row]
    panels: list[Panel]
    averages: list[Line]
    average_axis: Axis
    drawn: Drawn


class Placed(NamedTuple):
    """A run's place among the paper's models."""

    placement: Placement
    arrow: str
    chart: Chart
    value: str
    places: str
    better: str
    worse: str


class Paper(NamedTuple):
    """The paper's own models."""

    board: PublishedBoard
    heads: list[str]
    rows: list[Row]
    words: list[tuple[str, str, str]]
    averages: list[Line]
    average_axis: Axis
    drawn: Drawn


def write_leaderboard(
    leaderboard: Leaderboard, findings: Sequence[Findings], path: Path, unchecked: str = ""
) -> None:
    """Render and write, whole or not at all; raises StoreError where the disk will not have it.

    `unchecked` says why the findings could not be checked on the runs, where they could not.
    """
    write(leaderboard_page(leaderboard, findings, unchecked), path)


def leaderboard_page(
    leaderboard: Leaderboard, findings: Sequence[Findings], unchecked: str = ""
) -> str:
    """The same leaderboard always gives the same page, byte for byte."""
    here = _here(leaderboard.measured) if leaderboard.measured else None
    context = {
        "board": leaderboard,
        "here": here,
        "paper": _paper(leaderboard.published) if leaderboard.published else None,
        "verdict": _verdict(leaderboard),
        "placed": _by_run(leaderboard.placements),
        "judged": judge_notes(leaderboard.placements),
        "parts": parts_of(findings),
        "unchecked": unchecked,
        "few": FEW,
        "ticks": _ticks,
        "correlation_axis": WHOLE,
    }
    return shell("leaderboard/page.html.j2", context, ASSETS)


def _verdict(board: Leaderboard) -> str:
    """Counts of what the intervals allow to say; no winner."""
    if board.measured is None:
        return "What the paper printed, with the intervals that its numbers allow."
    shared = [b for b in board.measured.boards if len(ranked(b)) > 1]
    if not shared:
        return "No two runs share a benchmark that compares."
    sure = sum(bool(first_beyond_doubt(b)) for b in shared)
    return (
        f"Of {len(shared)} benchmarks that two or more runs share, {sure} have a first place "
        f"beyond doubt; on the other {len(shared) - sure} the intervals of the places overlap."
    )


def _here(measured: Measured) -> Here:
    values: Values = {
        b.benchmark: {s.run: s.value for s in b.standings if s.value is not None}
        for b in measured.boards
    }
    axis = Axis(max(2, len(measured.runs)), 1)
    return Here(
        measured=measured,
        heads=[one_line(run.label, 60) for run in measured.runs],
        rows=measured_rows(measured),
        panels=panels(measured),
        averages=[_average(one, axis, {}) for one in measured.averages],
        average_axis=axis,
        drawn=analyses(measured.analysis, values),
    )


def _paper(board: PublishedBoard) -> Paper:
    values: Values = {row.column: {r.model: r.value for r in row.ranks} for row in board.card.rows}
    models = list(board.card.order)
    axis = Axis(len(models), 1)
    printed = {average.model: average.value for average in board.as_published}
    return Paper(
        board=board,
        heads=models,
        rows=published_rows(board.card, models),
        words=[(r.column, in_words(r), r.no_interval) for r in board.card.rows],
        averages=[_average(one, axis, printed) for one in board.card.averages],
        average_axis=axis,
        drawn=analyses(board.analysis, values),
    )


def _average(one: AverageRank, axis: Axis, printed: dict[str, float]) -> Line:
    told = f"{one.value:.2f}"
    known = one.low is not None and one.high is not None
    between = f"{one.low:.1f} – {one.high:.1f}" if known else ""
    as_printed = printed.get(one.model)
    references = {"as the paper ranked": as_printed} if as_printed is not None else {}
    point = Point(f"average place {told}, {between or 'no interval'}", one.value, one.low, one.high)
    return Line(
        label=one_line(one.model, 60),
        chart=draw(point, axis, Standing.ALONE, references),
        told=told,
        beside=between,
        said=f"{as_printed:.2f}" if as_printed is not None else "",
    )


def _by_run(placements: Sequence[Placement]) -> dict[str, list[Placed]]:
    found: dict[str, list[Placed]] = {}
    for one in placements:
        found.setdefault(one.run, []).append(_placed(one))
    return found


def _placed(one: Placement) -> Placed:
    here = one.measured
    axis = Axis(one.of, 1)
    places = in_short(one.low, one.high) or "none"
    label = f"place {one.place} of {one.of}, 95 % interval {places}"
    between = f" ({number(here.low, 2)} – {number(here.high, 2)})" if here.low is not None else ""
    return Placed(
        placement=one,
        arrow=arrow(one.higher_is_better),
        chart=draw(Point(label, one.place, one.low, one.high), axis, Standing.ALONE),
        value=f"{number(here.value)}{between}",
        places=places,
        better=_neighbour(one.better),
        worse=_neighbour(one.worse),
    )


def _neighbour(one: PublishedValue | None) -> str:
    return f"{one.model} {number(one.value)}" if one else "–"


def _ticks(axis: Axis) -> Chart:
    """Only an axis, for the numbers under it."""
    return draw(Point("", None), axis, Standing.UNTOLD)
