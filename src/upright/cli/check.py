"""upright check: the contract test on one benchmark, ours or yours."""

from pathlib import Path
from typing import Annotated

import typer


def check(
    id: Annotated[str, typer.Argument(help="A benchmark's id, or ALL.", metavar="ID")],
    suite: Annotated[str, typer.Option(help="Whose rows to check on.")] = "mini",
    data: Annotated[Path | None, typer.Option(help="A folder that holds datasets.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show what passed too.")] = False,
) -> None:
    """Check a benchmark against the contract: card, ids, examples, oracle, degenerate responders.

    Needs no model. Examples:

        upright check safety/jailbreak

        upright check ALL --suite trustllm --data ../datasets
    """
    from upright.api import select
    from upright.core.registry import load
    from upright.data import suite_file
    from upright.runs.scoring.contract import check as run_contract

    failed = 0
    for name in select(suite=suite) if id == "ALL" else [id]:
        benchmark = load("benchmarks", name)
        findings = run_contract(benchmark, suite_file(suite, benchmark.file, data).patched)
        bad = [f for f in findings if not f.ok]
        failed += len(bad)
        typer.echo(
            f"{'FAIL' if bad else 'ok':<4} {name}  {len(findings) - len(bad)} of {len(findings)}"
        )
        for finding in findings if verbose else bad:
            typer.echo(f"     {'ok' if finding.ok else 'FAIL':<4} {finding.what}: {finding.detail}")
    if failed:
        raise typer.Exit(1)
