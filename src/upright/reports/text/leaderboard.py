"""The leaderboard in the terminal: what was measured here, then places among the paper's models,
then the paper's own card. Every text of a run is untrusted."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from upright.comparisons.many_runs.entries import SetAside, Unread
from upright.comparisons.many_runs.leaderboard import (
    Leaderboard,
    Measured,
    PublishedBoard,
    Standing,
)
from upright.comparisons.many_runs.placement import Placement, PublishedValue
from upright.comparisons.many_runs.rank_card import AverageRank, Ranked, RankRow
from upright.core.inert import one_line
from upright.reports.scale import arrow, number
from upright.reports.text.analysis import NAME, ends, name, plain_table, render_analysis

TOP = 8
LISTED = 20


def render_leaderboard(board: Leaderboard, console: Console) -> None:
    """Print every part that there is, then what was left out and why."""
    if board.measured:
        _measured(board.measured, console)
    if board.placements:
        _title(console, "Measured here, placed among the paper's models")
        console.print(_placements(board.placements), highlight=False)
        for note in judge_notes(board.placements):
            console.print(Text(note, style="dim"), highlight=False)
    if board.published:
        _published(board.published, console)
    for line in _left_out(board.set_aside, board.unread):
        console.print(line, highlight=False)


def _title(console: Console, text: str) -> None:
    console.print(Text(f"\n{text}", style="bold"), highlight=False)


def _measured(measured: Measured, console: Console) -> None:
    _title(console, f"Measured here: {len(measured.runs)} runs")
    for run in measured.runs:
        if run.label != run.model:
            told = f"{one_line(run.label, NAME)}: {one_line(run.path, 200)}"
            console.print(Text(told, style="dim"), highlight=False)
    heads = ("", "place", "95 %", "value", "95 % interval", "n", "unscored")
    table = plain_table(*heads)
    reasons = []
    for board in measured.boards:
        metric = one_line(board.metric.replace("_", " "), 40)
        heading = f"{one_line(board.benchmark, 50)}  {metric} {arrow(board.higher_is_better)}"
        table.add_row(Text(heading, style="bold"))
        for standing in board.standings:
            table.add_row(*_standing(standing))
            if standing.withheld:
                reasons.append((board.benchmark, standing.run, standing.withheld))
    console.print(table, highlight=False)
    for benchmark, label, why in reasons:
        told = f"No value: {one_line(benchmark, 50)}, {one_line(label, NAME)}: {one_line(why, 120)}"
        console.print(Text(told, style="yellow"), highlight=False)
    if measured.averages:
        title = f"Average place over {measured.averaged_columns} benchmarks that all have"
        console.print(_averages(title, measured.averages), highlight=False)
    render_analysis(measured.analysis, console)
    console.print(_methods(measured.rank_method, measured.average_method), highlight=False)


def _standing(one: Standing) -> tuple[str | Text, ...]:
    return (
        Text("  ").append(name(one.run)),
        f"{one.rank}{'=' * one.tied}" if one.rank else "–",
        _places(one.rank_low, one.rank_high),
        number(one.value),
        ends(one.low, one.high),
        str(one.n),
        str(one.n_unscored),
    )


def _places(low: int | None, high: int | None) -> str:
    return f"{low}–{high}" if low and high else "none"


def _methods(ranks: str, averages: str) -> Text:
    return Text(f"\n= shares its place. Places: {ranks}. Averages: {averages}.", style="dim")


def _averages(
    title: str, averages: Sequence[AverageRank], published: Sequence[AverageRank] = ()
) -> Table:
    table = plain_table(f"\n{title}", "\naverage", "\n95 %", *["as it\nranked"] * bool(published))
    theirs = {average.model: average.value for average in published}
    for one in averages:
        as_ranked = [f"{theirs[one.model]:.2f}"] if published else []
        table.add_row(name(one.model), f"{one.value:.2f}", ends(one.low, one.high, 1), *as_ranked)
    return table


def _placements(placements: Sequence[Placement]) -> Table:
    heads = ("", "", "measured", "95 %", "n", "place", "95 %", "better (paper)", "worse (paper)")
    table = plain_table(*heads, right=2)
    for one in placements:
        here = one.measured
        table.add_row(
            name(one.run),
            Text(f"{one.column} {arrow(one.higher_is_better)}"),
            number(here.value),
            ends(here.low, here.high),
            f"{here.n - here.n_unscored} of {here.n}",
            f"{one.place} of {one.of}",
            _places(one.low, one.high),
            _neighbour(one.better),
            _neighbour(one.worse),
        )
    return table


def judge_notes(placements: Sequence[Placement]) -> list[str]:
    """By what else than the paper's judge a column was decided; each note once."""
    notes: dict[str, list[str]] = {}
    for one in placements:
        columns = notes.setdefault(one.judge, []) if one.judge else []
        if one.column not in columns:
            columns.append(one.column)
    return [f"{', '.join(columns)}: {one_line(why, 300)}" for why, columns in notes.items()]


def _neighbour(one: PublishedValue | None) -> str:
    return f"{one.model} {number(one.value)}" if one else "–"


def _published(board: PublishedBoard, console: Console) -> None:
    _title(console, f"Published (arXiv {board.paper}): {len(board.card.averages)} models")
    console.print(Text(board.source, style="dim"), highlight=False)
    table = plain_table("column", "the first eight, with the 95 % interval of the place", right=2)
    for row in board.card.rows:
        head = f"{row.column} {arrow(row.higher_is_better)}"
        table.add_row(Text(head), Text(_first(row), overflow="fold", no_wrap=False))
    table.columns[1].no_wrap = False
    console.print(table, highlight=False)
    columns = f"Average place over {board.card.averaged_columns} columns"
    console.print(_averages(columns, board.card.averages, board.as_published), highlight=False)
    _title(console, "Where the paper's own card differs from its table")
    for anomaly in board.anomalies:
        told = f"{', '.join(anomaly.columns)} ({anomaly.kind}): {anomaly.told}"
        console.print(Text(f"- {told}"), highlight=False)
    _title(console, "Added after the paper, not ranked")
    for later in board.later:
        faults = "; ".join(f"{key} {why}" for key, why in later.faults.items())
        console.print(Text(f"- {later.model}: {faults}."), highlight=False)
    render_analysis(board.analysis, console)
    console.print(_methods(board.card.rank_method, board.card.average_method), highlight=False)


def _first(row: RankRow) -> str:
    shown = ", ".join(_ranked(ranked) for ranked in row.ranks if ranked.rank <= TOP)
    return f"{shown} (no intervals: {row.no_interval})" if row.no_interval else shown


def _ranked(ranked: Ranked) -> str:
    places = f" ({ranked.low}–{ranked.high})" if ranked.low and ranked.high else ""
    return f"{ranked.rank}{'=' * ranked.tied} {ranked.model}{places}"


def _left_out(aside: Sequence[SetAside], unread: Sequence[Unread]) -> list[Text]:
    lines = [f"Not read: {one_line(u.path, 200)}: {one_line(u.reason, 300)}" for u in unread]
    for one in aside[:LISTED]:
        told = (
            f"{one_line(one.benchmark, 50)}, {one_line(one.run, 60)}: {one_line(one.reason, 300)}"
        )
        lines.append(f"Not compared: {told}")
    if len(aside) > LISTED:
        lines.append(f"Not compared: {len(aside) - LISTED} more; all of them: --json")
    return [Text(line, style="yellow") for line in lines]
