"""Means of real numbers, exact intervals, and the coverage of all that are closed forms."""

import runpy
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, ttest_1samp

from upright.stats.intervals import clopper_pearson
from upright.stats.means import clustered_mean

PERF = Path(__file__).parents[2] / "perf"
NUMBERS = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=40)


def script(name: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setattr(sys, "path", [str(PERF), *sys.path])
    return runpy.run_path(str(PERF / name))


@given(st.integers(1, 300), st.data())
def test_clopper_pearson_is_exact_and_outside_wilson(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    found = clopper_pearson(k, n)
    expected = binomtest(k, n).proportion_ci(method="exact")
    # scipy looks for the root, we have it in closed form.
    assert tuple(found) == pytest.approx((expected.low, expected.high), abs=1e-11)
    if found.low > 0:
        assert binomtest(k, n, found.low, alternative="greater").pvalue == pytest.approx(0.025)


def test_clopper_pearson_of_nothing_in_ten() -> None:
    """1 - 0.025^(1/10), the textbook's bound for 0 of 10."""
    assert clopper_pearson(0, 10) == pytest.approx((0.0, 1 - 0.025**0.1))


@given(NUMBERS)
def test_alone_it_is_the_one_sample_t_interval(numbers: list[float]) -> None:
    found = clustered_mean(np.array(numbers), [str(i) for i in range(len(numbers))])
    if np.ptp(numbers) < 1e-6:
        return
    expected = ttest_1samp(numbers, 0.0).confidence_interval()
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=1e-6)


def test_equal_clusters_are_the_t_interval_of_their_means() -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(3, 2, (12, 5)) + rng.normal(0, 2, (12, 1))
    found = clustered_mean(values.ravel(), np.repeat(np.arange(12).astype(str), 5).tolist())
    expected = ttest_1samp(values.mean(axis=1), 0.0).confidence_interval()
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize(
    ("values", "clusters", "why"),
    [
        ([], [], "nothing"),
        ([1.0, 2.0], ["a", "a"], "one cluster"),
        ([3.0, 3.0], ["a", "b"], "no spread"),
        ([1.0, 3.0, 1.0, 3.0], ["a", "a", "b", "b"], "no spread"),
    ],
)
def test_without_spread_there_is_no_interval(
    values: list[float], clusters: list[str], why: str
) -> None:
    found = clustered_mean(np.array(values), clusters)
    assert found.value is found.low is found.high is None
    assert why in found.method


CELLS = [
    ("Wilson, clustered", [(50, 1), (200, 5)]),
    ("the same, rate 0.97", [(200, 5)]),
    ("`clustered_mean`", [(50, 1), (200, 5)]),
    ("`paired_difference`", [(200, 1), (200, 5)]),
    ("AURC", [(200, 1), (200, 5)]),
]


def test_intervals_cover(monkeypatch: pytest.MonkeyPatch) -> None:
    coverage = script("coverage.py", monkeypatch)
    cases = coverage["cases"]()
    for start, cells in CELLS:
        case = next(c for c in cases if c.name.startswith(start))
        for n, size in cells:
            found = coverage["covered"](case, n, size, 700)
            assert 0.93 <= found <= 0.975, f"{case.name}, {n} in clusters of {size}: {found}"


def test_an_interval_not_told_of_clusters_does_not_cover(monkeypatch: pytest.MonkeyPatch) -> None:
    coverage = script("coverage.py", monkeypatch)
    case = next(c for c in coverage["cases"]() if not c.told)
    assert coverage["covered"](case, 200, 5, 1000) < 0.88


def test_a_gate_fails_a_planted_drop_and_hardly_ever_an_equal_model(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate = script("gate.py", monkeypatch)
    equal, worse = (gate["simulate"](500, drop, 300) for drop in (0.0, 0.04))
    for false in equal[:-1]:
        assert false <= 0.05
    assert worse.interval > 0.65
    assert worse.exact > worse.unpaired + 0.3
    paired, apart = gate["same_items"]()
    assert paired == pytest.approx(0.008, abs=0.0005)
    assert apart == pytest.approx(0.080, abs=0.002)
