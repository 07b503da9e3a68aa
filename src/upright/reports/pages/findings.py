"""The findings of the paper with their verdicts: a part of the leaderboard's page, and a page."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from upright.comparisons.claims.findings import Finding, Findings
from upright.comparisons.claims.verdicts import Verdict
from upright.reports.html import Assets, shell, write
from upright.reports.text.findings import cells, left_out, title

ASSETS = Assets(styles=("forest.css", "leaderboard/leaderboard.css"), charts=False)


class Checked(NamedTuple):
    """A claim and the cells of its checks."""

    finding: Finding
    checks: tuple[tuple[str, ...], ...]


class Part(NamedTuple):
    """What was checked on one table."""

    title: str
    says: str
    rule: str
    claims: tuple[Checked, ...]
    left_out: tuple[str, ...]


def write_findings(findings: Sequence[Findings], path: Path) -> None:
    """Render and write, whole or not at all; raises StoreError where the disk will not have it."""
    write(shell("findings/page.html.j2", {"parts": parts_of(findings)}, ASSETS), path)


def parts_of(findings: Sequence[Findings]) -> list[Part]:
    """One part for each table, never mixed."""
    return [_part(found) for found in findings]


def _part(found: Findings) -> Part:
    counts = [(v, sum(f.verdict is v for f in found.findings)) for v in Verdict]
    told = ", ".join(f"{n} {verdict}" for verdict, n in counts if n)
    return Part(
        title=title(found),
        says=f"Of {len(found.findings)} claims: {told}.",
        rule=found.rule,
        claims=tuple(Checked(f, tuple(cells(check) for check in f.checks)) for f in found.findings),
        left_out=tuple(left_out(found)),
    )
