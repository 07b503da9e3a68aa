"""upright import and upright export, from end to end."""

import json
from pathlib import Path

from tests.cli.front_door import here
from tests.interop.test_import import FIXTURES


def test_an_import_is_shown_reported_and_exported(tmp_path: Path) -> None:
    file = FIXTURES / "inspect" / "weak.eval"
    done = here("import", str(file), cwd=tmp_path)
    assert done.returncode == 3  # one of six answers is unscored, and that is over 5 %
    assert "Trust profile of mockllm/model" in done.stdout
    assert "Imported: inspect 0.3.285 asked and judged, not Upright" in done.stdout
    assert "Other" in done.stdout
    [run] = (tmp_path / "runs").iterdir()
    assert f"Run: runs/{run.name}" in done.stdout
    told = json.loads(here("report", str(run), "--json", cwd=tmp_path).stdout)
    [benchmark] = told["benchmarks"]
    assert (benchmark["id"], benchmark["dimension"]) == ("inspect/capitals", "other")
    assert (benchmark["upright"], benchmark["n"]) == (None, 6)
    assert benchmark["imported"]["judge"] == "inspect:abstaining"
    page = (run / "report.html").read_text()
    for text in ("capitals (inspect)", "Imported score set", "Imported from", "uncalibrated"):
        assert text in page
    assert "As the original toolkit scores it" not in page
    done = here("export", str(run), "--to", "csv", cwd=tmp_path)
    assert (done.returncode, done.stdout.strip()) == (0, f"{run.name}-csv")
    assert (tmp_path / f"{run.name}-csv" / "samples.csv").is_file()


def test_a_known_benchmark_stands_under_its_dimension(tmp_path: Path) -> None:
    [samples] = FIXTURES.glob("lm_eval/strong/samples_capitals_pick*")
    file = tmp_path / "samples_truthfulqa_mc1_2026-01-01T00-00-00.1.jsonl"
    file.write_bytes(samples.read_bytes())
    done = here("import", str(file), "--model", "mine", "--json", cwd=tmp_path)
    told = json.loads(done.stdout)
    assert (done.returncode, told["benchmarks"][0]["dimension"]) == (0, "truthfulness")
    assert "truthfulness" not in told["unmeasured"]


def test_errors_are_for_people(tmp_path: Path) -> None:
    (tmp_path / "x.eval").write_bytes(b"PK")
    done = here("import", "x.eval", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("upright: x.eval is damaged")
    assert here("import", "none.json", cwd=tmp_path).returncode == 2
    assert here("export", "nothing", "--to", "csv", cwd=tmp_path).returncode == 2
