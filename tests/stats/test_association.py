"""Correlations, contrasts and the number of independent things, against scipy and closed forms."""

from math import atanh, sqrt, tanh

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from upright.stats.association import (
    correlation_matrix,
    independent_things,
    matrix_p,
    participation_ratio,
    pearson,
    spearman,
    unrelated_things,
)
from upright.stats.contrast import contrast
from upright.stats.intervals import Floats


def noise(rows: int, columns: int = 1, seed: int = 0) -> Floats:
    drawn: Floats = np.random.default_rng(seed).standard_normal((rows, columns))
    return drawn


@settings(max_examples=25, deadline=None)
@given(st.integers(5, 20), st.integers(0, 1000))
def test_values_are_scipys(n: int, seed: int) -> None:
    x, y = noise(n, 2, seed).round(1).T
    assert spearman(x, y).value == pytest.approx(scipy.stats.spearmanr(x, y).statistic)
    assert pearson(x, y).value == pytest.approx(scipy.stats.pearsonr(x, y).statistic)


def test_few_models_get_the_exact_permutation_p() -> None:
    x, y = noise(6, 2, seed=3).T

    def statistic(a: Floats) -> float:
        return float(scipy.stats.spearmanr(a, y).statistic)

    theirs = scipy.stats.permutation_test(
        [x], statistic, permutation_type="pairings", n_resamples=10**6, alternative="two-sided"
    )
    ours = spearman(x, y)
    assert ours.p == pytest.approx(theirs.pvalue)
    assert "exact" in ours.method


def test_more_models_get_a_p_near_the_asymptotic_one() -> None:
    x = noise(40)[:, 0]
    y = x + 2 * noise(40, seed=1)[:, 0]
    found = spearman(x, y)
    assert found.p == pytest.approx(scipy.stats.spearmanr(x, y).pvalue, abs=0.01)
    assert found == spearman(x, y), "the same seed, the same p"


def test_intervals_in_closed_form() -> None:
    """Fisher's for Pearson, as scipy has it; Bonett and Wright's widens it for ranks."""
    x, y = noise(30, 2, seed=2).T
    linear, ranked = pearson(x, y), spearman(x, y)
    theirs = scipy.stats.pearsonr(x, y).confidence_interval()
    assert (linear.low, linear.high) == pytest.approx((theirs.low, theirs.high))
    assert ranked.value is not None
    half = 1.959964 * sqrt((1 + ranked.value**2 / 2) / 27)
    ends = tanh(atanh(ranked.value) - half), tanh(atanh(ranked.value) + half)
    assert (ranked.low, ranked.high) == pytest.approx(ends, abs=1e-6)


def test_perfect_agreement_leaves_something_open() -> None:
    for n in (4, 16):
        found = spearman(np.arange(n, dtype=float), np.arange(n, dtype=float))
        assert found.value == found.high == 1
        assert found.low is not None
        assert found.low < 1


def test_what_cannot_be_correlated_says_so() -> None:
    flat = spearman(np.ones(5), np.arange(5.0))
    assert flat.value is None
    assert "same value" in flat.method
    assert spearman(np.arange(2.0), np.arange(2.0)).value is None
    assert spearman(np.arange(3.0), np.arange(3.0)).low is None


def test_coverage_of_the_rank_interval() -> None:
    """The interval holds the true rank correlation of a normal pair in about 95 % of samples."""
    rho, n, generator = 0.6, 16, np.random.default_rng(5)
    true = 6 / np.pi * np.arcsin(rho / 2)
    held = 0
    for _ in range(300):
        x = generator.standard_normal(n)
        y = rho * x + sqrt(1 - rho**2) * generator.standard_normal(n)
        a, b = scipy.stats.rankdata(x), scipy.stats.rankdata(y)
        value = float(np.corrcoef(a, b)[0, 1])
        half = 1.96 * sqrt((1 + value**2 / 2) / (n - 3))
        held += abs(atanh(value) - atanh(true)) <= half
    assert 0.91 <= held / 300 <= 0.99


