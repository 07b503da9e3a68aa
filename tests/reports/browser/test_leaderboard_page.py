"""The leaderboard's page, and that of the findings, as people use them."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.reports.browser.checks import WIDTHS, barriers, draw_all, fits
from tests.reports.browser.measured import ranked
from tests.reports.conftest import EXPRESSIONS, NASTY
from tests.reports.stored import Stored, estimate

pytestmark = pytest.mark.browser


def test_it_opens_from_disk_silent_and_alone(board: Path, open_page: Any) -> None:
    opened = open_page(board)
    draw_all(opened.page)
    opened.quiet()
    expect(opened.page.locator("h1")).to_have_text("4 runs side by side")


def test_charts_are_drawn_with_their_marks(board: Path, open_page: Any) -> None:
    page = open_page(board).page
    draw_all(page)
    planes = page.locator("#paper .charts.three figure.chart")
    expect(planes).to_have_count(12)
    expect(planes.first.locator("svg .mark-symbol path")).to_have_count(16)
    front = page.locator("#paper .charts:not(.three) figure.chart").first
    expect(front.locator("svg .mark-line path")).to_have_count(1)
    expect(front.locator("svg .mark-text").get_by_text("GPT-4")).to_have_count(1)
    matrix = page.locator("#paper > figure.chart").locator("svg")
    expect(matrix.locator(".layer_1_marks path")).to_have_count(31 * 30)
    labels = matrix.locator(".role-axis-label text")
    texts = labels.all_inner_texts() if labels.count() < 62 else labels.all_text_contents()
    assert texts[:31] == texts[31:], "both axes have the columns in one order"


def test_a_plane_tells_its_model_on_pointing(board: Path, open_page: Any) -> None:
    page = open_page(board).page
    draw_all(page)
    page.locator("#paper .charts.three svg .mark-symbol path").first.hover()
    expect(page.locator(".tip")).to_contain_text("GPT-4")
    expect(page.locator(".tip")).to_contain_text("Utility")


def test_charts_follow_the_theme(board: Path, open_page: Any) -> None:
    page = open_page(board, color_scheme="dark").page
    draw_all(page)
    square = page.locator("#paper > figure.chart svg .layer_1_marks path").first
    before = square.get_attribute("fill")
    page.locator("#theme").click()
    page.locator("#theme").click()
    expect(page.locator("#theme")).to_have_text("Light")
    expect(square).not_to_have_attribute("fill", before or "")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["board", "checked"])
def test_nothing_is_wider_than_the_screen(
    name: str, request: pytest.FixtureRequest, open_page: Any, width: int
) -> None:
    page = open_page(request.getfixturevalue(name), width=width).page
    draw_all(page)
    assert fits(page)


def test_wide_tables_scroll_by_keyboard(board: Path, open_page: Any) -> None:
    page = open_page(board, width=360).page
    box = page.get_by_role("region", name="The paper's rank card")
    box.focus()
    expect(box).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(500)
    assert box.evaluate("e => e.scrollLeft > 0")
    head = box.locator("tbody th[scope=row]").first
    assert head.evaluate("e => e.getBoundingClientRect().left >= 0"), "names stay in sight"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["board", "checked"])
def test_axe_finds_nothing_serious(
    name: str, request: pytest.FixtureRequest, open_page: Any, scheme: str
) -> None:
    page = open_page(request.getfixturevalue(name), color_scheme=scheme).page
    draw_all(page)
    assert not barriers(page)


def test_without_scripts_tables_tell_the_same(board: Path, open_page: Any) -> None:
    page = open_page(board, java_script_enabled=False).page
    expect(page.locator("figure.chart").first).to_be_hidden()
    expect(page.locator("#card .heat")).to_be_visible()
    page.locator("#paper details", has_text="The correlations as numbers").locator(
        "> summary"
    ).click()
    expect(page.locator("#paper .numbers")).to_be_visible()


def test_it_prints(board: Path, open_page: Any) -> None:
    page = open_page(board).page
    page.emulate_media(media="print")
    expect(page.locator("#card .heat")).to_be_visible()
    assert page.pdf().startswith(b"%PDF")


def test_hostile_names_are_shown_and_do_nothing(tmp_path: Path, open_page: Any) -> None:
    ids = ("safety/misuse", "safety/exaggerated_safety", "truthfulness/internal", f"x/{NASTY}")
    names = (NASTY, *EXPRESSIONS)
    runs = [
        Stored(
            estimates=[estimate(id, value=0.2 + 0.15 * at, low=0.1, high=0.9) for id in ids],
            run={"model": {"id": name, "facts": {}}},
        ).write(tmp_path / f"r{at}")
        for at, name in enumerate(names)
    ]
    opened = open_page(ranked(runs))
    draw_all(opened.page)
    for trick in EXPRESSIONS:
        expect(opened.page.locator("#card thead").get_by_text(trick, exact=True)).to_be_visible()
    for mark in opened.page.locator("#whole figure.chart svg .mark-symbol path").all():
        mark.hover(force=True)
    assert opened.page.locator("img, iframe, object, embed, link").count() == 0
    opened.quiet()
