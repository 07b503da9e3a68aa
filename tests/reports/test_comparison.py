"""A comparison in every form: what is said, and that nothing in it acts."""

import io
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest
import xmlschema
from rich.console import Console
from sarif_pydantic import Sarif

from tests.comparisons.planted import answers, dropped, pair_of
from upright.comparisons.two_runs.compare import compare
from upright.comparisons.two_runs.gate import Decision, decide
from upright.comparisons.two_runs.result import Comparison
from upright.reports.gate.junit import write_junit
from upright.reports.gate.markdown import comparison_markdown
from upright.reports.gate.sarif import sarif, write_sarif
from upright.reports.markdown import plain
from upright.reports.text.comparison import render_comparison

JENKINS = Path(__file__).parent / "schemas" / "jenkins-junit.xsd"
HOSTILE = "</script><script>alert(1)</script>\x1b[31m\u202e @team [x](http://x) | `a`\n# b"


def made(tmp_path: Path, points: float = 0.2) -> Comparison:
    before = answers(200, 0.8)
    after = dropped(before, points, points + 0.04, 1)
    changed = {"judge": HOSTILE, "prompt": HOSTILE, "benchmark": "plugin/<b>\x1b[2Jx"}
    runs = pair_of(tmp_path, before, after, run={"model": {"id": HOSTILE, "facts": {}}}, **changed)
    return compare(*runs, lambda id: None, margin=0.02)


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("points", [0.2, 0.01])
def test_junit_is_accepted_by_its_schema(tmp_path: Path, points: float, strict: bool) -> None:
    found = made(tmp_path, points)
    decision = decide(found, strict=strict)
    write_junit(found, decision, tmp_path / "gate.xml")
    xmlschema.XMLSchema(str(JENKINS)).validate(str(tmp_path / "gate.xml"))
    suite = ET.parse(tmp_path / "gate.xml").getroot()[0]
    assert suite.get("tests") == "1"
    assert suite.get("failures") == str(int(not decision.passed))


def test_sarif_is_of_its_object_model_and_tells_regressions_alone(tmp_path: Path) -> None:
    found = made(tmp_path)
    write_sarif(found, decide(found), tmp_path / "gate.sarif")
    told = Sarif.model_validate_json((tmp_path / "gate.sarif").read_bytes())
    [result] = told.runs[0].results or []
    assert result.level == "error"
    assert "gain −0.200" in str(result.message.text)
    same = compare(
        *pair_of(tmp_path / "same", [1.0] * 300, [1.0] * 300), lambda id: None, margin=0.05
    )
    assert sarif(same, decide(same))["runs"][0]["results"] == []


def test_nothing_of_a_run_acts(tmp_path: Path) -> None:
    found = made(tmp_path)
    decision = decide(found)
    told = io.StringIO()
    render_comparison(found, Console(file=told, width=150), decision)
    write_junit(found, decision, tmp_path / "gate.xml")
    markdown = comparison_markdown(found, decision)
    everything = {
        "terminal": told.getvalue(),
        "markdown": markdown,
        "junit": (tmp_path / "gate.xml").read_text(),
        "sarif": msgspec.json.encode(sarif(found, decision)).decode(),
    }
    for form, text in everything.items():
        assert "\x1b[31m" not in text, form
        assert "\u202e" not in text, form
    assert "<script>" not in markdown and "](http" not in markdown and "@team" not in markdown
    assert "<b>" not in everything["junit"]


def test_markdown_escapes_what_it_would_act_on() -> None:
    assert plain("a|b") == r"a\|b"
    assert "\n" not in plain("a\nb")


def test_harmful_answers_stay_masked_in_the_terminal(tmp_path: Path) -> None:
    found = made(tmp_path)
    secret = [
        msgspec.structs.replace(f, harmful=True, baseline_response="how to") for f in found.flips
    ]
    told = io.StringIO()
    masked = msgspec.structs.replace(found, flips=tuple(secret))
    render_comparison(masked, Console(file=told, width=150), decide(masked))
    assert "how to" not in told.getvalue()
    assert "masked" in told.getvalue()


def test_the_sentence_says_what_the_gate_says(tmp_path: Path) -> None:
    told = io.StringIO()
    found = made(tmp_path)
    passed = Decision(passed=True, strict=False, worse=(), unproven=(), lost=())
    render_comparison(found, Console(file=told, width=150), passed)
    assert "Not worse" in told.getvalue()
    told = io.StringIO()
    render_comparison(found, Console(file=told, width=150), decide(found))
    assert "Worse: a significant loss of more than 0.02: plugin/" in told.getvalue()
