"""upright export: a run as files that other tools read."""

from pathlib import Path
from typing import Annotated

import typer


def export(
    run: Annotated[Path, typer.Argument(help="A run's folder.", metavar="RUN")],
    to: Annotated[str, typer.Option(help="csv, parquet, mlflow, wandb, inspect or jbb.")],
    out: Annotated[
        Path | None, typer.Option(help="Where to; by default beside you, named like the run.")
    ] = None,
) -> None:
    """Write a run's answers and numbers for another tool, and print where they are.

    Example:

        upright export runs/local-smollm2-135m-mini-20260101-120000 --to csv
    """
    from upright.api import export as write

    typer.echo(str(write(run, to, out)))
