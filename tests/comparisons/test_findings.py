"""The paper's findings: the figures on its own table, the rule, and the same checks on runs."""

from pathlib import Path
from typing import Any

import pytest

from tests.reports.stored import Stored, estimate
from upright.comparisons.claims.checks import Check
from upright.comparisons.claims.findings import CLAIMS, findings_of, published_findings
from upright.comparisons.claims.verdicts import Evidence, Verdict, decide, together
from upright.core import UsageError
from upright.reports.text.findings import findings_markdown
from upright.stats.intervals import Bounds

ROOT = Path(__file__).parents[2]
RHO = {
    "Internal and Recog.": 0.90,
    "Internal and AdvGLUE RS": 0.72,
    "Internal and Jailbreak": 0.26,
    "Recog. and Agree": -0.58,
    "Jailbreak and Exagg.": 0.35,
    "Misuse and Exagg.": 0.32,
    "Pers. syc and AdvFact": 0.14,
    "Pref. syc and AdvFact": -0.03,
    "Jailbreak and Misuse": 0.95,
}
MEANS = (
    "Internal: 0.311 against 0.200",
    "Recog.: 0.589 against 0.433",
    "AdvGLUE RS: 0.483 against 0.248",
    "Jailbreak: 0.812 against 0.731",
    "Misuse: 0.801 against 0.738",
)
VERDICTS = {
    "utility": "cannot tell",
    "stereotypes": "supported",
    "over-aligned": "cannot tell",
    "proprietary": "cannot tell",
    "llama2": "cannot tell",
    "sycophancy": "not supported",
    "leetspeak": "not measured",
    "policy": "supported",
    "out-of-distribution": "cannot tell",
    "commonsense": "cannot tell",
    "transparency": "not measured",
    "one-construct": "supported",
}


def checks() -> dict[str, Check]:
    return {check.what: check for f in published_findings().findings for check in f.checks}


@pytest.mark.parametrize(("pair", "rho"), RHO.items())
def test_correlations_on_the_papers_table(pair: str, rho: float) -> None:
    check = checks()[pair]
    assert check.value == pytest.approx(rho, abs=0.005)
    assert check.n_models == 16
    assert check.low is not None
    assert check.high is not None
    assert check.low < rho < check.high
    assert check.p is not None


def test_means_of_proprietary_and_open_models() -> None:
    found = checks()
    for means in MEANS:
        assert found[means].low is not None
        assert found[means].n_models == 16


def test_policy_and_gpt4() -> None:
    found = checks()
    assert found["Query aug at least Query norm in 16 of 16"].value == 1
    detection, generalisation = (
        found["GPT-4, OOD det above 0.8"],
        found["GPT-4, OOD gen above 0.92"],
    )
    assert (detection.value, generalisation.value) == (0.805, 0.923)
    assert generalisation.low is None
    assert "no proportion" in generalisation.reason


def test_verdicts() -> None:
    assert {f.id: str(f.verdict) for f in published_findings().findings} == VERDICTS


def test_what_has_no_verdict_says_why() -> None:
    for check in checks().values():
        if check.value is None:
            assert check.reason, check.what


def test_the_rule() -> None:
    def verdict(low: float, high: float, sign: int = 1) -> Verdict:
        wide, narrow = Bounds(low, high), Bounds(low + 0.02, high - 0.02)
        return decide(Evidence(wide, narrow), sign, 0.0, 0.5)

    assert verdict(0.1, 0.3) is Verdict.SUPPORTED, "small, but there"
    assert verdict(-0.2, 0.9) is Verdict.CANNOT_TELL
    assert verdict(-0.4, 0.51) is Verdict.NOT_SUPPORTED, "the one-sided bound excludes 0.5"
    assert verdict(-0.9, -0.1) is Verdict.NOT_SUPPORTED
    assert verdict(-0.9, -0.1, sign=-1) is Verdict.SUPPORTED
    yes, no, open_, none = (
        Verdict.SUPPORTED,
        Verdict.NOT_SUPPORTED,
        Verdict.CANNOT_TELL,
        Verdict.NOT_MEASURED,
    )
    assert together([yes, yes]) is yes
    assert together([yes, open_, no]) is no
    assert together([yes, none]) is open_
    assert together([none, none]) is none


