"""upright leaderboard: several runs side by side, and the paper's models apart from them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from upright.cli import _options as options

if TYPE_CHECKING:
    from upright.comparisons.many_runs.leaderboard import Leaderboard


def leaderboard(
    runs: Annotated[
        list[Path] | None, typer.Argument(help="Run folders, one per model.", metavar="RUN")
    ] = None,
    published: Annotated[
        bool, typer.Option("--published", help="The paper's 16 models too, in a part of their own.")
    ] = False,
    html: Annotated[
        Path | None,
        typer.Option(help="Write one page that holds everything it shows, with the findings."),
    ] = None,
    jbb: Annotated[
        Path | None,
        typer.Option(
            help="Instead: JailbreakBench's attack success, recomputed from its artifacts.",
            metavar="ARTIFACTS",
        ),
    ] = None,
    json: options.Json = False,
) -> None:
    """Rank runs by every benchmark they share, with intervals; no overall score.

    Runs of the paper's data are also placed among the paper's models. What does not compare is
    listed with the reason; exits with 3 where a run cannot be read. Examples:

        upright leaderboard runs/*

        upright leaderboard --published --json

        upright leaderboard runs/* --published --html models.html

        upright leaderboard --jbb artifacts/attack-artifacts
    """
    if jbb is not None:
        _attacks(jbb, alone=not (runs or published or html), json=json)
        return
    from upright.api import leaderboard as rank
    from upright.cli._output import INCOMPLETE, console, emit
    from upright.reports.text.leaderboard import render_leaderboard

    board = rank(runs or [], published=published)
    if html:
        _write(board, runs or [], html)
    if json:
        emit(board)
    else:
        render_leaderboard(board, console())
    if board.unread:
        raise typer.Exit(INCOMPLETE)


def _attacks(folder: Path, *, alone: bool, json: bool) -> None:
    from upright.api import attack_table
    from upright.cli._output import console, emit
    from upright.core.errors import UsageError
    from upright.reports.text.jbb import render_attacks

    if not alone:
        raise UsageError(
            "--jbb shows JailbreakBench's table and nothing else: runs, --published and --html "
            "are about models measured here. Give them in a command of their own."
        )
    table = attack_table(folder)
    if json:
        emit(table)
    else:
        render_attacks(table, console())


def _write(board: "Leaderboard", runs: list[Path], path: Path) -> None:
    """The page, with the findings on whatever the board holds. Runs that are placed among the
    paper's models may share too little with each other for a finding: then the page says so."""
    from upright.api import findings
    from upright.core.errors import UsageError
    from upright.reports.pages.leaderboard import write_leaderboard

    unchecked = ""
    found = list(findings()) if board.published else []
    if board.measured:
        try:
            found = [*findings(runs), *found]
        except UsageError as error:
            unchecked = str(error)
    write_leaderboard(board, found, path, unchecked)
