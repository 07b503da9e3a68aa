"""upright compare: exit codes and files."""

import json
from pathlib import Path

import numpy as np

from tests.cli.front_door import here
from tests.comparisons.planted import answers, dropped, stored


def pair(tmp_path: Path, points: float) -> None:
    before = answers(600, 0.8)
    stored(tmp_path / "a", before)
    stored(tmp_path / "b", dropped(before, points, points + 0.02, 1) if points else before)


def test_a_regression_exits_1_only_where_asked(tmp_path: Path) -> None:
    pair(tmp_path, 0.08)
    assert here("compare", "a", "b", "--margin", "0.02", cwd=tmp_path).returncode == 0
    ended = here("compare", "a", "b", "--margin", "0.02", "--fail-if-worse", cwd=tmp_path)
    assert ended.returncode == 1
    assert "Worse: a significant loss of more than 0.02: plugin/safety" in ended.stdout


def test_no_regression_passes_and_writes_its_files(tmp_path: Path) -> None:
    pair(tmp_path, 0.0)
    kinds = ("junit", "sarif", "markdown", "html")
    files = [f"--{kind}={kind}" for kind in kinds]
    ended = here("compare", "a", "b", "--margin=0.02", "--fail-if-worse", *files, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert all((tmp_path / kind).stat().st_size for kind in kinds)


def test_strict_fails_where_a_loss_is_not_excluded(tmp_path: Path) -> None:
    stored(tmp_path / "a", answers(40, 0.5))
    stored(tmp_path / "b", answers(40, 0.5))
    words = ("compare", "a", "b", "--margin=0.001", "--fail-if-worse")
    assert here(*words, cwd=tmp_path).returncode == 0
    assert here(*words, "--strict", cwd=tmp_path).returncode == 1
    ended = here("compare", "a", "b", "--strict", cwd=tmp_path)
    assert (ended.returncode, "Add --fail-if-worse" in ended.stderr) == (2, True), "it decides"


def test_json_holds_decision_and_comparison(tmp_path: Path) -> None:
    pair(tmp_path, 0.08)
    told = json.loads(here("compare", "a", "b", "--json", cwd=tmp_path).stdout)
    assert told["decision"]["worse"] == ["plugin/safety"]
    [found] = told["comparison"]["differences"]
    assert np.isclose(found["gap"]["value"], -0.08)
    assert found["pairing"]["paired"] == 600


def test_an_outage_is_not_a_verdict(tmp_path: Path) -> None:
    """Exit 1 says worse: what cannot be compared at all must not."""
    pair(tmp_path, 0.0)
    (tmp_path / "b" / "samples.parquet").write_bytes(b"")
    ended = here("compare", "a", "b", "--fail-if-worse", cwd=tmp_path)
    assert ended.returncode == 2
    assert "samples.parquet" in ended.stderr
    assert here("compare", "a", "gone", "--fail-if-worse", cwd=tmp_path).returncode == 2
