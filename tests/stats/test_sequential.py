"""Confidence sequences: against the paper's formulas, and whether one may really stop anywhere."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from upright.stats.intervals import Floats, wilson
from upright.stats.sequential import (
    MOST,
    Aim,
    Draws,
    betting,
    empirical_bernstein,
    expected_draws,
)

GOAL = np.log(2 / 0.05)
AIM = Aim(0.05, 200)
values = st.lists(st.sampled_from([0.0, 0.25, 1.0]) | st.floats(0, 1), min_size=1, max_size=60)


def drawn(found: list[float] | Floats, total: float | None = None) -> Draws:
    return Draws(np.array(found, float), np.ones(len(found)), total)


def variances_before(x: list[float]) -> list[float]:
    """As the paper writes them, one by one."""
    out, squares = [0.25], 0.25
    for t in range(1, len(x)):
        mean = (0.5 + sum(x[:t])) / (t + 1)
        squares += (x[t - 1] - mean) ** 2
        out.append(squares / (t + 1))
    return out


@given(values)
def test_bernstein_is_the_formula_of_theorem_2(x: list[float]) -> None:
    low, high, centre, weight, paid = 0.0, 1.0, 0.0, 0.0, 0.0
    for t, (value, variance) in enumerate(zip(x, variances_before(x), strict=True), start=1):
        bet = min(np.sqrt(2 * GOAL / (variance * t * np.log(1 + t))), MOST)
        before = (0.5 + sum(x[: t - 1])) / t
        paid += 4 * (value - before) ** 2 * (-np.log(1 - bet) - bet) / 4
        centre, weight = centre + bet * value, weight + bet
        low = max(low, (centre - GOAL - paid) / weight)
        high = min(high, (centre + GOAL + paid) / weight)
    if low <= high:
        assert empirical_bernstein(drawn(x)) == pytest.approx((low, high), abs=1e-9)


@given(values, st.integers(0, 40))
def test_betting_leaves_out_just_what_a_gambler_got_rich_against(x: list[float], more: int) -> None:
    """Equation 26 and Theorem 3, without replacement as in section 5, m by m."""
    total = len(x) + more
    bounds = betting(drawn(x, total))
    for m in np.linspace(0.005, 0.995, 34):
        capital, richest = 0.0, 0.0
        for t, (value, variance) in enumerate(zip(x, variances_before(x), strict=True), start=1):
            mean = (total * m - sum(x[: t - 1])) / (total - t + 1)
            if mean < 0:
                richest = np.inf
                break
            bet = np.sqrt(2 * GOAL / (variance * t * np.log(1 + t)))
            capital += np.log1p(min(bet, MOST / max(mean, 1e-12)) * (value - mean))
            richest = max(richest, capital)
        if m < bounds.low - 1e-6:
            assert richest >= GOAL or total * m < sum(x) + 1e-6
        if bounds.low + 1e-6 < m < bounds.high:
            assert richest < GOAL


@given(values, st.integers(0, 40), st.sampled_from([None, AIM]))
def test_a_sequence_only_closes_and_mirrors(x: list[float], more: int, aim: Aim | None) -> None:
    for total in (None, float(len(x) + more)):
        earlier = betting(drawn(x[: len(x) // 2], total), aim)
        now = betting(drawn(x, total), aim)
        turned = betting(drawn([1 - v for v in x], total), aim)
        assert 0 <= now.low <= now.high <= 1
        assert now.high - now.low <= earlier.high - earlier.low + 1e-9
        assert (1 - turned.high, 1 - turned.low) == pytest.approx(now, abs=1e-6)


@given(values)
def test_nothing_is_open_once_all_is_drawn(x: list[float]) -> None:
    for bounds in (betting(drawn(x, len(x)), AIM), empirical_bernstein(drawn(x, len(x)))):
        assert bounds == pytest.approx((np.mean(x), np.mean(x)), abs=1e-6)


def test_nothing_drawn_says_nothing() -> None:
    assert betting(drawn([])) == empirical_bernstein(drawn([])) == (0.0, 1.0)


def by_size(means: Floats, sizes: Floats, rng: np.random.Generator) -> Draws:
    """All clusters of a benchmark, drawn in proportion to their sizes."""
    order = np.argsort(rng.exponential(size=len(sizes)) / sizes)
    return Draws(means[order], sizes[order], float(sizes.sum()))


def finite(rate: float) -> Callable[[np.random.Generator], tuple[Draws, float]]:
    def case(rng: np.random.Generator) -> tuple[Draws, float]:
        x = (rng.permutation(300) < round(300 * rate)).astype(float)
        return drawn(x[:260], 300), float(x.mean())

    return case


def unlimited(rate: float) -> Callable[[np.random.Generator], tuple[Draws, float]]:
    return lambda rng: (drawn((rng.random(300) < rate).astype(float)), rate)


def uneven(rng: np.random.Generator) -> tuple[Draws, float]:
    """Large clusters are hard ones: means by cluster and means by item are far apart."""
    sizes = rng.choice([1.0, 2.0, 10.0], 150)
    means = rng.binomial(sizes.astype(int), np.where(sizes > 5, 0.2, 0.9)) / sizes
    draws = by_size(means, sizes, rng)
    part = Draws(draws.values[:110], draws.sizes[:110], draws.total)
    return part, float(np.average(means, weights=sizes))


@pytest.mark.parametrize(
    "case", [finite(0.5), finite(0.95), unlimited(0.5), unlimited(0.9), uneven]
)
@pytest.mark.parametrize("aim", [None, AIM])
def test_the_truth_is_never_left_out_in_95_percent_of_runs(
    case: Callable[[np.random.Generator], tuple[Draws, float]], aim: Aim | None
) -> None:
    """At no time at all: bounds are intersections over time, so the last ones tell of all."""
    rng, reps = np.random.default_rng(7), 250
    held = {betting: 0, empirical_bernstein: 0}
    for _ in range(reps):
        draws, truth = case(rng)
        low, high = betting(draws, aim)
        held[betting] += low - 1e-9 <= truth <= high + 1e-9
        low, high = empirical_bernstein(draws)
        held[empirical_bernstein] += low - 1e-9 <= truth <= high + 1e-9
    # 0.95 less two Monte-Carlo errors of 250 runs
    assert min(held.values()) / reps >= 0.95 - 2 * np.sqrt(0.95 * 0.05 / reps), held


def test_an_interval_for_a_fixed_number_does_not_survive_looking() -> None:
    rng = np.random.default_rng(8)
    held = 0
    for _ in range(200):
        means = np.cumsum(rng.random(300) < 0.5) / np.arange(1, 301)
        looks = [wilson(float(means[n - 1]), n) for n in range(20, 301, 5)]
        held += all(low <= 0.5 <= high for low, high in looks)
    assert held / 200 < 0.85


def test_the_expected_end_is_about_where_it_ends() -> None:
    rng, aim = np.random.default_rng(9), Aim(0.03, 1000)
    for rate in (0.5, 0.8, 0.9):
        x = (rng.permutation(1000) < 1000 * rate).astype(float)
        ends = next(
            n
            for n in range(50, 1001, 10)
            if np.ptp(betting(drawn(x[:n], 1000), aim)) / 2 <= aim.half_width
        )
        assert expected_draws(drawn(x), aim) == pytest.approx(ends, rel=0.15)
