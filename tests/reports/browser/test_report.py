"""The run's report as people use it."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.reports.browser.checks import WIDTHS, barriers, draw_all, fits
from tests.reports.conftest import EXPRESSIONS

pytestmark = pytest.mark.browser

ROWS = "#answer-rows > li"


def choose(page: Page, name: str, label: str) -> None:
    page.locator(f"#answer-tools [name={name}]").select_option(label=label)


def test_it_opens_from_disk_silent_and_alone(report: Path, open_page: Any) -> None:
    opened = open_page(report)
    draw_all(opened.page)
    opened.quiet()
    expect(opened.page.locator(".verdict")).to_contain_text("1 is clearly better than chance")


def test_charts_are_drawn_with_their_marks(report: Path, open_page: Any) -> None:
    page = open_page(report).page
    draw_all(page)
    slices = page.locator("#truthfulness-external figure.chart").first
    expect(slices.locator("svg .mark-symbol path")).to_have_count(3)
    expect(slices.locator("svg .layer_0_marks line")).to_have_count(3)
    assert slices.get_by_text("datum.x", exact=True).count(), "a label is read, not evaluated"
    judge = page.locator(".judge figure.chart")
    expect(judge.locator("svg .role-mark.mark-symbol path")).to_have_count(2)


def test_a_chart_tells_its_numbers_on_pointing(report: Path, open_page: Any) -> None:
    page = open_page(report).page
    draw_all(page)
    page.locator("#truthfulness-external figure.chart svg .mark-symbol path").first.hover()
    expect(page.locator(".tip")).to_contain_text("0.300")
    expect(page.locator(".tip")).to_contain_text("0.100 – 0.900")


def test_answers_are_shown_fifty_at_a_time_worst_first(report: Path, open_page: Any) -> None:
    page = open_page(report).page
    expect(page.locator("#answer-status")).to_have_text("130 of 130 answers")
    expect(page.locator(ROWS)).to_have_count(50)
    expect(page.locator(ROWS).first).to_contain_text("0.000")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#answer-pager")).to_contain_text("101 to 130")
    expect(page.locator(ROWS).last).to_contain_text("1.000")


def test_search_and_filters_reach_every_answer(report: Path, open_page: Any) -> None:
    page = open_page(report).page
    status = page.locator("#answer-status")
    search = page.get_by_role("searchbox")
    search.fill("NUMBER 119")
    expect(status).to_have_text("1 of 130 answers")
    page.get_by_role("button", name="Clear").click()
    choose(page, "benchmark", "External knowledge")
    expect(status).to_have_text("120 of 130 answers")
    choose(page, "outcome", "refused")
    expect(status).to_have_text("40 of 130 answers")
    choose(page, "slice", "source: hover")
    expect(status).to_have_text("10 of 130 answers")
    choose(page, "fate", "unscored")
    expect(status).to_have_text("1 of 130 answers")
    search.fill("no such text")
    expect(status).to_have_text("No answer fits. Clear a filter.")
    page.get_by_role("button", name="Clear").click()
    choose(page, "set", "published")
    expect(status).to_have_text("1 of 1 answers")


def test_a_benchmark_leads_to_its_answers(report: Path, open_page: Any) -> None:
    page = open_page(report).page
    page.get_by_role("link", name="Search all 10 answers").click()
    expect(page.locator("#answer-status")).to_have_text("10 of 130 answers")
    expect(page.locator("#answer-tools")).to_be_in_viewport()


def test_an_opened_answer_tells_everything_and_what_was_cut(report: Path, open_page: Any) -> None:
    page = open_page(report).page
    page.get_by_role("searchbox").fill("needle")
    expect(page.locator(ROWS)).to_have_count(1)
    page.locator(f"{ROWS} summary").click()
    row = page.locator(f"{ROWS} .opened")
    for told in ("Question number 7?", "said 'no'", "source: scifact", "e7", "rule/choice"):
        expect(row).to_contain_text(told)
    expect(row).to_contain_text("1,411 more characters are in samples.parquet")


def test_harmful_text_is_masked_until_asked_for(report: Path, open_page: Any) -> None:
    page = open_page(report).page
    choose(page, "benchmark", "Jailbreak")
    first = page.locator(ROWS).first
    expect(first).to_contain_text("Masked: this text may be harmful")
    expect(page.get_by_text("a harmful request").locator("visible=true")).to_have_count(0)
    first.locator("summary").click()
    expect(first.get_by_text("a harmful request")).to_be_visible()
    page.get_by_role("button", name="Unmask all").click()
    expect(page.locator(f"{ROWS} .asked").first).to_have_text("a harmful request")
    page.get_by_role("button", name="Mask again").click()
    expect(page.locator(f"{ROWS} .asked")).to_have_count(0)


def background(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


def test_dark_and_light_follow_the_system_and_the_button(report: Path, open_page: Any) -> None:
    page = open_page(report, color_scheme="dark").page
    dark = background(page)
    draw_all(page)
    label = page.locator("figure.chart svg .role-axis-label text").first
    before = label.get_attribute("fill")
    button = page.locator("#theme")
    button.click()
    assert background(page) == dark, "auto becomes dark"
    button.click()
    expect(button).to_have_text("Light")
    assert background(page) != dark
    expect(label).not_to_have_attribute("fill", before or "")
    page.reload()
    expect(button).to_have_text("Light")


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_screen(report: Path, open_page: Any, width: int) -> None:
    page = open_page(report, width=width).page
    draw_all(page)
    assert fits(page)


def test_it_can_be_used_by_keyboard(report: Path, open_page: Any) -> None:
    page = open_page(report).page
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_in_viewport()
    page.get_by_role("searchbox").focus()
    page.keyboard.type("number 42")
    expect(page.locator(ROWS)).to_have_count(1)
    page.locator(f"{ROWS} summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator(f"{ROWS} .opened")).to_be_visible()


def test_without_scripts_the_evidence_is_there(report: Path, open_page: Any) -> None:
    page = open_page(report, java_script_enabled=False).page
    expect(page.get_by_text("Searching needs JavaScript")).to_be_visible()
    expect(page.locator("#answer-tools")).to_be_hidden()
    expect(page.locator("figure.chart").first).to_be_hidden()
    expect(page.locator("#truthfulness-external svg.dot").first).to_be_visible()
    page.locator(".lost > summary").first.click()
    expect(page.get_by_text("Question number 10?")).to_be_visible()


def test_it_prints(report: Path, open_page: Any) -> None:
    page = open_page(report).page
    page.emulate_media(media="print")
    expect(page.locator("nav")).to_be_hidden()
    expect(page.locator("figure.chart").first).to_be_hidden()
    assert page.pdf().startswith(b"%PDF")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(report: Path, open_page: Any, scheme: str) -> None:
    page = open_page(report, color_scheme=scheme).page
    draw_all(page)
    assert not barriers(page)


def test_hostile_text_is_shown_and_does_nothing(hostile: Path, open_page: Any) -> None:
    opened = open_page(hostile)
    page = opened.page
    draw_all(page)
    page.get_by_role("searchbox").fill("onmouseover=alert(3)")
    expect(page.locator("#answer-status")).to_have_text("2 of 2 answers")
    for summary in page.locator(f"{ROWS} summary").all():
        summary.click()
        summary.hover()
    expect(page.locator(ROWS).first).to_contain_text("<script>alert(1)</script>")
    for trick in EXPRESSIONS:
        expect(page.locator("figure.chart svg").get_by_text(trick, exact=True)).to_have_count(1)
    assert page.locator("img, iframe, object, embed, link").count() == 0
    opened.quiet()
