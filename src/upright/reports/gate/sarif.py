"""A comparison as SARIF 2.1.0 (OASIS): regressions among the findings of other scanners."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from upright import __version__
from upright.comparisons.two_runs.gate import Decision
from upright.comparisons.two_runs.result import Comparison, Difference
from upright.core.inert import inert
from upright.reports.gate.junit import told
from upright.runs.storing.tables import write_whole

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

HELP = "To see which answers changed: upright compare BASELINE CANDIDATE"


def write_sarif(comparison: Comparison, decision: Decision, path: Path) -> None:
    """One rule per benchmark; a result where it is worse, lost its evidence, or cannot tell."""
    text = msgspec.json.format(msgspec.json.encode(sarif(comparison, decision)), indent=2)
    write_whole(path, lambda file: file.write_bytes(text + b"\n"))


def sarif(comparison: Comparison, decision: Decision) -> dict[str, Any]:
    rules = [_rule(d) for d in comparison.differences]
    found = [
        _result(d, at, level, comparison)
        for at, d in enumerate(comparison.differences)
        if (level := _level(d, decision))
    ]
    driver = {"name": "upright", "semanticVersion": __version__, "rules": rules}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": found}],
    }


def _level(difference: Difference, decision: Decision) -> str:
    """What GitHub and others colour by; nothing where all is well."""
    if difference.benchmark in (*decision.worse, *decision.lost):
        return "error"
    if difference.benchmark in decision.unproven:
        return "error" if decision.strict else "note"
    return ""


def _rule(difference: Difference) -> dict[str, Any]:
    direction = "higher" if difference.higher_is_better else "lower"
    about = (
        f"{difference.metric.replace('_', ' ')} of {difference.benchmark}; {direction} is better"
    )
    return {"id": inert(difference.benchmark), "shortDescription": {"text": inert(about)}}


def _result(
    difference: Difference, rule: int, level: str, comparison: Comparison
) -> dict[str, Any]:
    """The place is the candidate's folder: SARIF knows only files, and every viewer wants one."""
    folder = quote(Path(comparison.candidate.path).name)
    where = {
        "artifactLocation": {"uri": f"{folder}/run.json"},
        "region": {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 2},
    }
    return {
        "ruleId": inert(difference.benchmark),
        "ruleIndex": rule,
        "level": level,
        "message": {"text": f"{difference.standing}: {told(difference)}"},
        "locations": [{"physicalLocation": where}],
        "partialFingerprints": {"benchmark/v1": inert(difference.benchmark)},
    }
