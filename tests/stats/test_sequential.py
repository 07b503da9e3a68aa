"""Confidence sequences: against the paper's formulas, and whether one may really stop anywhere."""

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from upright.stats.intervals import Bounds, Floats, wilson
from upright.stats.sequential import (
    MOST,
    MOST_AIMED,
    Aim,
    Bound,
    Draws,
    empirical_bernstein,
    expected_draws,
    of_rate,
    of_whole,
)

GOAL = np.log(2 / 0.05)
H = 0.05
values = st.lists(st.sampled_from([0.0, 0.25, 1.0]) | st.floats(0, 1), min_size=1, max_size=60)


def drawn(found: list[float] | Floats) -> Draws:
    return Draws(np.array(found, float), np.ones(len(found)), 1)


def single(half_width: float, count: int) -> Aim:
    """For a benchmark of samples that are clusters of their own."""
    return Aim(half_width, count, count)


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
        assert empirical_bernstein(np.array(x)) == pytest.approx((low, high), abs=1e-9)


@given(values, st.booleans())
def test_betting_leaves_out_just_what_a_gambler_got_rich_against(x: list[float], end: bool) -> None:
    """Theorem 3 with equation 26, and section 5 with Kelly's bets, m by m."""
    total, variances = len(x) + 20, variances_before(x)
    bounds = of_whole(drawn(x), single(H, total)) if end else of_rate(drawn(x))
    for m in np.linspace(0.005, 0.995, 34):
        capital, richest = 0.0, 0.0
        for t, (value, variance) in enumerate(zip(x, variances, strict=True), start=1):
            if end:
                mean = (total * m - sum(x[: t - 1])) / (total - t + 1)
                bet, most = H * total / (total - t + 1) / variance, MOST_AIMED
            else:
                mean, bet, most = m, np.sqrt(2 * GOAL / (variance * t * np.log(1 + t))), MOST
            if mean < 0:
                richest = np.inf
                break
            capital += np.log1p(min(bet, most / max(mean, 1e-12)) * (value - mean))
            richest = max(richest, capital)
        if m < bounds.low - 1e-6:
            assert richest >= GOAL or (end and total * m < sum(x) + 1e-6)
        if bounds.low + 1e-6 < m < bounds.high:
            assert richest < GOAL


clusters = st.lists(st.tuples(st.floats(0, 1), st.sampled_from([1, 1, 4])), min_size=2, max_size=40)


@given(clusters)
def test_clusters_of_any_size_are_bet_on_by_what_they_exceed_m_by(
    found: list[tuple[float, int]],
) -> None:
    """Bets of everything that may be staked, m by m: what is left owes what was drawn too much."""
    sums, sizes = np.array([v * s for v, s in found]), np.array([float(s) for _, s in found])
    count = len(found) + 5
    bounds = of_whole(Draws(sums, sizes, 4), Aim(1e6, int(sizes.sum()) + 9, count))
    for m in np.linspace(0.01, 0.99, 15):
        excess, capital, richest = (sums - m * sizes) / 4, 0.0, 0.0
        for t, value in enumerate(excess):
            owed = -float(excess[:t].sum()) / (count - t)  # what the next one is on average
            if m + owed < 0:
                richest = np.inf
                break
            capital += np.log1p(MOST_AIMED / max(m + owed, 1e-12) * (value - owed))
            richest = max(richest, capital)
        if bounds.low + 1e-6 < m < bounds.high:
            assert richest < GOAL
        if sums.sum() / (sizes.sum() + 9) + 1e-6 < m < bounds.low - 1e-6:
            assert richest >= GOAL


