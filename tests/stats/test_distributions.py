"""Quantiles, tails and ranks against scipy.stats, which is too slow to import for a short run."""

from typing import Literal

import numpy as np
import pytest
from scipy import stats

from upright.stats.distributions import (
    binomial_bounds,
    chi_square_p,
    normal_above,
    normal_below,
    normal_quantile,
    ranked,
    sign_test,
    t_quantile,
)
from upright.stats.multiplicity import benjamini_hochberg

CLOSE = 1e-12
CHANCES = (1e-9, 0.01, 0.025, 0.5, 0.8, 0.95, 0.975, 0.9999)


@pytest.mark.parametrize("p", CHANCES)
def test_quantiles(p: float) -> None:
    assert normal_quantile(p) == pytest.approx(stats.norm.ppf(p), rel=CLOSE, abs=CLOSE)
    for freedom in (1, 2, 7.5, 40, 10_000):
        expected = stats.t.ppf(p, freedom)
        assert t_quantile(p, freedom) == pytest.approx(expected, rel=CLOSE, abs=CLOSE)


def test_a_t_without_degrees_of_freedom_has_no_quantile() -> None:
    assert np.isnan(t_quantile(0.975, 0))


@pytest.mark.parametrize("z", [-40.0, -3.0, 0.0, 1e-9, 1.96, 8.5, 37.0])
def test_tails(z: float) -> None:
    assert normal_below(z) == pytest.approx(stats.norm.cdf(z), rel=CLOSE)
    assert normal_above(z) == pytest.approx(stats.norm.sf(z), rel=CLOSE)


@pytest.mark.parametrize("n", [1, 2, 9, 10, 101, 3000])
def test_the_sign_test(n: int) -> None:
    for yes in {0, 1, n // 3, n // 2, (n + 1) // 2, n - 1, n}:
        expected = stats.binomtest(yes, n).pvalue
        assert sign_test(yes, n) == pytest.approx(expected, rel=1e-11, abs=CLOSE)


@pytest.mark.parametrize("n", [1, 10, 997])
def test_exact_bounds_of_a_share(n: int) -> None:
    for k in {0, 1, n // 3, n - 1, n}:
        low, high = binomial_bounds(k, n, 0.95)
        assert low == pytest.approx(stats.beta.ppf(0.025, k, n - k + 1) if k else 0, abs=CLOSE)
        assert high == pytest.approx(stats.beta.ppf(0.975, k + 1, n - k) if k < n else 1, abs=CLOSE)
        found = stats.binomtest(k, n).proportion_ci(0.95, method="exact")
        assert (low, high) == pytest.approx((found.low, found.high), abs=1e-11)  # brentq's own


@pytest.mark.parametrize("yates", [True, False])
@pytest.mark.parametrize(
    "table",
    [[[3, 9], [8, 2]], [[5, 5], [5, 5]], [[10, 11], [10, 10]], [[1, 2, 30], [4, 5, 6]], [[3, 4]]],
)
def test_chi_square(table: list[list[int]], yates: bool) -> None:
    expected = stats.chi2_contingency(np.array(table), correction=yates).pvalue
    assert chi_square_p(table, yates=yates) == pytest.approx(expected, rel=CLOSE, abs=CLOSE)


TIES: tuple[Literal["average", "min"], ...] = ("average", "min")


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("shape", [(0,), (1,), (9,), (4, 7), (3, 5, 2), (3, 0)])
def test_ranks(shape: tuple[int, ...], ties: Literal["average", "min"]) -> None:
    drawn = np.random.default_rng(0)
    for values in (drawn.integers(0, 4, shape), drawn.standard_normal(shape), np.zeros(shape)):
        for axis in range(len(shape)):
            expected = stats.rankdata(values, method=ties, axis=axis)
            np.testing.assert_array_equal(ranked(values, axis, ties), expected)


def test_ranks_of_odd_values() -> None:
    values = np.array([[np.inf, -np.inf, 0.0, -0.0, np.inf], [1.0, np.nan, 2.0, 3.0, 3.0]])
    np.testing.assert_array_equal(ranked(values), stats.rankdata(values, axis=-1))
    np.testing.assert_array_equal(ranked([True, False, True]), [2.5, 1, 2.5])


def test_shares_of_false_alarms() -> None:
    drawn = np.random.default_rng(0).uniform(size=50)
    for p in (drawn, drawn.round(1), drawn[:1], np.zeros(3), np.ones(3)):
        expected = stats.false_discovery_control(p)
        np.testing.assert_allclose(benjamini_hochberg(p), expected, rtol=CLOSE)
    assert len(benjamini_hochberg([])) == 0
