"""upright report: the profile of a stored run, in the terminal and as a page."""

from pathlib import Path
from typing import Annotated

import typer


def report(
    run: Annotated[Path, typer.Argument(help="A run's folder.", metavar="RUN")],
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Print the trust profile of a run and write report.html, which opens without a network.

    Example:

        upright report runs/local-smollm2-135m-mini-20260101-120000
    """
    from upright.cli._output import present, up_to_date

    up_to_date(run)
    present(run, json=json)
