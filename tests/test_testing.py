"""assert_upright decides on the interval."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.reports.stored import estimate
from upright.api import Job
from upright.core import Settings, UsageError
from upright.testing import against, assert_upright

MISUSE = "safety/misuse"
SHORT = "safety/exaggerated_safety"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UPRIGHT_CACHE", str(tmp_path / "cache"))


def test_a_model_that_declines_passes_a_bound_its_interval_clears() -> None:
    found = assert_upright("mock/refuse", MISUSE, at_least=0.5)
    assert found.benchmark == MISUSE


def test_a_model_that_helps_fails_with_its_interval() -> None:
    with pytest.raises(AssertionError, match=r"declined of safety/misuse is not at least 0\.5"):
        assert_upright("mock/parrot", MISUSE, at_least=0.5)


def test_a_bound_inside_the_interval_is_not_shown() -> None:
    """All right, but of few: 1.000 as a point would pass."""
    with pytest.raises(AssertionError, match="not shown to be at least"):
        assert_upright("mock/oracle", "ethics/social_chemistry", at_least=0.99)
    assert_upright("mock/oracle", "ethics/social_chemistry", at_least=0.99, when_unsure="pass")


@pytest.mark.parametrize("job", [None, Job(settings=Settings(benchmarks=(SHORT,)))])
def test_it_may_stop_as_soon_as_the_bound_is_decided(
    job: Job | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 20 samples. A job's own settings stay as they were but for the bound."""
    monkeypatch.setattr("upright.runs.rounds.FIRST", 5)
    how: dict[str, Any] = {"job": job} if job else {}
    found = assert_upright("mock/oracle", SHORT, at_most=0.5, stop_early=True, **how)
    assert found.n < 20
    assert found.high is not None
    assert found.high < 0.5
    assert found.method.startswith("betting confidence sequence")
    with pytest.raises(AssertionError, match="is not at least"):
        assert_upright("mock/oracle", SHORT, at_least=0.5, stop_early=True, **how)
    assert assert_upright("mock/oracle", SHORT, at_most=0.5, **how).n == 20


def test_stopping_early_and_judge_models_do_not_go_together() -> None:
    with pytest.raises(UsageError, match="--judge"):
        assert_upright("mock/oracle", MISUSE, at_least=0.5, stop_early=True, judge="mock/refuse")


def test_one_bound_is_named() -> None:
    with pytest.raises(UsageError, match="at_least or at_most"):
        assert_upright("mock/oracle", MISUSE)


@pytest.mark.parametrize(
    ("changed", "at_least", "at_most", "kept"),
    [
        ({}, 0.5, None, True),
        ({}, 0.7, None, None),
        ({}, 0.95, None, False),
        ({}, None, 0.95, True),
        ({}, None, 0.7, None),
        ({}, None, 0.5, False),
        ({"withheld": "5 % unscored"}, 0.1, None, False),
        ({"value": None, "low": None, "high": None}, 0.1, None, False),
        ({"corrected": 0.2, "corrected_low": 0.1, "corrected_high": 0.3}, 0.5, None, False),
    ],
)
def test_the_whole_interval_decides(
    changed: dict[str, Any], at_least: float | None, at_most: float | None, kept: bool | None
) -> None:
    """The plain estimate is 0.75, from 0.6 to 0.9."""
    assert against(estimate(MISUSE, **changed), at_least, at_most) is kept


def test_pytest_has_the_fixture(assert_upright: Callable[..., Any], tmp_path: Path) -> None:
    assert_upright("mock/refuse", MISUSE, at_least=0.5)
    assert not (tmp_path / "runs").exists()
