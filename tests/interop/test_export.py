"""Exports, read back; with the tools themselves (versions in the how-to) this was done by hand."""

import csv
import json
import zipfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.interop.test_import import FIXTURES
from tests.reports.conftest import NASTY
from tests.reports.stored import Stored, estimate, sample
from upright.api import export, import_run, open_run
from upright.core import StoreError, UsageError
from upright.interop.exporters import FORMATS
from upright.interop.exporters.csv import harmless
from upright.runs.storing.store import Run

ANY = sorted({*FORMATS} - {"jbb"})
"""The formats of any run; an artifact is of JailbreakBench's behaviours only (`test_jbb`)."""
FORMULA = '=HYPERLINK("http://evil","x")'


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return import_run(FIXTURES / "promptfoo" / "weak.json", out=tmp_path / "runs")


@pytest.fixture
def nasty_run(tmp_path: Path) -> Run:
    """Hostile text wherever a model or a dataset writes."""
    id = "safety/jailbreak"
    texts = dict.fromkeys(("prompt", "target", "label", "reason"), FORMULA + NASTY)
    slices = {"slices": json.dumps({FORMULA: FORMULA, "../../x": "y"})}
    path = Stored(
        estimates=[
            estimate(id, metric="../../" + NASTY, slice=FORMULA),
            estimate(id, metric="../../" + NASTY, slice="+" + FORMULA[1:], headline=False),
        ],
        samples=[
            sample(id, 0.5, **texts, **slices, response=NASTY),
            sample(id, None, sample_id="../../up", error=NASTY, **slices),
            sample(id, -0.0, sample_id="long", response="x" * 5_000_000),
        ],
        cards={id: {"title": "t", "measures": "m"}},
        run={
            "model": {"id": NASTY, "facts": {}},
            "settings": {NASTY: [NASTY], "suite": NASTY},
            "data": {NASTY: {"sha256": "0", "rows": 1}},
            "plan": None,
        },
    ).write(tmp_path / "nasty")
    return open_run(path)


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n=1"])
def test_no_cell_of_text_begins_like_a_formula(cell: str) -> None:
    told = harmless(cell)
    assert told.startswith("'")
    assert harmless("a=1") == "a=1"


def test_numbers_are_left_alone_in_csv(nasty_run: Run, tmp_path: Path) -> None:
    folder = export(nasty_run, "csv", tmp_path / "csv")
    with (folder / "samples.csv").open(newline="", encoding="utf-8") as file:
        csv.field_size_limit(10_000_000)
        rows = list(csv.DictReader(file))
    assert [row["value"] for row in rows] == ["0.5", "", "-0.0"]
    assert rows[0]["prompt"].startswith("'" + FORMULA)
    assert rows[0]["slice." + FORMULA] == "'" + FORMULA
    text = (folder / "samples.csv").read_text(encoding="utf-8")
    assert not set("\x00\x1b\u202e") & set(text)
    assert "␛[31mred" in text
    with (folder / "estimates.csv").open(newline="", encoding="utf-8") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not any(cell.startswith(("=", "+", "@", "\t", "\r")) for cell in cells)


def test_parquet_is_flat_and_keeps_every_byte(nasty_run: Run, tmp_path: Path) -> None:
    folder = export(nasty_run, "parquet", tmp_path / "parquet")
    rows = pq.read_table(folder / "samples.parquet").to_pylist()
    assert rows[0]["prompt"] == FORMULA + NASTY
    assert (rows[0]["slice." + FORMULA], rows[0]["model"]) == (FORMULA, NASTY)
    assert {"run", "model", "metric", "low", "high"} <= set(
        pq.read_schema(folder / "estimates.parquet").names
    )
    assert len(rows) == 3