def test_the_matrix_is_pairwise_and_so_are_its_p() -> None:
    table = noise(12, 4, seed=7)
    matrix, p = correlation_matrix(table), matrix_p(table)
    pair = spearman(table[:, 0], table[:, 1])
    assert matrix[0, 1] == matrix[1, 0] == pytest.approx(pair.value)
    assert p[0, 1] == p[1, 0] == pytest.approx(pair.p, abs=0.02)
    assert np.allclose(np.diag(matrix), 1)


@given(st.integers(1, 12))
def test_participation_ratio_counts_blocks(k: int) -> None:
    assert participation_ratio(np.eye(k)) == pytest.approx(k)
    assert participation_ratio(np.ones((k, k))) == pytest.approx(1)
    blocks: Floats = np.kron(np.eye(k), np.ones((3, 3))).astype(float)
    assert participation_ratio(blocks) == pytest.approx(k)


def test_how_many_things() -> None:
    """Three factors behind nine columns count as about three; noise as what chance leaves."""
    factors = noise(200, 3, seed=1)
    nine = np.repeat(factors, 3, axis=1)
    found = independent_things(nine)
    assert found.value == pytest.approx(3, abs=0.1)
    assert found.low is not None
    assert found.high is not None
    assert found.low <= 3 <= found.high + 0.05
    few = noise(16, 9, seed=2)
    value = independent_things(few).value
    assert value is not None
    assert abs(value - unrelated_things(few)) < 1.5
    assert unrelated_things(nine) > 8.5


def test_contrast_is_scipys_permutation_test() -> None:
    first, second = noise(4, seed=4)[:, 0] + 1, noise(8, seed=5)[:, 0]

    def difference(a: Floats, b: Floats, axis: int) -> Floats:
        apart: Floats = np.abs(a.mean(axis=axis) - b.mean(axis=axis))
        return apart

    # Absolute values: scipy's two-sided test doubles the smaller tail instead.
    theirs = scipy.stats.permutation_test(
        [first, second],
        difference,
        vectorized=True,
        n_resamples=10**6,
        alternative="greater",
    )
    found = contrast(first, second)
    assert found.p == pytest.approx(theirs.pvalue)
    assert found.value == pytest.approx(first.mean() - second.mean())


def test_contrast_ends_are_where_the_test_turns() -> None:
    first, second = noise(5, seed=6)[:, 0] + 2, noise(9, seed=7)[:, 0]
    found = contrast(first, second)
    assert found.low is not None
    assert found.high is not None
    for end, inward in ((found.low, 0.02), (found.high, -0.02)):
        inside = contrast(first - end - inward, second).p
        outside = contrast(first - end + inward, second).p
        assert inside is not None
        assert outside is not None
        assert outside <= 0.05 < inside


def test_contrast_moves_with_a_shift_and_turns_with_the_groups() -> None:
    first, second = noise(6, seed=8)[:, 0], noise(7, seed=9)[:, 0]
    plain, moved, turned = (
        contrast(first, second),
        contrast(first + 3, second),
        contrast(second, first),
    )
    assert plain.low is not None
    assert plain.high is not None
    assert (moved.low, moved.high) == pytest.approx((plain.low + 3, plain.high + 3), abs=1e-6)
    assert (turned.low, turned.high) == pytest.approx((-plain.high, -plain.low), abs=1e-6)


def test_too_few_models_have_no_interval() -> None:
    found = contrast(np.array([1.0]), np.array([0.0, 0.2]))
    assert found.value == pytest.approx(0.9)
    assert found.low is None
    assert "too few" in found.method
    assert contrast(np.array([]), np.array([1.0])).value is None


def test_models_that_hardly_differ_have_no_bootstrap_interval() -> None:
    """In each column one model stands apart: most draws miss one of the three."""
    table = np.zeros((4, 3))
    table[[0, 1, 2], [0, 1, 2]] = 1
    found = independent_things(table)
    assert found.value is not None
    assert found.low is None
    assert "too few" in found.method
