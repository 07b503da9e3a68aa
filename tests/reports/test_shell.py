"""What every page gets from the shell, also one without charts."""

from pathlib import Path

import pytest

from tests.reports.reading import read, unpacked
from upright.core import Interval, StoreError
from upright.reports.html import Assets, Point, draw, shell, write
from upright.reports.scale import Axis
from upright.reports.standing import Standing, compared


def test_a_page_without_charts_carries_no_library() -> None:
    page = shell("shell.html.j2", {}, Assets(charts=False))
    assert not unpacked(page, "library")
    assert read(page).tags["script"] == 1
    assert len(page) < 30_000


def test_a_page_with_charts_carries_all_of_it_and_allows_no_more() -> None:
    page = shell("shell.html.j2", {}, Assets())
    assert len(unpacked(page, "library")) == 3
    assert page.count("&#39;sha256-") == 1 + 2 + 3, "the style, our scripts, the library"


def test_any_value_can_be_drawn() -> None:
    chart = draw(Point("a gap", -0.5, -1.0, 0.0, 0.0), Axis(-1, 1), Standing.UNSURE)
    assert (chart.at, chart.low, chart.high, chart.chance) == (25.0, 0.0, 50.0, 50.0)
    assert chart.label == "a gap"
    empty = draw(Point("nothing", float("nan"), None, 1.0), Axis(0, 1), Standing.UNTOLD)
    assert empty.at is empty.low is empty.high is None


def test_an_interval_can_be_compared_with_any_level() -> None:
    gap = Interval(0.2, 0.1, 0.3, "paired")
    assert compared(gap, 0.0, higher_is_better=True) == Standing.BETTER
    assert compared(gap, 0.0, higher_is_better=False) == Standing.WORSE
    assert compared(gap, 0.2, higher_is_better=True) == Standing.UNSURE


def test_a_page_that_cannot_be_written_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        write("page", tmp_path / "missing" / "report.html")
    assert not list(tmp_path.iterdir())
