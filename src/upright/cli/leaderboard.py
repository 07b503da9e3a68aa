"""upright leaderboard: several runs side by side, and the paper's models apart from them."""

from pathlib import Path
from typing import Annotated

import typer

from upright.cli import _options as options


def leaderboard(
    runs: Annotated[
        list[Path] | None, typer.Argument(help="Run folders, one per model.", metavar="RUN")
    ] = None,
    published: Annotated[
        bool, typer.Option("--published", help="The paper's 16 models too, in a part of their own.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Rank runs by every benchmark they share, with intervals; no overall score.

    Runs of the paper's data are also placed among the paper's models. What does not compare is
    listed with the reason. Examples:

        upright leaderboard runs/*

        upright leaderboard --published --json
    """
    from upright.api import leaderboard as rank
    from upright.cli._output import console, emit
    from upright.reports.leaderboard_text import render_leaderboard

    board = rank(runs or [], published=published)
    if json:
        emit(board)
    else:
        render_leaderboard(board, console())
