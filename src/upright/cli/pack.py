"""upright pack: a run as evidence that others can check."""

from pathlib import Path
from typing import Annotated

import typer


def pack(
    run: Annotated[Path, typer.Argument(help="A run's folder.", metavar="RUN")],
    out: Annotated[Path | None, typer.Option(help="The file to write.")] = None,
) -> None:
    """Put a run into one ZIP: answers, verdicts, numbers, report, and the hash of each.

    The answers are in it, harmful ones too: share it with care. Example:

        upright pack runs/my-run --out evidence.zip
    """
    from upright.api import pack as packed

    typer.echo(f"Evidence: {packed(run, out)}\nTo check it: upright verify FILE")
