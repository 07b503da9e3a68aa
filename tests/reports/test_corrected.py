"""Raw and corrected side by side, and why a number was not corrected."""

import io
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from rich.console import Console

from tests.reports.stored import Stored, estimate, sample
from upright.core import StoreError
from upright.reports import document, load_profile, render_page, render_terminal

MISUSE, JAILBREAK, QUERY = "safety/misuse", "safety/jailbreak", "safety/query"
CONCORD = {
    "n": 40,
    "alpha": 0.7134,
    "alpha_of_draws": {"openai/a": None},
    "local": {"openai/a": 0.875, "openai/b": None},
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    told: dict[str, Any] = {"corrected": 0.691, "corrected_low": 0.55, "corrected_high": 0.83}
    how = "Rogan-Gladen, delta: A set (MIT), n = 400"
    return Stored(
        estimates=[
            estimate(MISUSE, **told, correction=how),
            estimate(MISUSE, headline=False, slice="kind=a", **told, correction=how),
            estimate(JAILBREAK, correction="not corrected: 19 labels"),
            estimate(QUERY, **told, correction=how, withheld="too little"),
        ],
        samples=[sample(id, 1.0) for id in (MISUSE, JAILBREAK, QUERY)],
        run={
            "agreement": {MISUSE: {"upright": CONCORD}},
            "judge": "openai/a, openai/b",
            "judges": [{"id": "openai/a"}, {"id": "openai/b", "tokens": {"prompt": 7}}],
        },
    ).write(tmp_path / "run")


def terminal(path: Path) -> str:
    console = Console(file=io.StringIO(), width=100)
    render_terminal(load_profile(path), console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_document_has_it_or_null(path: Path) -> None:
    misuse, jailbreak, query = document(load_profile(path))["benchmarks"]
    assert misuse["upright"]["value"] == 0.75, "the raw value stays"
    assert misuse["upright"]["corrected"] == {
        "value": 0.691,
        "low": 0.55,
        "high": 0.83,
        "method": "Rogan-Gladen, delta: A set (MIT), n = 400",
    }
    assert misuse["upright"]["others"][0]["corrected"]["value"] == 0.691
    assert jailbreak["upright"]["corrected"] is None
    assert jailbreak["upright"]["correction"] == "not corrected: 19 labels"
    assert query["upright"]["corrected"] is None, "a withheld number has no correction either"


def test_the_table_has_a_line_below_and_says_how(path: Path) -> None:
    text = terminal(path)
    lines = text.splitlines()
    raw = next(i for i, line in enumerate(lines) if line.startswith(" misuse"))
    assert "0.750" in lines[raw]
    assert "corrected" in lines[raw + 1] and "0.691" in lines[raw + 1]
    assert "0.55–0.83" in lines[raw + 1]
    assert sum("corrected  " in line for line in lines) == 1
    assert "Corrected: safety/misuse: Rogan-Gladen, delta: A set (MIT)" in text
    assert "Not corrected: safety/jailbreak: 19 labels" in text
    assert max(map(len, lines)) <= 100


def test_judges_that_agree_or_not_are_told(path: Path) -> None:
    text = " ".join(terminal(path).split())
    assert "Judges: safety/misuse: 40 answers; Krippendorff's alpha 0.71" in text
    assert "openai/a agrees with the local judge on 88 %" in text
    page = render_page(load_profile(path))
    assert "alpha 0.71" in page
    assert "Judge model 1 of 2" in page and "Judge model 2 of 2" in page


def test_the_page_shows_both(path: Path) -> None:
    page = render_page(load_profile(path))
    assert "corrected for judge error" in page
    assert "0.691 (0.550 – 0.830)" in page
    assert "not corrected: 19 labels" in page
    assert "corrected 0.691" in page, "slices have theirs"


def test_runs_stored_before_there_were_corrections_can_be_read(path: Path) -> None:
    file = path / "estimates.parquet"
    table = pq.read_table(file)
    old = [name for name in table.column_names if not name.startswith("correct")]
    pq.write_table(table.select(old), file)
    assert document(load_profile(path))["benchmarks"][0]["upright"]["corrected"] is None
    pq.write_table(table.select([name for name in old if name != "n"]), file)
    with pytest.raises(StoreError, match="`n`"):
        load_profile(path)