def test_mlflow_adds_a_run_to_a_store(run: Run, tmp_path: Path) -> None:
    store = export(run, "mlflow", tmp_path / "mlruns")
    [experiment] = store.iterdir()
    [place] = (p for p in experiment.iterdir() if p.is_dir())
    assert 'name: "upright"' in (experiment / "meta.yaml").read_text()
    metrics = place / "metrics" / "promptfoo" / "pii-direct" / "imported"
    when, value, step = (metrics / "pass").read_text().split()
    assert (float(value), step) == (1.0, "0")
    assert int(when) > 1_700_000_000_000
    # What is withheld has no value; its counts are told.
    withheld = sorted(p.name for p in (metrics.parents[1] / "capitals" / "imported").iterdir())
    assert withheld == ["pass n", "pass unscored", "score n", "score unscored"]
    assert (place / "params" / "model").read_text() == "toy-weak"
    assert (place / "artifacts" / "run.json").is_file()
    again = import_run(FIXTURES / "promptfoo" / "strong.json", out=tmp_path / "runs")
    export(again, "mlflow", store)
    assert len([p for p in experiment.iterdir() if p.is_dir()]) == 2
    with pytest.raises(UsageError, match="is there already"):
        export(run, "mlflow", store)


def test_an_experiment_that_mlflow_made_is_used(run: Run, tmp_path: Path) -> None:
    theirs = tmp_path / "mlruns" / "498722568288036140"
    theirs.mkdir(parents=True)
    (theirs / "meta.yaml").write_text("experiment_id: '498722568288036140'\nname: upright\n")
    export(run, "mlflow", tmp_path / "mlruns")
    [place] = (p for p in theirs.iterdir() if p.is_dir())
    assert f'experiment_id: "{theirs.name}"' in (place / "meta.yaml").read_text()


def test_wandb_tables_and_summary(run: Run, tmp_path: Path) -> None:
    folder = export(run, "wandb", tmp_path / "wandb")
    summary = json.loads((folder / "wandb-summary.json").read_text())
    assert summary["promptfoo/pii-direct/imported/pass"] == 1
    assert "promptfoo/capitals/imported/pass" not in summary
    table = json.loads((folder / "samples.table.json").read_text())
    assert len(table["data"]) == 10
    assert all(len(row) == len(table["columns"]) for row in table["data"])
    assert '"model": {"value": "toy-weak"}' in (folder / "config.yaml").read_text()


def test_inspect_logs_come_back_as_they_went(run: Run, tmp_path: Path) -> None:
    folder = export(run, "inspect", tmp_path / "logs")
    assert sorted(p.name for p in folder.iterdir()) == [
        "promptfoo_capitals_imported.eval",
        "promptfoo_pii-direct_imported.eval",
    ]
    back = import_run(folder / "promptfoo_capitals_imported.eval", out=tmp_path / "back")
    went = run.samples[run.samples.benchmark == "promptfoo/capitals"]
    for column in ("response", "value", "outcome", "epoch", "error"):
        assert back.samples[column].astype(str).to_list() == went[column].astype(str).to_list()
    with zipfile.ZipFile(folder / "promptfoo_capitals_imported.eval") as file:
        header = json.loads(file.read("header.json"))
        assert (header["version"], header["status"]) == (2, "success")
        assert len(json.loads(file.read("summaries.json"))) == 8


@pytest.mark.parametrize("to", ANY)
def test_hostile_text_stays_inside_the_folder(nasty_run: Run, tmp_path: Path, to: str) -> None:
    before = {p for p in tmp_path.rglob("*") if p.is_file()}
    folder = export(nasty_run, to, tmp_path / "out" / "deep" / "here")
    made = {p for p in tmp_path.rglob("*") if p.is_file()} - before
    assert made
    assert all(folder in path.parents for path in made)
    if to == "inspect":
        for path in made:
            with zipfile.ZipFile(path) as file:
                assert not [n for n in file.namelist() if ".." in n.split("/")]


@pytest.mark.parametrize("to", sorted({*ANY} - {"mlflow"}))
def test_nothing_is_replaced_and_nothing_half_written(run: Run, tmp_path: Path, to: str) -> None:
    export(run, to, tmp_path / "out")
    with pytest.raises(UsageError, match="is there already"):
        export(run, to, tmp_path / "out")
    (run.path / "samples.parquet").write_bytes(b"no table")
    with pytest.raises(StoreError, match="cannot be read"):
        export(run, to, tmp_path / "other")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", "runs"]


def test_unknown_formats(run: Run) -> None:
    with pytest.raises(UsageError, match="no format 'xlsx'"):
        export(run, "xlsx")
