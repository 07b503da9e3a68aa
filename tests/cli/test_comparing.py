"""upright leaderboard and upright findings: what is printed where, and how it ends."""

import json
from pathlib import Path

import pytest

from tests.cli.front_door import here
from tests.reports.stored import Stored, estimate

HOSTILE = "\x1b[31mred\x1b[0m \u202e [bold]loud[/]"


@pytest.fixture
def two(tmp_path: Path) -> list[str]:
    """Two stored runs whose models have hostile names."""
    return [
        str(
            Stored(
                estimates=[
                    estimate("safety/misuse", value=0.3 * i + 0.2, low=0.1, high=0.9),
                    estimate("safety/misuse", "published", column="Misuse", value=0.9, high=0.95),
                ],
                run={"model": {"id": f"{i} {HOSTILE}", "facts": {}}},
            ).write(tmp_path / f"run{i}")
        )
        for i in range(2)
    ]


def test_leaderboard_prints_three_parts_and_no_escape_of_a_model(
    two: list[str], tmp_path: Path
) -> None:
    done = here("leaderboard", *two, "--published", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for part in ("Measured here: 2 runs", "placed among the paper's models", "Published (arXiv"):
        assert part in done.stdout
    assert "10.77" in done.stdout, "average places keep two decimals"
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout
    assert "␛[31mred" in done.stdout
    assert "[bold]loud[/]" in done.stdout


def test_leaderboard_as_json(two: list[str], tmp_path: Path) -> None:
    done = here("leaderboard", *two, "--json", cwd=tmp_path)
    told = json.loads(done.stdout)
    assert [s["rank"] for s in told["measured"]["boards"][0]["standings"]] == [1, 2]
    assert told["published"] is None
    assert {p["column"] for p in told["placements"]} == {"Misuse"}


def test_pages_are_written_beside_what_is_printed(two: list[str], tmp_path: Path) -> None:
    for verb, told in (("leaderboard", "Measured here"), ("findings", "On what was measured here")):
        done = here(verb, *two, "--published", "--html", f"{verb}.html", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert told in done.stdout
        page = (tmp_path / f"{verb}.html").read_text()
        assert "Trustworthiness goes with utility." in page
        assert "\x1b" not in page and "\u202e" not in page


def test_a_page_says_why_runs_allow_no_finding(two: list[str], tmp_path: Path) -> None:
    done = here("leaderboard", two[0], "--html", "one.html", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "one.html").read_text()
    assert "Not checked on the runs: These runs share nothing" in page


def test_what_is_left_out_is_printed(two: list[str], tmp_path: Path) -> None:
    done = here("leaderboard", *two, "nowhere", cwd=tmp_path)
    assert done.returncode == 3, "something is left out"
    assert "Not read: nowhere: There is no run in nowhere." in done.stdout


def test_usage_errors_end_with_2(two: list[str], tmp_path: Path) -> None:
    for words in (
        ["leaderboard"],
        ["leaderboard", "nowhere"],
        ["findings", "nowhere"],
        ["findings", two[0]],
        ["findings", *two, "--score-set", "both"],
        ["findings", "--json", "--markdown"],
    ):
        done = here(*words, cwd=tmp_path)
        assert done.returncode == 2, words
        assert done.stdout == ""
        assert done.stderr.startswith("upright: ")


def test_findings_are_about_the_papers_table_unless_runs_are_named(
    two: list[str], tmp_path: Path
) -> None:
    plain = here("findings", cwd=tmp_path)
    assert plain.returncode == 0
    assert "On the paper's results table (16 models)" in plain.stdout
    assert "one-sided 95 % bound" in plain.stdout, "the rule is printed"
    both = json.loads(here("findings", *two, "--published", "--json", cwd=tmp_path).stdout)
    assert [part["origin"] for part in both] == ["measured here", "published"]
    only = json.loads(here("findings", *two, "--json", cwd=tmp_path).stdout)
    assert [part["origin"] for part in only] == ["measured here"]


def test_markdown_escapes_what_runs_say(tmp_path: Path, two: list[str]) -> None:
    done = here("findings", *two, "missing|<script>", "--markdown", cwd=tmp_path)
    assert done.returncode == 3, "something is left out"
    assert "<script>" not in done.stdout
    assert "missing\\|\\<script\\>" in done.stdout


def test_help_has_an_example(tmp_path: Path) -> None:
    for verb in ("leaderboard", "findings"):
        assert f"upright {verb} runs/*" in here(verb, "--help", cwd=tmp_path).stdout
