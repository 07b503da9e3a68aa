"""The leaderboard's page: two tables that never mix, and nothing that acts."""

from pathlib import Path
from typing import Any

import pytest

from tests.reports.conftest import EXPRESSIONS, NASTY
from tests.reports.reading import blocks, spoken
from tests.reports.standards import is_inert, leads_somewhere
from tests.reports.stored import Stored, estimate
from tests.reports.test_specs import strings
from upright.api import findings
from upright.comparisons.many_runs.leaderboard import leaderboard
from upright.reports.pages.findings import write_findings
from upright.reports.pages.leaderboard import leaderboard_page, write_leaderboard

COLUMNS = ("safety/misuse", "safety/jailbreak", "safety/exaggerated_safety")
UTILITY = ("truthfulness/internal", "robustness/advglue")
SHELL, CHARTS = 1, 1


def run(path: Path, at: int, model: str, extra: str = "") -> Path:
    """A model whose values depend on its number."""
    value = 0.2 + 0.15 * at
    known: dict[str, Any] = {"value": value, "low": value - 0.05, "high": value + 0.05}
    found = [estimate(id, **known) for id in (*COLUMNS, *UTILITY, *([extra] if extra else []))]
    published = estimate("safety/misuse", "published", column="Misuse", **known)
    withheld = estimate("privacy/leakage", withheld="9.0 % could not be scored", value=0.777777)
    given = {"model": {"id": model, "facts": {}}}
    return Stored(estimates=[*found, published, withheld], run=given).write(path)


@pytest.fixture
def four(tmp_path: Path) -> list[Path]:
    return [run(tmp_path / f"r{at}", at, f"mock/m{at}") for at in range(4)]


@pytest.fixture
def page(four: list[Path]) -> str:
    board = leaderboard(four, with_published=True)
    return leaderboard_page(board, findings(four, published=True))


def test_it_tells_places_with_intervals_and_no_winner(page: str) -> None:
    text = spoken(page)
    for told in (
        "4 runs side by side",
        "Of 5 benchmarks that two or more runs share, 5 have a first place beyond doubt",
        "There is no overall score",
        "Of 5 places: first beyond doubt in 5, last in 0.",
        "0.650 (0.60 – 0.70)",
        "Among the paper's models",
        "Published, not measured here",
        "withheld",
        "Average places, in both directions",
        "interchanged",
        "independent things",
        "No model beats these in both of",
        "Trustworthiness goes with utility.",
        "not supported",
    ):
        assert told in text, told
    assert "0.778" not in text[: text.index("Published, not")], "a withheld value"


def test_measured_and_published_share_no_table(page: str) -> None:
    paper = page[page.index('<section id="paper"') : page.index('<section id="findings"')]
    assert "mock/m0" not in paper
    card = page[page.index('<section id="card"') : page.index('<section id="profiles"')]
    assert "GPT-4" not in card and "Vicuna-33b" in paper


def test_the_paper_alone_is_a_page(tmp_path: Path) -> None:
    page = leaderboard_page(leaderboard(with_published=True), findings())
    assert "The paper's 16 models" in spoken(page)
    assert page.count("<tr>") > 31
    leads_somewhere(page)


def test_every_cell_of_the_paper_is_there(page: str) -> None:
    """31 columns by 16 models, and what was not evaluated."""
    start = page.index('s rank card">')
    table = page[start : page.index("</table>", start)]
    assert table.count("<td") == 31 * 16 + 1


def test_runs_that_allow_no_finding_say_why(four: list[Path]) -> None:
    board = leaderboard(four[:1])
    page = leaderboard_page(board, (), "These runs share nothing")
    assert "Not checked on the runs: These runs share nothing" in spoken(page)
    assert "1 run side by side" in spoken(page)


@pytest.mark.parametrize("trick", [NASTY, *EXPRESSIONS])
def test_nothing_of_a_run_acts(tmp_path: Path, trick: str) -> None:
    runs = [run(tmp_path / f"r{at}", at, f"{trick}{at}", f"x/{trick}") for at in range(4)]
    page = leaderboard_page(leaderboard(runs, with_published=True), findings(runs))
    is_inert(page, scripts=SHELL + CHARTS)
    leads_somewhere(page)
    specs = [block for block in blocks(page) if "$schema" in block]
    assert specs
    for spec in specs:
        texts = set(strings(spec))
        assert not texts & {"expr", "signal", "calculate", "filter", "url", "href", "labelExpr"}
        assert not [text for text in texts if trick[:9] in text]


def test_pages_are_the_same_each_time_and_of_moderate_size(
    four: list[Path], tmp_path: Path
) -> None:
    board, checked = leaderboard(four, with_published=True), findings(four)
    for name in ("one.html", "two.html"):
        write_leaderboard(board, checked, tmp_path / name)
    page = (tmp_path / "one.html").read_bytes()
    assert page == (tmp_path / "two.html").read_bytes()
    assert len(page) < 1_000_000


def test_findings_have_a_page_of_their_own(four: list[Path], tmp_path: Path) -> None:
    write_findings(findings(four, published=True), tmp_path / "findings.html")
    page = (tmp_path / "findings.html").read_text()
    is_inert(page, scripts=SHELL)
    text = spoken(page)
    assert "On the paper's results table (16 models) Of 12 claims" in text
    assert "On what was measured here (4 models, upright) Of 12 claims" in text
