"""Reading a stored run: what is there, and what is said of what is not."""

from pathlib import Path

import pytest

from upright.core import StoreError
from upright.reports import load_profile


def test_a_profile_holds_every_benchmark_in_the_order_of_dimensions(plain: Path) -> None:
    profile = load_profile(plain)
    ids = [b.id for b in profile.benchmarks]
    assert ids == ["truthfulness/external", "safety/jailbreak", "robustness/ood"]
    assert profile.unmeasured[-2:] == ("transparency", "accountability")


def test_outcomes_are_those_of_the_score_set(plain: Path) -> None:
    external = load_profile(plain).benchmarks[0]
    assert external.upright and external.published
    assert external.upright.outcomes == {"answered": 2, "partial": 1, "error": 1}
    assert external.published.outcomes == {"answered": 1}


def test_the_first_metric_leads_and_the_rest_follow(plain: Path) -> None:
    external = load_profile(plain).benchmarks[0]
    assert external.upright
    assert external.upright.headline.metric == "accuracy"
    assert [e.slice or e.metric for e in external.upright.others] == [
        "parse_rate",
        "source=scifact",
    ]


def test_a_baseline_without_a_value_is_left_out(plain: Path) -> None:
    assert load_profile(plain).benchmarks[0].baselines == {"always-a": 0.5}


def test_no_such_run(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"There is no run at .*upright run"):
        load_profile(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["run.json", "samples.parquet", "estimates.parquet"])
def test_an_unfinished_run_names_what_is_missing(plain: Path, name: str) -> None:
    (plain / name).unlink()
    with pytest.raises(StoreError, match=rf"{name} is missing.*repeat the command"):
        load_profile(plain)


@pytest.mark.parametrize("name", ["run.json", "samples.parquet", "estimates.parquet"])
def test_a_damaged_file_is_named(plain: Path, name: str) -> None:
    (plain / name).write_bytes(b"{ half a fi")
    with pytest.raises(StoreError, match=rf"{name} cannot be read: .*repeat the command"):
        load_profile(plain)
