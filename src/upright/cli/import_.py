"""upright import: another tool's results as a run, to compare, gate and report."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from upright.cli import _options as options


def import_(
    files: Annotated[list[Path], typer.Argument(help="Files of one tool and one model.")],
    kind: Annotated[
        str,
        typer.Option(
            "--from",
            help="lm-eval, garak, inspect, promptfoo or trustllm; by default what they look like.",
        ),
    ] = "",
    model: Annotated[
        str, typer.Option(help="Whose answers, where files hold several models' or no name.")
    ] = "",
    data: options.Data = None,
    out: options.Out = options.RUNS,
    json: options.Json = False,
) -> None:
    """Store what another tool asked and judged as a run, and show its profile.

    The verdicts stay the other tool's (score set `imported`). Files of the TrustLLM toolkit hold
    answers only: the benchmarks that they answer judge them, as `upright score` does. Examples:

        upright import results/samples_truthfulqa_mc1_*.jsonl
        upright import logs/2026-01-01_xstest.eval
    """
    from upright.api import import_run
    from upright.cli._output import present

    command = ("upright", *sys.argv[1:])
    run = import_run(files, kind or None, out=out, model=model, data=data, command=command)
    if not json:
        # soft wrapping is the terminal's: a path broken over lines cannot be copied
        typer.echo(f"Run: {run.path}")
    present(run.path, json=json)
