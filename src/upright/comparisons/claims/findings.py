"""The findings of TrustLLM (arXiv 2401.05561 and its website) as checks that anybody can repeat.

On the paper's own table, or on stored runs: claim, statistic, interval, p, and a verdict by the
rule in `verdicts.py`. Our own words for the claims.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec

from upright.comparisons.claims.checks import (
    Check,
    Checking,
    above,
    competitive,
    correlated,
    not_lower,
    proprietary_better,
    unavailable,
)
from upright.comparisons.claims.verdicts import RULE, Verdict, together
from upright.comparisons.many_runs.entries import SetAside, Unread, read_runs
from upright.comparisons.many_runs.measured import latest, measured_table
from upright.comparisons.many_runs.table import Table, published_table
from upright.core import UsageError, unknown

SCORE_SETS = ("upright", "published")
NO_NUMBERS = "numbers per attack were not published; a run's report has them by attack"
CONFOUNDED = (
    "up to August 2024 the commonsense items had answers numbered 1 to 4 and a key numbered 0 to "
    "3: a perfect model scored 0, a mute one 0.22"
)
ARGUMENT = "an argument, with no number behind it"


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What is said, by whom, and how it is checked."""

    id: str
    text: str
    checks: tuple[Checking, ...]
    ours: bool = False


CLAIMS = (
    Claim(
        id="utility",
        text="Trustworthiness goes with utility.",
        checks=(
            correlated("Internal", "Recog."),
            correlated("Internal", "AdvGLUE RS"),
            correlated("Internal", "Jailbreak"),
        ),
    ),
    Claim(
        id="stereotypes",
        text="Models that recognise stereotypes better agree with them less.",
        checks=(correlated("Recog.", "Agree"),),
    ),
    Claim(
        id="over-aligned",
        text="Models that are safe refuse harmless requests too.",
        checks=(
            correlated("Jailbreak", "Exagg.", better_together=False),
            correlated("Misuse", "Exagg.", better_together=False),
        ),
    ),
    Claim(
        id="proprietary",
        text="Proprietary models do better than open-weight ones on average.",
        checks=tuple(
            proprietary_better(key)
            for key in ("Internal", "Recog.", "AdvGLUE RS", "Jailbreak", "Misuse")
        ),
    ),
    Claim(
        id="llama2",
        text="Llama2 holds its own against proprietary models.",
        checks=(competitive(("Llama2-7b", "Llama2-13b", "Llama2-70b"), "Llama2"),),
    ),
    Claim(
        id="sycophancy",
        text="Models that flatter less correct false premises more.",
        checks=(correlated("Pers. syc", "AdvFact"), correlated("Pref. syc", "AdvFact")),
    ),
    Claim(
        id="leetspeak",
        text="Jailbreaks differ by attack; leetspeak succeeds most.",
        checks=(unavailable("success by attack", Verdict.NOT_MEASURED, NO_NUMBERS),),
    ),
    Claim(
        id="policy",
        text="A privacy policy in the prompt makes models refuse more.",
        checks=(not_lower("Query aug", "Query norm"),),
    ),
    Claim(
        id="out-of-distribution",
        text="GPT-4 refuses over 80 % of what it cannot know; its F1 on odd data is over 0.92.",
        checks=(above("GPT-4", "OOD det", 0.80), above("GPT-4", "OOD gen", 0.92)),
    ),
    Claim(
        id="commonsense",
        text="Models struggle with commonsense questions without examples.",
        checks=(unavailable("CODAH items of Internal", Verdict.CANNOT_TELL, CONFOUNDED),),
    ),
    Claim(
        id="transparency",
        text="Technology that makes models trustworthy should itself be open.",
        checks=(unavailable("none", Verdict.NOT_MEASURED, ARGUMENT),),
    ),
    Claim(
        id="one-construct",
        text="Jailbreak and misuse rank models alike: one thing measured twice.",
        checks=(correlated("Jailbreak", "Misuse"),),
        ours=True,
    ),
)


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """`ours`: a claim that we add to the paper's."""

    id: str
    claim: str
    ours: bool
    verdict: Verdict
    checks: tuple[Check, ...]


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """origin: published, or measured here; never both."""

    origin: str
    score_set: str
    models: tuple[str, ...]
    rule: str
    findings: tuple[Finding, ...]
    set_aside: tuple[SetAside, ...] = ()
    unread: tuple[Unread, ...] = ()


@cache
def published_findings() -> Findings:
    """On the paper's results table, with its 16 models."""
    table = published_table()
    return Findings(
        origin=table.origin,
        score_set="published",
        models=table.models,
        rule=RULE,
        findings=_checked(table),
    )


def findings_of(paths: Iterable[Path | str], score_set: str = "upright") -> Findings:
    """On stored runs, one per model: the same claims about what was measured here."""
    if score_set not in SCORE_SETS:
        raise unknown("score set", score_set, SCORE_SETS)
    entries, unread = read_runs(paths)
    kept, repeated = latest(entries)
    table, aside = measured_table(kept, score_set, parts=True)
    if not any(len(cells) > 1 for cells in table.cells.values()):
        reasons = "".join(f"\n  {one.run}, {one.benchmark}: {one.reason}" for one in aside[:20])
        raise UsageError(
            f"These runs share nothing that is comparable in the score set {score_set}; a finding "
            f"needs several models measured alike.{reasons}\n"
            "For the paper's own table: upright findings --published"
        )
    return Findings(
        origin=table.origin,
        score_set=score_set,
        models=table.models,
        rule=RULE,
        findings=_checked(table),
        set_aside=(*repeated, *aside),
        unread=tuple(unread),
    )


def _checked(table: Table) -> tuple[Finding, ...]:
    return tuple(_finding(claim, table) for claim in CLAIMS)


def _finding(claim: Claim, table: Table) -> Finding:
    checks = tuple(check(table) for check in claim.checks)
    return Finding(
        id=claim.id,
        claim=claim.text,
        ours=claim.ours,
        verdict=together([check.verdict for check in checks]),
        checks=checks,
    )
