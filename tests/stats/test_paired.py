"""Paired and unpaired comparisons: worked examples, brute force, and what they must never do."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, norm, permutation_test

from upright.stats.intervals import Floats
from upright.stats.paired import mcnemar, paired_difference, paired_test, permutation
from upright.stats.unpaired import unpaired_difference, unpaired_test

PAIRS = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=80)
GRADES = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=40)


def alone(n: int) -> list[str]:
    return [str(i) for i in range(n)]


def table(both: int, lost: int, gained: int, neither: int) -> tuple[Floats, Floats]:
    a = np.repeat([1.0, 1.0, 0.0, 0.0], [both, lost, gained, neither])
    b = np.repeat([1.0, 0.0, 1.0, 0.0], [both, lost, gained, neither])
    return a, b


def test_mcnemar_of_agrestis_approval_of_the_prime_minister() -> None:
    """Agresti, Categorical Data Analysis, table 11.1: 794, 150, 86, 570; z^2 = 17.36."""
    a, b = table(794, 150, 86, 570)
    assert mcnemar(a, b) == pytest.approx(2 * norm.sf(17.36**0.5), rel=0.3)
    found = paired_difference(a, b, alone(1600))
    assert found.value == pytest.approx(-0.04)
    assert (found.low, found.high) == pytest.approx((-0.059, -0.021), abs=0.0005)


@given(PAIRS)
def test_mcnemar_is_the_sign_test_of_the_discordant(pairs: list[tuple[bool, bool]]) -> None:
    a, b = (np.array(side, float) for side in zip(*pairs, strict=True))
    gained, lost = int(np.sum(b > a)), int(np.sum(a > b))
    n, k = gained + lost, min(gained, lost)
    tail = (
        sum(len(list(itertools.combinations(range(n), i))) for i in range(k + 1)) if n < 13 else 0
    )
    if n < 13:
        assert mcnemar(a, b) == pytest.approx(min(1.0, 2 * tail / 2**n))
    assert mcnemar(a, b) == pytest.approx(mcnemar(b, a))


@given(PAIRS)
def test_the_interval_is_bonett_and_prices(pairs: list[tuple[bool, bool]]) -> None:
    a, b = (np.array(side, float) for side in zip(*pairs, strict=True))
    n = len(a)
    up, down = (float(np.sum(b > a)) + 1) / (n + 2), (float(np.sum(a > b)) + 1) / (n + 2)
    half = norm.ppf(0.975) * np.sqrt((up + down - (up - down) ** 2) / (n + 2))
    found = paired_difference(a, b, alone(n))
    value = float(b.mean() - a.mean())
    low, high = max(up - down - half, -1.0), min(up - down + half, 1.0)
    assert (found.low, found.high) == pytest.approx((min(low, value), max(high, value)))


@given(GRADES, st.integers(1, 6))
def test_intervals_hold_their_value_have_width_and_turn_with_the_sides(
    grades: list[tuple[float, float]], size: int
) -> None:
    a, b = (np.array(side) for side in zip(*grades, strict=True))
    names = [str(i // size) for i in range(len(a))]
    there, back = paired_difference(a, b, names), paired_difference(b, a, names)
    assert there.low is not None and there.high is not None and there.value is not None
    assert back.low is not None and back.high is not None
    assert -1 <= there.low <= there.value <= there.high <= 1
    assert there.high > there.low
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))


def test_no_difference_at_all_still_leaves_room_and_fewer_clusters_more() -> None:
    same = np.ones(40)
    plain = paired_difference(same, same, alone(40))
    tied = paired_difference(same, same, [str(i // 10) for i in range(40)])
    assert plain.low is not None and plain.high is not None and tied.low is not None
    assert plain.low < -0.05 < 0.05 < plain.high
    assert tied.low < plain.low
    assert mcnemar(same, same) == 1.0
    assert paired_difference(same[:0], same[:0], []).value is None


def test_repeated_samples_count_once() -> None:
    """Every answer five times over is worth no more than once."""
    a, b = table(60, 14, 4, 22)
    names = alone(100)
    once = paired_difference(a, b, names)
    often = paired_difference(np.repeat(a, 5), np.repeat(b, 5), np.repeat(names, 5).tolist())
    assert once.low is not None and often.low is not None
    assert often.low == pytest.approx(once.low, abs=0.005)
    tied = paired_test(np.repeat(a, 5), np.repeat(b, 5), np.repeat(names, 5).tolist())
    assert tied.p == pytest.approx(mcnemar(a, b), abs=0.01)


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=9), st.integers(1, 3))
def test_permutation_enumerates_every_sign(differences: list[int], size: int) -> None:
    names = [str(i // size) for i in range(len(differences))]
    sums = [sum(differences[i : i + size]) for i in range(0, len(differences), size)]
    every = [
        abs(sum(s * x for s, x in zip(signs, sums, strict=True)))
        for signs in itertools.product((-1, 1), repeat=len(sums))
    ]
    found = permutation(np.array(differences, float) / 10, names)
    assert found.p == pytest.approx(np.mean(np.array(every) >= abs(sum(sums))))
    assert found.method.endswith("exact")


def test_permutation_agrees_with_scipy_and_with_its_own_approximation() -> None:
    rng = np.random.default_rng(5)
    d = rng.normal(0.08, 0.5, 60)
    expected = permutation_test(
        (d,), np.sum, permutation_type="samples", n_resamples=20_000, rng=rng
    ).pvalue
    found = permutation(d, alone(60))
    assert found.method == "permutation of clusters, 10,000 draws"
    assert found.p == pytest.approx(expected, abs=0.015)
    assert permutation(d, alone(60)) == found, "seeded"
    many = rng.normal(0.01, 0.3, 1900)
    drawn, normal = permutation(many, alone(1900)), permutation(np.tile(many, 3), alone(5700))
    assert normal.method.endswith("normal approximation")
    z = abs(many.sum()) / np.sqrt(many @ many)
    assert drawn.p == pytest.approx(2 * norm.sf(z), abs=0.015)
    assert normal.p == pytest.approx(2 * norm.sf(z * 3**0.5), abs=1e-6)


def test_the_test_that_fits_is_picked() -> None:
    a, b = table(30, 9, 3, 18)
    assert paired_test(a, b, alone(60)).method == "McNemar, exact"
    assert paired_test(a, b, alone(60)).p == mcnemar(a, b)
    assert paired_test(a, b, [str(i // 2) for i in range(60)]).method.startswith("permutation")
    assert paired_test(a * 0.7, b, alone(60)).method.startswith("permutation")


def test_unpaired_is_newcombes_interval_and_pearsons_chi_squared() -> None:
    """Newcombe 1998 (Stat. Med. 17), method 10: 56/70 - 48/80 is 0.2 (0.0524 to 0.3339)."""
    a, b = np.repeat([1.0, 0.0], [48, 32]), np.repeat([1.0, 0.0], [56, 14])
    found = unpaired_difference(a, alone(80), b, alone(70))
    assert (found.value, found.low, found.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    expected = chi2_contingency([[48, 32], [56, 14]], correction=False).pvalue
    assert unpaired_test(a, alone(80), b, alone(70)).p == pytest.approx(expected)
    assert unpaired_test(np.ones(5), alone(5), np.ones(5), alone(5)).p == 1.0
    assert unpaired_difference(a[:0], [], b, alone(70)).value is None


@pytest.mark.parametrize("size", [1, 3, 20_000])
def test_a_hundred_thousand_samples_in_clusters_of_any_size(size: int) -> None:
    rng = np.random.default_rng(6)
    names = [str(i // size) for i in range(100_000)]
    a, b = (rng.random(100_000) < 0.8).astype(float), rng.random(100_000)
    found = paired_difference(a, b, names)
    assert found.value == pytest.approx(float(np.mean(b - a)))
    assert found.low is not None and found.high is not None
    assert -1 <= found.low < -0.3 < found.high < 0 if size < 20_000 else found.low < -0.3
    # Five clusters that all fell: two of 2^5 signs are as far out, and no p can be smaller.
    assert paired_test(a, b, names).p == (
        pytest.approx(2 / 32) if size == 20_000 else pytest.approx(0, abs=1e-3)
    )


def test_a_larger_difference_than_any_seen_may_be_allowed_for() -> None:
    """Small differences of numbers that could have been 1 apart."""
    a, b = np.zeros(50), np.full(50, 0.01)
    plain, wide = (paired_difference(a, b, alone(50), largest=largest) for largest in (0.0, 1.0))
    assert plain.value == wide.value
    assert plain.low is not None and wide.low is not None
    assert plain.low > 0 > wide.low
