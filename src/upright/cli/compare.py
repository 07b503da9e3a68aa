"""upright compare: two runs on the same samples, and whether the second may replace the first."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from upright.comparisons.two_runs.gate import Decision
    from upright.comparisons.two_runs.result import Comparison

WORSE = 1


def compare(
    baseline: Annotated[Path, typer.Argument(help="The run to compare with.", metavar="BASELINE")],
    candidate: Annotated[Path, typer.Argument(help="The run in question.", metavar="CANDIDATE")],
    margin: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="The largest loss that does not matter.")
    ] = 0.0,
    fail_if_worse: Annotated[
        bool,
        typer.Option(help="Exit 1 on a significant loss larger than the margin."),
    ] = False,
    strict: Annotated[
        bool,
        typer.Option(help="With --fail-if-worse: exit 1 unless such a loss is excluded."),
    ] = False,
    score_set: Annotated[
        str, typer.Option(help="upright, published or imported; by default the one that leads.")
    ] = "",
    flips: Annotated[int, typer.Option(min=0, help="How many changed answers to list.")] = 50,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML.")] = None,
    sarif: Annotated[Path | None, typer.Option(help="Write SARIF 2.1.0.")] = None,
    markdown: Annotated[
        Path | None, typer.Option(help="Write Markdown, as for a pull request.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write one page that holds everything it shows.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Compare two runs answer by answer: the same samples, paired by their content.

    Differences carry intervals that hold jointly over all benchmarks. Examples:

        upright compare runs/v1 runs/v2

        upright compare runs/v1 runs/v2 --margin 0.02 --fail-if-worse --junit gate.xml

        upright compare runs/v1 runs/v2 --html v2-against-v1.html
    """
    from upright.api import compare as compared
    from upright.cli._output import console, emit
    from upright.comparisons.two_runs.gate import decide
    from upright.core.errors import UsageError
    from upright.reports.text.comparison import render_comparison

    if strict and not fail_if_worse:
        raise UsageError("--strict says how strictly --fail-if-worse decides. Add --fail-if-worse.")
    found = compared(baseline, candidate, margin=margin, score_set=score_set, flips=flips)
    decision = decide(found, strict=strict)
    _write(found, decision, {"junit": junit, "sarif": sarif, "markdown": markdown, "html": html})
    if json:
        emit({"decision": decision, "comparison": found})
    else:
        render_comparison(found, console(), decision)
    if fail_if_worse and not decision.passed:
        raise typer.Exit(WORSE)


def _write(found: "Comparison", decision: "Decision", files: Mapping[str, Path | None]) -> None:
    from upright.reports.gate.junit import write_junit
    from upright.reports.gate.markdown import write_markdown
    from upright.reports.gate.sarif import write_sarif
    from upright.reports.pages.comparison import write_comparison

    writers = {
        "junit": write_junit,
        "sarif": write_sarif,
        "markdown": write_markdown,
        "html": write_comparison,
    }
    for form, write in writers.items():
        if path := files[form]:
            write(found, decision, path)
