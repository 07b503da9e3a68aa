"""upright card: where it writes, and what it refuses."""

import json
from pathlib import Path

import pytest

from tests.cli.front_door import here
from tests.reports.stored import Stored, estimate, sample
from upright.cli.list import ROOMS, card_of
from upright.core.registry import entries

MISUSE = "safety/misuse"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Stored(estimates=[estimate(MISUSE)], samples=[sample(MISUSE, 1.0)]).write(tmp_path / "a")
    return tmp_path


def test_the_card_goes_to_stdout_or_into_a_file(folder: Path) -> None:
    shown = here("card", "a", cwd=folder)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.startswith("---\nmodel-index:\n")
    written = here("card", "a", "--out", "card.md", "--source", "https://example.org", cwd=folder)
    assert written.returncode == 0 and not written.stdout
    assert 'url: "https://example.org"' in (folder / "card.md").read_text()


def test_a_framework_goes_to_the_terminal_or_into_json(folder: Path) -> None:
    shown = here("card", "a", "--framework", "owasp-llm", cwd=folder)
    assert "Coverage, not compliance" in shown.stdout
    assert "no benchmark here covers this" in shown.stdout
    told = json.loads(here("card", "a", "--framework", "nist-ai-rmf", "--json", cwd=folder).stdout)
    [safe] = [item for item in told["items"] if item["id"] == "AI RMF 3.2"]
    assert safe["standing"] == "evidence in this run"
    assert safe["source"]["url"] == "https://doi.org/10.6028/NIST.AI.100-1"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--framework", "iso-42001"), "There is no framework 'iso-42001'"),
        (("--json",), "--json needs --framework"),
        (("--framework", "mlcommons", "--out", "x"), "takes no --out"),
        (("--source", "javascript:alert(1)"), "must be a web address"),
    ],
)
def test_what_makes_no_sense_is_refused(folder: Path, words: tuple[str, ...], why: str) -> None:
    ended = here("card", "a", *words, cwd=folder)
    assert ended.returncode == 2
    assert why in ended.stderr


def test_no_run_no_card(tmp_path: Path) -> None:
    ended = here("card", "gone", cwd=tmp_path)
    assert ended.returncode == 2
    assert "There is no run at gone" in ended.stderr


@pytest.mark.parametrize("room", ROOMS)
def test_everything_that_is_listed_has_a_label(room: str, tmp_path: Path) -> None:
    """Also what needs a package or a file of others to work."""
    for entry in entries(room).values():
        card = card_of(room, entry.id)
        assert card.title and card.measures and card.licence, entry.id


def test_a_label_is_shown_by_id(tmp_path: Path) -> None:
    shown = here("card", "smoothllm", cwd=tmp_path).stdout
    assert shown.startswith("SmoothLLM  (defense smoothllm)")
    assert "https://arxiv.org/abs/2310.03684" in shown and "- Each question takes" in shown
    told = json.loads(here("card", "safety/misuse", "--json", cwd=tmp_path).stdout)
    assert (told["id"], told["room"], told["paper"]) == (
        "safety/misuse",
        "benchmarks",
        "2401.05561",
    )
