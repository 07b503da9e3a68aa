"""The table: fits, tells everything, and acts on no terminal."""

import io
from pathlib import Path

from rich.console import Console

from tests.reports.stored import Stored, estimate
from upright.core import Outcome
from upright.reports import load_profile, render_terminal
from upright.reports.facts import ModelFacts, RunFacts
from upright.reports.text.profile import GLYPHS, bar, duration, outcome_bar


def table(path: Path, width: int = 100) -> str:
    console = Console(file=io.StringIO(), width=width)
    render_terminal(load_profile(path), console, path / "report.html")
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def line(text: str, start: str) -> str:
    return next(row for row in text.splitlines() if row.strip().startswith(start))


def test_a_row_has_value_interval_chance_counts_and_the_published_value(plain: Path) -> None:
    row = line(table(plain), "external")
    for told in ("↑", "accuracy", "0.750", "0.60–0.90", "0.50", " 4 "):
        assert told in row
    assert row.rstrip().endswith("0.500!")


def test_a_published_value_that_drops_answers_is_marked(plain: Path) -> None:
    assert "! the original toolkit drops" in table(plain)


def test_what_was_not_measured_is_said(plain: Path) -> None:
    assert "not measured" in line(table(plain), "Transparency")


def test_a_withheld_value_is_not_printed_and_the_reason_is(plain: Path) -> None:
    text = table(plain)
    assert "0.750" not in line(text, "ood")
    assert "Withheld: robustness/ood: 30.0 % could not be scored" in text


def test_what_calls_failed_with_is_told(plain: Path) -> None:
    assert "Error: 1 question without an answer: " in table(plain)


def test_it_fits_a_hundred_columns_and_ends_with_the_report(plain: Path) -> None:
    lines = table(plain).splitlines()
    assert max(map(len, lines[:-1])) <= 100
    assert lines[-1] == f"Report: {plain / 'report.html'}"


def test_a_narrow_terminal_loses_drawings_not_numbers(plain: Path) -> None:
    console = Console(file=io.StringIO(), width=80, force_terminal=True, no_color=True)
    render_terminal(load_profile(plain), console)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "0.60–0.90" in text and "0.500!" in text
    assert "to better" not in text


def test_no_colour_where_nobody_sees_it(plain: Path) -> None:
    assert "\x1b" not in table(plain)


def test_terminal_codes_from_a_model_do_not_act(nasty: Path) -> None:
    text = table(nasty)
    assert not set(text) & {"\x1b", "\x00", "\u202e", "\r"}


def test_names_are_not_read_as_markup(tmp_path: Path) -> None:
    stored = Stored(estimates=[estimate("safety/[red]x", metric="[bold]m[/]")])
    row = line(table(stored.write(tmp_path / "markup")), "[red]x")
    assert "[bold]m[/]" in row


def test_further_right_is_better_whatever_the_direction() -> None:
    good = estimate("a/b", value=0.9, low=0.8, high=1.0, chance=None)
    low = estimate("a/b", value=0.1, low=0.0, high=0.2, chance=None, higher_is_better=False)
    assert bar(good).plain == bar(low).plain
    assert bar(good).plain.index("●") > 6


def test_shares_of_answers_fill_the_bar() -> None:
    assert outcome_bar({"answered": 6, "refused": 1}).plain == "██████▓"
    assert outcome_bar({}).plain == ""


def test_every_outcome_has_a_glyph_of_its_own() -> None:
    assert set(GLYPHS) == set(Outcome)
    assert len({glyph for glyph, _ in GLYPHS.values()}) == len(Outcome)


def test_durations_in_words() -> None:
    start = "2026-05-12T09:30:00+00:00"

    def told(*sessions: tuple[str, str | None], finished: str | None = None) -> str:
        run = RunFacts("0.1", start, "finished", ModelFacts("m"), {}, finished, sessions)
        return duration(run)

    assert told((start, "2026-05-12T09:30:02+00:00")) == "2 s"
    assert told((start, start)) == "under 1 s"
    assert told((start, "2026-05-12T09:29:00+00:00")) == "under 1 s", "a clock that was set"
    assert told((start, "2026-05-12T09:33:12+00:00")) == "3 min 12 s"
    assert told(finished="2026-05-12T11:35:00+00:00") == "2 h 05 min", "imported runs"
    assert told() == told(finished="soon") == told((start, None)) == ""
    night = ("2026-05-12T22:00:00+00:00", "2026-05-12T23:00:00+00:00")
    assert told((start, "2026-05-12T09:33:12+00:00"), night) == "1 h 03 min in 2 sessions"
