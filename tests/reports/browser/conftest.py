"""Pages opened from disk in headless Chromium, with everything they do written down."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.reports.browser.measured import board, checked, comparison, runs
from tests.reports.stored import CARD, Stored, estimate, sample
from upright.reports import load_profile, write_page

__all__ = ["board", "checked", "comparison", "runs"]

QUIET = ("--no-sandbox", "--disable-background-networking")
JAILBREAK, EXTERNAL = "safety/jailbreak", "truthfulness/external"


@dataclass
class Opened:
    """A page, what it said on the console and what it asked for."""

    page: Page
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def quiet(self) -> None:
        assert not self.said
        assert [url for url in self.asked if not url.startswith("file://")] == []
        assert len(self.asked) == 1, "the page itself"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None and (os.environ.get("CI") or os.environ.get("UPRIGHT_REQUIRE_BROWSER")):
        pytest.fail("Chromium is required here, and there is no `chromium` on the path")
    if path is None:
        pytest.skip("there is no `chromium` on the path: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Any]:
    """Opens a file; options are those of a browser context."""
    contexts = []

    def opened(path: Path, width: int = 1200, **options: Any) -> Opened:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        found = Opened(context.new_page())
        found.page.on("console", lambda message: found.said.append(message.text))
        found.page.on("pageerror", lambda error: found.said.append(str(error)))
        found.page.on("dialog", lambda dialog: found.said.append(dialog.message))
        found.page.on("request", lambda request: found.asked.append(request.url))
        found.page.goto(path.as_uri())
        if options.get("java_script_enabled", True) and found.page.locator("#answer-rows").count():
            found.page.wait_for_selector("#answer-rows > li")
        return found

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with everything: slices, a correction, a calibrated judge, harmful text, two
    score sets, more answers than are shown at once."""
    told: dict[str, Any] = {"corrected": 0.7, "corrected_low": 0.5, "corrected_high": 0.9}
    kinds = [
        estimate(EXTERNAL, headline=False, slice=f"source={name}", value=at, low=0.1, high=0.9)
        for name, at in (("scifact", 0.3), ("hover", 0.6), ("datum.x", 0.5))
    ]
    path = Stored(
        estimates=[
            estimate(EXTERNAL, **told, correction="Rogan-Gladen", judge="linear/declined", n=120),
            *kinds,
            estimate(EXTERNAL, headline=False, metric="parse_rate", value=1.0, chance=None),
            estimate(EXTERNAL, "published", value=0.5, n=120),
            estimate(JAILBREAK, value=0.1, low=0.0, high=0.2, n=10),
        ],
        samples=[
            *(_answer(i) for i in range(120)),
            sample(EXTERNAL, 0.0, score_set="published", sample_id="toolkit", outcome="unparsed"),
            *(
                sample(JAILBREAK, 0.0, sample_id=f"j{i}", prompt="a harmful request")
                for i in range(10)
            ),
        ],
        cards={
            EXTERNAL: CARD | {"title": "External knowledge"},
            JAILBREAK: CARD | {"title": "Jailbreak (harmful requests)", "harmful": True},
        },
        run={"calibrations": {"linear/declined": [_record(how) for how in ("5-fold", "other")]}},
    ).write(tmp_path_factory.mktemp("report") / "run")
    return _written(path)


@pytest.fixture
def hostile(nasty: Path) -> Path:
    return _written(nasty)


def _written(run: Path) -> Path:
    write_page(load_profile(run), run / "report.html")
    return run / "report.html"


def _answer(i: int) -> dict[str, Any]:
    return sample(
        EXTERNAL,
        float(i % 2) if i else None,
        sample_id=f"e{i}",
        prompt=f"Question number {i}?",
        response=f"Answer {i}" if i != 7 else "The needle " + "in the hay " * 400,
        outcome="answered" if i % 3 else "refused",
        slices=f'{{"source": "{"scifact" if i % 4 else "hover"}"}}',
    )


def _record(how: str) -> dict[str, Any]:
    shares = dict.fromkeys(("accuracy", "kappa", "sensitivity", "specificity", "f1"), 0.8)
    named = {"labels": "A set (MIT)", "event": "declined", "date": "2026-01-01", "how": how}
    return {**named, **shares, "n": 400, "n_yes": 200}
