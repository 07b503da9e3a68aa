"""The page of a comparison as people use it."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.comparisons.planted import answers, dropped, stored
from tests.reports.browser.checks import WIDTHS, barriers, draw_all, fits
from tests.reports.browser.measured import compared
from tests.reports.conftest import NASTY

pytestmark = pytest.mark.browser

ROWS = "#flip-rows > li"


def shown(page: Page) -> int:
    return page.locator(f"{ROWS}:not([hidden])").count()


def test_it_opens_from_disk_silent_alone_and_without_the_library(
    comparison: Path, open_page: Any
) -> None:
    opened = open_page(comparison)
    draw_all(opened.page)
    opened.quiet()
    expect(opened.page.locator(".gate")).to_have_text("Failed")
    assert opened.page.locator('[data-packed="library"]').count() == 0


def test_gains_are_drawn_with_interval_margin_and_no_difference(
    comparison: Path, open_page: Any
) -> None:
    page = open_page(comparison).page
    row = page.locator("#gains .forest li", has_text="misuse").first
    for part in (".axis", ".reach", ".value", ".chance", ".reference"):
        assert row.locator(f"svg {part}").count() >= 1, part
    row.get_by_role("link").click()
    expect(page.locator("#of-safety-misuse")).to_be_in_viewport()


def test_search_and_filters_over_changed_answers(comparison: Path, open_page: Any) -> None:
    page = open_page(comparison).page
    status, form = page.locator("#flip-status"), page.locator("#flip-tools")
    total = page.locator(ROWS).count()
    expect(status).to_have_text(f"{total} of {total} answers")
    form.locator("[name=benchmark]").select_option(label="safety/misuse")
    some = shown(page)
    assert 0 < some < total
    expect(status).to_have_text(f"{some} of {total} answers")
    form.locator("[name=change]").select_option(label="gained")
    expect(status).to_have_text("No answer fits. Clear a filter.")
    page.get_by_role("button", name="Clear").click()
    expect(status).to_have_text(f"{total} of {total} answers")
    ident = page.locator(f"{ROWS} .id").first.inner_text()
    page.get_by_role("searchbox").fill(ident.upper())
    assert shown(page) >= 1
    expect(page.locator(f"{ROWS}:not([hidden]) .id").first).to_have_text(ident)


def test_harmful_answers_are_masked_until_asked_for(comparison: Path, open_page: Any) -> None:
    page = open_page(comparison).page
    masked = page.locator(f"{ROWS}:has(.mask)").first
    expect(masked.locator(".both")).to_be_hidden()
    masked.locator(".mask > summary").click()
    expect(masked.locator(".both")).to_be_visible()
    page.get_by_role("button", name="Unmask all").click()
    assert page.locator(".mask:not([open])").count() == 0
    page.get_by_role("button", name="Mask again").click()
    assert page.locator(".mask[open]").count() == 0


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_screen(comparison: Path, open_page: Any, width: int) -> None:
    page = open_page(comparison, width=width).page
    draw_all(page)
    assert fits(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(comparison: Path, open_page: Any, scheme: str) -> None:
    page = open_page(comparison, color_scheme=scheme).page
    draw_all(page)
    assert not barriers(page)


def test_without_scripts_and_on_paper_the_evidence_is_there(
    comparison: Path, open_page: Any
) -> None:
    page = open_page(comparison, java_script_enabled=False).page
    expect(page.locator("#flip-tools")).to_be_hidden()
    expect(page.locator("#gains svg.dot").first).to_be_visible()
    expect(page.locator(f"{ROWS} .mask > summary").first).to_be_visible()
    page = open_page(comparison).page
    page.emulate_media(media="print")
    expect(page.locator("#gains svg.dot").first).to_be_visible()
    assert page.pdf().startswith(b"%PDF")


def test_hostile_text_is_shown_and_does_nothing(tmp_path: Path, open_page: Any) -> None:
    before = answers(100, 0.8)
    texts = dict.fromkeys(("prompt", "reason", "target"), NASTY)
    run = {"model": {"id": NASTY, "facts": {}}}
    named: dict[str, Any] = {"benchmark": f"x/{NASTY}", "prefix": NASTY, "run": run, **texts}
    paths = [
        stored(tmp_path / name, values, **named)
        for name, values in (("a", before), ("b", dropped(before, 0.2, 0.24, 1)))
    ]
    opened = open_page(compared(*paths))
    draw_all(opened.page)
    expect(opened.page.locator(ROWS).first).to_contain_text("<script>alert(1)</script>")
    opened.page.get_by_role("searchbox").fill("onmouseover=alert(3)")
    assert shown(opened.page) > 1
    assert opened.page.locator("img, iframe, object, embed, link").count() == 0
    opened.quiet()
