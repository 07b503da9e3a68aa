"""The page of a comparison: what the gate says, every number behind it, and nothing that acts."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.comparisons.planted import answers, dropped, pair_of
from tests.reports.conftest import NASTY
from tests.reports.reading import read, spoken
from tests.reports.standards import is_inert, leads_somewhere
from upright.comparisons.two_runs.compare import compare
from upright.comparisons.two_runs.gate import decide
from upright.comparisons.two_runs.result import Comparison, Incomparable
from upright.core import StoreError
from upright.reports.pages.comparison import MOST_FLIPS, comparison_page, write_comparison
from upright.reports.pages.forest import around_zero

SECRET = "how to make something terrible"


def made(tmp_path: Path, points: float = 0.2, margin: float = 0.02, **changed: Any) -> Comparison:
    before = answers(200, 0.8)
    after = dropped(before, points, points + 0.04, 1)
    runs = pair_of(tmp_path, before, after, slices='{"kind": "one"}', **changed)
    return compare(*runs, lambda id: None, margin=margin)


def page_of(found: Comparison, *, strict: bool = False) -> str:
    return comparison_page(found, decide(found, strict=strict))


@pytest.fixture
def page(tmp_path: Path) -> str:
    return page_of(made(tmp_path))


def test_it_says_what_the_gate_says_and_why(page: str) -> None:
    text = spoken(page)
    for told in (
        "mock/oracle against mock/oracle",
        "Failed Worse: a significant loss of more than 0.02: plugin/safety.",
        "200 answers pair on 1 benchmark: the candidate is worse on 1.",
        "0.800 → 0.600",
        "−0.200",
        "margin: a loss of 0.02",
        "its code is not installed here",
        "4, 44",
        "upright compare",
        "--margin=0.02",
    ):
        assert told in text, told


def test_a_gate_that_passes_says_so(tmp_path: Path) -> None:
    assert "Passed Not worse: no significant loss" in spoken(page_of(made(tmp_path, 0.0)))


def test_intervals_are_told_jointly_alone_and_unpaired(page: str, tmp_path: Path) -> None:
    found = made(tmp_path / "again").differences[0]
    reader = read(page)
    rows = [t for path, t in reader.texts if path[-1:] == ("span.n",)]
    assert len([row for row in rows if " – " in row]) == 3
    assert f"{found.unpaired.low:.3f}".replace("-", "−") in " ".join(rows)


def test_the_axis_is_symmetric_and_holds_all() -> None:
    assert around_zero([0.3, -0.6, None, float("nan")]) == (-0.75, 0.75)
    assert around_zero([]) == (-0.02, 0.02)
    assert around_zero([2.4]) == (-3.0, 3.0)


def test_harmful_answers_are_masked(tmp_path: Path) -> None:
    found = made(tmp_path)
    flips = [msgspec.structs.replace(f, harmful=True, prompt=SECRET) for f in found.flips]
    page = page_of(msgspec.structs.replace(found, flips=tuple(flips)))
    paths = [path for path, text in read(page).texts if SECRET in text]
    assert paths
    assert all(any(e.startswith("details.mask") for e in path) for path in paths)


def test_changed_answers_stand_side_by_side_up_to_a_limit(tmp_path: Path) -> None:
    found = made(tmp_path)
    many = msgspec.structs.replace(found, flips=found.flips[:1] * (MOST_FLIPS + 9))
    page = page_of(many)
    assert page.count('data-change="lost"') == MOST_FLIPS
    assert f"The first {MOST_FLIPS} of 509 answers" in spoken(page)
    assert "All 48 answers whose value changed" in spoken(page_of(found))


def test_what_is_not_compared_is_said(tmp_path: Path) -> None:
    left = Incomparable(what="safety/misuse", why="other data")
    found = msgspec.structs.replace(made(tmp_path), incomparable=(left,), notes=("other judge",))
    text = spoken(page_of(found))
    assert "safety/misuse other data" in text and "other judge" in text


def test_judges_that_disagree_are_counted(tmp_path: Path) -> None:
    found = made(tmp_path)
    (one,) = found.differences
    pairing = msgspec.structs.replace(one.pairing, same_text_other_verdict=7)
    odd = msgspec.structs.replace(one, pairing=pairing)
    text = spoken(page_of(msgspec.structs.replace(found, differences=(odd,))))
    assert "plugin/safety 7 200" in text
    assert "No two equal answers" in spoken(page_of(found))


@pytest.mark.parametrize("trick", [NASTY, "gains", "</title>"])
def test_nothing_of_a_run_acts(tmp_path: Path, trick: str) -> None:
    texts: dict[str, Any] = dict.fromkeys(("prompt", "judge", "reason", "target"), trick)
    run = {"model": {"id": trick, "facts": {}}}
    found = made(tmp_path, run=run, benchmark=trick, prefix=trick, **texts)
    page = page_of(found)
    is_inert(page, scripts=2)
    leads_somewhere(page)


def test_the_same_comparison_gives_the_same_small_page(tmp_path: Path) -> None:
    found = made(tmp_path)
    for name in ("one.html", "two.html"):
        write_comparison(found, decide(found), tmp_path / name)
    page = (tmp_path / "one.html").read_bytes()
    assert page == (tmp_path / "two.html").read_bytes()
    assert len(page) < 200_000
    with pytest.raises(StoreError):
        write_comparison(found, decide(found), tmp_path / "missing" / "page.html")
