"""Findings in the terminal, and as a Markdown table for a document."""

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from upright.comparisons.claims.checks import Check
from upright.comparisons.claims.findings import Findings
from upright.comparisons.claims.verdicts import Verdict
from upright.core.inert import inert, one_line
from upright.reports.scale import number
from upright.reports.text.analysis import chance, ends

STYLES = {
    Verdict.SUPPORTED: "bold green",
    Verdict.NOT_SUPPORTED: "bold red",
    Verdict.CANNOT_TELL: "yellow",
    Verdict.NOT_MEASURED: "dim",
}


def render_findings(findings: Findings, console: Console) -> None:
    """One claim after another with its checks, then the rule."""
    console.print(Text(f"\n{title(findings)}", style="bold"), highlight=False)
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("claim, check", max_width=52)
    for heading in ("value", "95 %", "p", "models"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for finding in findings.findings:
        claim = f"{finding.claim}{' (our claim)' * finding.ours}"
        verdict = Text(finding.verdict, style=STYLES[finding.verdict])
        table.add_row(Text(claim, style="bold"), "", "", "", "", verdict)
        for check in finding.checks:
            what, *rest = cells(check)
            table.add_row(Text(f"· {what}"), *map(Text, rest))
    console.print(table, highlight=False)
    console.print(Text(f"\n{findings.rule}", style="dim"), highlight=False)
    for line in left_out(findings):
        console.print(Text(line, style="yellow"), highlight=False)


def findings_markdown(findings: Findings) -> str:
    """The same as a document's section. Column names come from runs: marks are escaped."""
    lines = [f"## {title(findings)}", "", findings.rule, ""]
    lines += ["| Claim | Check | Value | 95 % | p | Models | Verdict |", "| --- " * 7 + "|"]
    for finding in findings.findings:
        claim = f"{finding.claim}{' (our claim)' * finding.ours}"
        head = [claim, "", "", "", "", "", f"**{finding.verdict}**"]
        lines.append(_row(head))
        lines += [_row(["", *map(_escaped, cells(check))]) for check in finding.checks]
    left = [_escaped(line) for line in left_out(findings)]
    return "\n".join([*lines, *([""] if left else []), *left, ""])


def title(findings: Findings) -> str:
    """What the claims were checked on."""
    if findings.origin == "published":
        return f"On the paper's results table ({len(findings.models)} models)"
    return f"On what was measured here ({len(findings.models)} models, {findings.score_set})"


def cells(check: Check) -> tuple[str, ...]:
    """What, value, interval, p, models, verdict."""
    reason = f": {one_line(check.reason, 300)}" if check.reason else ""
    return (
        f"{one_line(check.what, 100)}{reason}",
        number(check.value, 2),
        ends(check.low, check.high) if check.value is not None else "–",
        chance(check.p),
        str(check.n_models) if check.n_models else "–",
        check.verdict,
    )


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    plain = " ".join(inert(text).split())
    for mark in "\\`*_[]<>|":
        plain = plain.replace(mark, f"\\{mark}")
    return plain


def left_out(findings: Findings) -> Iterator[str]:
    """What was not read or not compared, each with the reason."""
    for unread in findings.unread:
        yield f"Not read: {one_line(unread.path, 200)}: {one_line(unread.reason, 300)}"
    for one in findings.set_aside:
        told = (
            f"{one_line(one.benchmark, 50)}, {one_line(one.run, 60)}: {one_line(one.reason, 300)}"
        )
        yield f"Not compared: {told}"