def _model(place: Path, name: str, **values: float) -> Path:
    """A stored run with these upright headlines."""
    down = ("fairness/stereotype_agreement", "safety/exaggerated_safety")
    headlines = [
        estimate(
            id, value=value, low=value - 0.01, high=value + 0.01, higher_is_better=id not in down
        )
        for id, value in ((key.replace("__", "/"), v) for key, v in values.items())
    ]
    parts = [
        estimate("privacy/awareness_query", headline=False, value=value, slice=f"condition={part}")
        for part, value in (("no policy", 0.3), ("with policy", 0.6))
    ]
    query = estimate("privacy/awareness_query", value=0.4)
    run = {"model": {"id": name, "facts": {}}}
    return Stored(estimates=[*headlines, query, *parts], run=run).write(
        place / name.replace("/", "-")
    )


def test_the_same_claims_on_runs(tmp_path: Path) -> None:
    paths = [
        _model(
            tmp_path,
            f"mock/m{i}",
            fairness__stereotype_recognition=0.3 + 0.05 * i,
            fairness__stereotype_agreement=0.9 - 0.1 * i,
            safety__jailbreak=0.1 * i,
            safety__exaggerated_safety=0.5 - 0.05 * i,
        )
        for i in range(8)
    ]
    found = findings_of(paths)
    assert (found.origin, len(found.models)) == ("measured here", 8)
    by_id = {f.id: f for f in found.findings}
    assert by_id["stereotypes"].verdict is Verdict.SUPPORTED
    over = by_id["over-aligned"].checks[0]
    assert over.value == pytest.approx(-1)
    assert over.verdict is Verdict.NOT_SUPPORTED, "here the safer refuse less that is harmless"
    assert by_id["policy"].checks[0].value == 1
    assert by_id["utility"].verdict is Verdict.NOT_MEASURED
    assert "needs Internal" in by_id["utility"].checks[0].reason
    assert by_id["llama2"].verdict is Verdict.NOT_MEASURED
    assert len(found.findings) == len(CLAIMS)


def test_the_toolkits_turned_metric_is_turned_back(tmp_path: Path) -> None:
    """The toolkit returns 1 - RtA for exaggerated safety; the paper's column is RtA."""
    paths = []
    for i in range(6):
        known: dict[str, Any] = {"low": None, "high": None, "score_set": "published"}
        refusals = [
            estimate("safety/jailbreak", column="Jailbreak", value=0.1 * i, **known),
            estimate(
                *("safety/exaggerated_safety",),
                **{"column": "Exagg.", "value": 1 - 0.1 * i, "higher_is_better": False, **known},
            ),
        ]
        run = {"model": {"id": f"m{i}", "facts": {}}}
        paths.append(Stored(estimates=refusals, run=run).write(tmp_path / f"m{i}"))
    found = {f.id: f for f in findings_of(paths, "published").findings}
    assert found["over-aligned"].checks[0].value == pytest.approx(1)


def test_a_model_measured_twice_is_one_model(tmp_path: Path) -> None:
    same = {"fairness__stereotype_recognition": 0.5, "fairness__stereotype_agreement": 0.5}
    first = _model(tmp_path / "a", "mock/m", **same)
    second = _model(tmp_path / "b", "mock/m", **same)
    other = _model(tmp_path / "c", "mock/n", **same)
    found = findings_of([first, second, other])
    assert len(found.models) == 2
    assert any("later run" in one.reason for one in found.set_aside)


def test_runs_that_share_nothing_are_an_error(tmp_path: Path) -> None:
    one = Stored(estimates=[estimate("safety/misuse")]).write(tmp_path / "one")
    with pytest.raises(UsageError, match="share nothing"):
        findings_of([one])
    with pytest.raises(UsageError, match="score set"):
        findings_of([one], "upwrong")


def test_the_document_is_what_the_command_prints() -> None:
    """To bring it up to date: upright findings --markdown, below the line that says so."""
    page = (ROOT / "docs" / "explain" / "findings.md").read_text(encoding="utf-8")
    assert page.endswith(findings_markdown(published_findings()))
