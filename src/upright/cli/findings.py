"""upright findings: the paper's findings as checks, on its own table or on your runs."""

from pathlib import Path
from typing import Annotated

import typer

from upright.cli import _options as options


def findings(
    runs: Annotated[
        list[Path] | None, typer.Argument(help="Run folders, one per model.", metavar="RUN")
    ] = None,
    published: Annotated[
        bool,
        typer.Option("--published", help="On the paper's table; what happens without runs."),
    ] = False,
    score_set: Annotated[
        str, typer.Option(help="For runs: upright (corrected) or published (the toolkit's).")
    ] = "upright",
    html: Annotated[Path | None, typer.Option(help="Write one page.")] = None,
    json: options.Json = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="A table for a document.")] = False,
) -> None:
    """Check each finding of TrustLLM: claim, statistic, interval, p and verdict by a stated rule.

    Examples:

        upright findings

        upright findings runs/* --published --html findings.html
    """
    from upright.api import findings as check
    from upright.cli._output import INCOMPLETE, console, emit
    from upright.reports.pages.findings import write_findings
    from upright.reports.text.findings import findings_markdown, render_findings

    if json and markdown:
        from upright.core.errors import UsageError

        raise UsageError("--json and --markdown are two formats: choose one.")
    found = check(runs or [], published=published, score_set=score_set)
    if html:
        write_findings(found, html)
    if json:
        emit(found)
    elif markdown:
        typer.echo("\n".join(findings_markdown(part) for part in found), nl=False)
    else:
        for part in found:
            render_findings(part, console())
    if any(part.unread for part in found):
        raise typer.Exit(INCOMPLETE)
