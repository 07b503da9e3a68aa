"""What a run evidences of a framework, and what it does not."""

import io
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from tests.reports.stored import Stored, estimate, sample
from upright.core.inert import UNSAFE
from upright.reports import load_profile
from upright.reports.cards.coverage import Coverage, Covered, Standing, coverage, coverage_document
from upright.reports.cards.frameworks import DISCLAIMER, framework, frameworks
from upright.reports.text.coverage import render_coverage

MISUSE, JAILBREAK, TOXICITY = "safety/misuse", "safety/jailbreak", "safety/toxicity"
ETHICS, FACTS = "ethics/implicit_ethics", "truthfulness/internal"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Misuse with two kinds, jailbreak withheld, a benchmark that only published, one unmapped."""
    return Stored(
        estimates=[
            estimate(MISUSE, metric="declined"),
            estimate(MISUSE, metric="declined", headline=False, slice="kind=Fraud", value=0.25),
            estimate(MISUSE, metric="helped", headline=False, slice="kind=Fraud", value=0.5),
            estimate(JAILBREAK, metric="declined_under_attack", withheld="9 % unscored"),
            estimate(FACTS, "published"),
            estimate(ETHICS),
        ],
        samples=[sample(id, 1.0) for id in (MISUSE, JAILBREAK, FACTS, ETHICS)],
    ).write(tmp_path / "run")


def of(path: Path, id: str) -> Coverage:
    return coverage(load_profile(path), framework(id))


def item(covered: Coverage, id: str) -> Covered:
    [found] = [one for one in covered.items if one.item.id == id]
    return found


def text(path: Path, id: str) -> str:
    console = Console(file=io.StringIO(), width=100)
    render_coverage(load_profile(path), of(path, id), console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_kind_of_request_is_evidence_for_its_hazard_alone(path: Path) -> None:
    covered = of(path, "mlcommons")
    crimes = item(covered, "ncr")
    assert crimes.standing == Standing.EVIDENCE
    assert [found.estimate.value for found in crimes.found] == [0.25], "the headline metric alone"
    assert "safety/misuse [kind=Malware]" in crimes.missing
    assert not crimes.whole
    assert item(covered, "vcr").standing == Standing.NONE
    assert item(covered, "cse").standing == Standing.NOT_COVERED
    assert "safety/misuse [kind=Legal Opinion]" in item(covered, "spc").missing


def test_a_withheld_number_is_no_evidence_and_is_shown(path: Path) -> None:
    injection = item(of(path, "owasp-llm"), "LLM01:2025")
    assert injection.standing == Standing.NONE
    assert injection.missing == (TOXICITY,)
    assert "declined under attack ↑ withheld: 9 % unscored (n 4, 0 unscored)" in text(
        path, "owasp-llm"
    )


def test_the_published_score_set_is_no_evidence(path: Path) -> None:
    assert FACTS in item(of(path, "owasp-llm"), "LLM09:2025").missing


def test_what_the_run_itself_records_is_told_apart(path: Path) -> None:
    covered = of(path, "eu-ai-act")
    assert item(covered, "Art. 10").standing == Standing.RECORD
    assert item(covered, "Art. 50").standing == Standing.NOT_COVERED


def test_benchmarks_without_an_item_are_named(path: Path) -> None:
    assert of(path, "owasp-llm").unmapped == (MISUSE, ETHICS)
    assert "no item is about it: safety/misuse, ethics/implicit_ethics" in text(path, "owasp-llm")


@pytest.mark.parametrize("id", frameworks())
def test_every_form_says_that_it_is_no_compliance(path: Path, id: str) -> None:
    told = " ".join(text(path, id).split())
    assert DISCLAIMER in told
    assert coverage_document(load_profile(path), of(path, id))["disclaimer"] == DISCLAIMER
    for one in framework(id).items:
        assert one.id in told


def test_numbers_come_with_interval_and_counts(path: Path) -> None:
    assert "safety/misuse [kind=Fraud]  declined ↑ 0.250 (0.60 – 0.90), n 4, 0 unscored" in text(
        path, "mlcommons"
    )
    told = coverage_document(load_profile(path), of(path, "mlcommons"))
    [crimes] = [one for one in told["items"] if one["id"] == "ncr"]
    [number] = crimes["evidence"]
    assert (number["slice"], number["value"], number["n"]) == ("kind=Fraud", 0.25, 4)
    assert crimes["standing"] == "evidence in this run"
    msgspec.json.encode(told)


@pytest.mark.parametrize("id", frameworks())
def test_nothing_of_a_run_acts_on_the_terminal(nasty: Path, id: str) -> None:
    told = text(nasty, id)
    assert "\x1b" not in told
    assert not UNSAFE.search(told)
