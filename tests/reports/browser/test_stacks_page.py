"""The page about stacks of defenses, as people use it."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.comparisons.test_stacks import NAMES
from tests.reports.browser.checks import WIDTHS, barriers, draw_all, fits
from tests.reports.conftest import NASTY
from tests.reports.test_stacks_page import found
from upright.reports.pages.stacks import write_stacks

pytestmark = pytest.mark.browser


@pytest.fixture
def stacks(tmp_path: Path) -> Path:
    path = tmp_path / "defend.html"
    write_stacks(found(list(NAMES)), path)
    return path


def test_it_opens_from_disk_silent_and_draws_the_front(stacks: Path, open_page: Any) -> None:
    opened = open_page(stacks)
    draw_all(opened.page)
    opened.quiet()
    drawing = opened.page.locator("#front figure.chart svg")
    expect(drawing.locator(".mark-text").get_by_text("b + a")).to_have_count(1)
    expect(opened.page.locator("#together .heat").first).to_contain_text("undo")


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_screen(stacks: Path, open_page: Any, width: int) -> None:
    page = open_page(stacks, width=width).page
    draw_all(page)
    assert fits(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(stacks: Path, open_page: Any, scheme: str) -> None:
    page = open_page(stacks, color_scheme=scheme).page
    draw_all(page)
    assert not barriers(page)


def test_hostile_names_are_shown_and_do_nothing(tmp_path: Path, open_page: Any) -> None:
    path = tmp_path / "defend.html"
    write_stacks(found([(), ("a",), (NASTY,), ("a", NASTY), (NASTY, "a")]), path)
    opened = open_page(path)
    draw_all(opened.page)
    assert opened.page.locator("img, iframe, object, embed, link").count() == 0
    opened.quiet()