@given(values, st.sampled_from(["rate", "aimed", "whole"]))
def test_a_sequence_only_closes_and_mirrors(x: list[float], kind: str) -> None:
    aim = single(H, len(x) + 9)

    def bounds(found: list[float]) -> Bounds:
        if kind == "whole":
            return of_whole(drawn(found), aim)
        return of_rate(drawn(found), aim if kind == "aimed" else None)

    earlier, now, turned = bounds(x[: len(x) // 2]), bounds(x), bounds([1 - v for v in x])
    assert 0 <= now.low <= now.high <= 1
    assert now.high - now.low <= earlier.high - earlier.low + 1e-9
    assert (1 - turned.high, 1 - turned.low) == pytest.approx(now, abs=1e-6)


@given(values)
def test_nothing_is_open_once_all_is_drawn(x: list[float]) -> None:
    bounds = of_whole(drawn(x), single(H, len(x)))
    assert bounds == pytest.approx((np.mean(x), np.mean(x)), abs=1e-6)


def test_nothing_drawn_says_nothing() -> None:
    none = np.array([])
    for bounds in (
        of_rate(drawn([])),
        of_whole(drawn([]), single(H, 9)),
        empirical_bernstein(none),
    ):
        assert bounds == (0.0, 1.0)


def test_clusters_of_one_answer_repeated_say_as_much_as_one() -> None:
    rng = np.random.default_rng(5)
    x = (rng.random(80) < 0.8).astype(float)
    fives = Draws(5 * x, np.full(80, 5.0), 5)
    assert of_rate(fives) == pytest.approx(of_rate(drawn(x)), abs=1e-9)
    assert of_whole(fives, Aim(H, 500, 100)) == pytest.approx(
        of_whole(drawn(x), single(H, 100)), abs=1e-9
    )


def test_no_bet_can_lose_more_than_there_is() -> None:
    """Thirty small clusters without a fault, then the largest, all of it wrong. (A capital below
    zero has no logarithm, and numpy's warning is an error here.)"""
    sums, sizes = np.append(np.ones(30), 0.0), np.append(np.ones(30), 10.0)
    for draws in (Draws(sums, sizes, 10), Draws(sizes - sums, sizes, 10)):
        for bounds in (of_rate(draws), of_whole(draws, Aim(0.4, 60, 40))):
            assert bounds.low <= draws.sums.sum() / 40 <= bounds.high


class Case(NamedTuple):
    """Draws, the truth, and the benchmark's aim where that is the value of all of it."""

    draws: Draws
    truth: float
    aim: Aim | None = None


def finite(rate: float) -> Callable[[np.random.Generator], Case]:
    def case(rng: np.random.Generator) -> Case:
        x = (rng.permutation(300) < round(300 * rate)).astype(float)
        return Case(drawn(x[:260]), float(x.mean()), single(H, 300))

    return case


def unlimited(rate: float) -> Callable[[np.random.Generator], Case]:
    return lambda rng: Case(drawn((rng.random(300) < rate).astype(float)), rate)


def uneven(*, end: bool) -> Callable[[np.random.Generator], Case]:
    """Large clusters are hard ones: means by cluster and means by item are far apart."""

    def case(rng: np.random.Generator) -> Case:
        sizes = rng.choice([1.0, 2.0, 10.0], 150)
        sums = rng.binomial(sizes.astype(int), np.where(sizes > 5, 0.2, 0.9)).astype(float)
        draws = Draws(sums[:110], sizes[:110], 10)
        if end:
            return Case(draws, sums.sum() / sizes.sum(), Aim(H, int(sizes.sum()), 150))
        return Case(draws, (0.9 * 3 + 0.2 * 10) / 13)

    return case


@pytest.mark.parametrize(
    "case",
    [
        finite(0.5),
        finite(0.95),
        unlimited(0.5),
        unlimited(0.9),
        uneven(end=True),
        uneven(end=False),
    ],
)
def test_the_truth_is_never_left_out_in_95_percent_of_runs(
    case: Callable[[np.random.Generator], Case],
) -> None:
    """At no time at all: bounds are intersections over time, so the last ones tell of all."""
    rng, reps = np.random.default_rng(7), 250
    held: Counter[str] = Counter()
    for _ in range(reps):
        draws, truth, aim = case(rng)
        found = {"aimed": of_rate(draws, single(H, 300)), "plug-in": of_rate(draws)}
        if aim:
            found = {"whole": of_whole(draws, aim)}
        if draws.largest == 1:
            found["Bernstein"] = empirical_bernstein(draws.sums, aim and aim.clusters)
        for name, (low, high) in found.items():
            held[name] += low - 1e-9 <= truth <= high + 1e-9
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
    rng, aim = np.random.default_rng(9), single(0.03, 1000)
    for rate in (0.5, 0.8, 0.9):
        x = (rng.permutation(1000) < 1000 * rate).astype(float)
        ends = next(
            n
            for n in range(50, 1001, 10)
            if np.ptp(of_whole(drawn(x[:n]), aim)) / 2 <= aim.half_width
        )
        assert expected_draws(drawn(x), aim) == pytest.approx(ends, rel=0.15)


@pytest.mark.parametrize("rate", [0.02, 0.5, 0.9])
@pytest.mark.parametrize("size", [1, 5])
def test_a_bound_is_seldom_decided_wrongly_whenever_one_looks(rate: float, size: int) -> None:
    """At the worst truth there is, the bound itself: in 5 % of runs at most it is ever left out."""
    rng = np.random.default_rng(5)
    clusters, reps = 200, 400
    bound = Bound(rate, clusters * size, clusters)
    own = rng.beta(rate * 4, (1 - rate) * 4, (reps, clusters)) if size > 1 else rate
    sums = rng.binomial(size, own, (reps, clusters)).astype(float)
    sizes = np.full(clusters, float(size))
    wrong = sum(
        not low <= rate <= high
        for low, high in (of_rate(Draws(one, sizes, size), bound) for one in sums)
    )
    assert wrong / reps <= 0.05 + 2 * (0.05 * 0.95 / reps) ** 0.5


def test_bets_made_for_a_bound_decide_it_sooner_than_those_without_an_aim() -> None:
    rng = np.random.default_rng(6)
    wide, aimed = 0.0, 0.0
    for x in (rng.random((100, 400)) < 0.8).astype(float):
        wide += of_rate(drawn(x[:120])).high < 0.9
        aimed += of_rate(drawn(x[:120]), Bound(0.9, 400, 400)).high < 0.9
    assert aimed > 1.3 * wide


def test_how_long_a_bound_takes_is_foreseen() -> None:
    """Not at all where the mean is the bound; roughly four times as long at half the distance."""
    x = drawn([1.0] * 80 + [0.0] * 20)
    far, near, on = (expected_draws(x, Bound(at, 5000, 5000)) for at in (0.6, 0.7, 0.797))
    assert 3 < near / far < 5
    assert on == 5000
