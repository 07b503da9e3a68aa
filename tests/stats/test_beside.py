"""Confidence sequences beside a reference: valid whatever it is worth, shorter where it is good."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from upright.stats.intervals import Floats, proportion, wilson, worth
from upright.stats.sequential import (
    MOST_BESIDE,
    TRUST,
    Aim,
    Beside,
    Draws,
    estimate_of_whole,
    expected_draws,
    of_whole,
)

H = 0.05
GOAL = np.log(2 / 0.05)
answers = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=50)


def beside(sums: Floats, sizes: Floats, theirs: Floats, drawn: int) -> Draws:
    """The first clusters of a benchmark, with a reference's sums on all of them."""
    excess = theirs - sizes * theirs.sum() / sizes.sum()
    square = float(np.mean(excess**2))
    found = Beside(excess[:drawn], float(excess.min()), float(excess.max()), square)
    return Draws(sums[:drawn], sizes[:drawn], float(sizes.max()), found)


def single(y: Floats, x: Floats, drawn: int) -> Draws:
    return beside(y, np.ones(len(y)), x, drawn)


def aim_of(count: int, half_width: float = H) -> Aim:
    return Aim(half_width, count, count)


@given(answers, st.floats(0.2, 1))
def test_it_leaves_out_just_what_a_gambler_got_rich_against(
    found: list[tuple[float, float]], part: float
) -> None:
    """Section 5 with the reference's share taken off each draw, m by m and one by one."""
    y, x = (np.array(values) for values in zip(*found, strict=True))
    total, drawn = len(y), max(1, int(part * len(y)))
    bounds = of_whole(single(y, x, drawn), aim_of(total))
    excess = x - x.mean()
    trust, squares, shares = TRUST * float(np.mean(excess**2)), 0.25, list[float]()
    bets = []
    for t in range(drawn):
        seen, off = y[:t], excess[:t]
        shown = float((off * (seen - seen.mean())).sum()) if t else 0.0
        there = float((off * (off - off.mean())).sum()) if t else 0.0
        shares.append(min(max((trust + shown) / (trust + there), 0), 1) if trust else 0.0)
        if t:
            less = y[:t] - np.array(shares[:t]) * off
            squares += (less[-1] - (0.5 + less.sum()) / (t + 1)) ** 2
        kelly = H / (squares / (t + 1))
        bets.append(kelly / np.sqrt(1 + kelly**2) * total / (total - t))
    for m in np.linspace(0.01, 0.99, 12):
        capital, richest = 0.0, 0.0
        for t in range(drawn):
            left, share = total - t, shares[t]
            mean = (total * m - y[:t].sum()) / left
            made_up = excess[:t].sum() / left
            stake = mean + share * (excess.max() + made_up)
            if stake < 0:
                richest = np.inf
                break
            gain = y[t] - mean - share * (excess[t] + made_up)
            capital += np.log1p(min(bets[t], MOST_BESIDE / max(stake, 1e-12)) * gain)
            richest = max(richest, capital)
        if bounds.low + 1e-6 < m < bounds.high - 1e-6:
            assert richest < GOAL + 1e-6
        if y[:drawn].sum() / total + 1e-6 < m < bounds.low - 1e-6:
            assert richest >= GOAL - 1e-6


@given(answers)
def test_it_only_closes_and_mirrors(found: list[tuple[float, float]]) -> None:
    y, x = (np.array(values) for values in zip(*found, strict=True))
    aim = aim_of(len(y))
    earlier = of_whole(single(y, x, len(y) // 2), aim)
    now = of_whole(single(y, x, len(y)), aim)
    turned = of_whole(single(1 - y, 1 - x, len(y)), aim)
    assert 0 <= now.low <= now.high <= 1
    assert now.high - now.low <= earlier.high - earlier.low + 1e-9
    assert (1 - turned.high, 1 - turned.low) == pytest.approx(now, abs=1e-6)


@given(answers)
def test_nothing_is_open_once_all_is_drawn(found: list[tuple[float, float]]) -> None:
    y, x = (np.array(values) for values in zip(*found, strict=True))
    draws = single(y, x, len(y))
    assert of_whole(draws, aim_of(len(y))) == pytest.approx((y.mean(), y.mean()), abs=1e-6)
    assert estimate_of_whole(draws) == pytest.approx(y.mean())


@given(answers, st.floats(0, 1))
def test_a_reference_that_never_varies_changes_nothing(
    found: list[tuple[float, float]], constant: float
) -> None:
    y = np.array([value for value, _ in found])
    draws = single(y, np.full(len(y), constant), len(y) // 2)
    assert of_whole(draws, aim_of(len(y))) == pytest.approx(
        of_whole(draws._replace(beside=None), aim_of(len(y))), abs=1e-6
    )


@given(answers, st.floats(0, 0.3))
def test_one_that_is_always_so_much_too_high_or_low_gives_the_value_at_once(
    found: list[tuple[float, float]], off: float
) -> None:
    x = np.array([value for value, _ in found])
    for drawn in (1, len(x) // 2):
        told = estimate_of_whole(single(x + off, x, drawn))
        assert told == pytest.approx(x.mean() + off)


def test_no_bet_can_lose_more_than_there_is() -> None:
    """The reference was right on nothing but the largest cluster, which is all wrong now."""
    sums, sizes = np.append(np.ones(30), 0.0), np.append(np.ones(30), 10.0)
    right = np.append(np.zeros(30), 10.0)
    for theirs in (right, sizes - right):
        for ours in (sums, sizes - sums):
            bounds = of_whole(beside(ours, sizes, theirs, 31), Aim(0.4, 40, 31))
            assert bounds.low <= ours.sum() / 40 <= bounds.high


Case = Callable[[np.random.Generator], tuple[Floats, Floats, Floats]]
"""Sums, sizes and the reference's sums of a whole benchmark."""


def alike(rate: float, flips: float, regained: float) -> Case:
    """Verdicts that were right flip at one rate, wrong ones at another."""

    def case(rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
        x = rng.random(300) < rate
        y = x ^ (rng.random(300) < np.where(x, flips, regained))
        return y.astype(float), np.ones(300), x.astype(float)

    return case


def uneven(rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """Large clusters are hard for one and easy for the other."""
    sizes = rng.choice([1.0, 2.0, 10.0], 150)
    ours = rng.binomial(sizes.astype(int), np.where(sizes > 5, 0.2, 0.9)).astype(float)
    theirs = rng.binomial(sizes.astype(int), np.where(sizes > 5, 0.9, 0.2)).astype(float)
    return ours, sizes, theirs


CASES = {
    "alike": alike(0.8, 0.05, 0.05),
    "one loses": alike(0.8, 0.1, 0.0),
    "nothing in common": alike(0.5, 0.5, 0.5),
    "the opposite": alike(0.7, 0.9, 0.9),
    "a bad one of a good one": alike(0.95, 0.9, 0.1),
    "uneven": uneven,
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_truth_is_never_left_out_in_95_percent_of_runs(case: Case) -> None:
    """At no time at all, however little the reference foretells."""
    rng, reps, held = np.random.default_rng(7), 200, 0
    for _ in range(reps):
        sums, sizes, theirs = case(rng)
        draws = beside(sums, sizes, theirs, int(0.85 * len(sums)))
        low, high = of_whole(draws, Aim(H, int(sizes.sum()), len(sums)))
        held += low - 1e-9 <= sums.sum() / sizes.sum() <= high + 1e-9
    assert held / reps >= 0.95 - 2 * np.sqrt(0.95 * 0.05 / reps)


def ends(y: Floats, x: Floats, half_width: float, *, plain: bool = False) -> int:
    aim = aim_of(len(y), half_width)

    def width(n: int) -> float:
        draws = single(y, x, n)
        low, high = of_whole(draws._replace(beside=None) if plain else draws, aim)
        return (high - low) / 2

    return next(n for n in range(20, len(y) + 1, 5) if width(n) <= half_width)


def test_what_it_costs_and_what_it_saves() -> None:
    """Same verdicts: a third. The opposite: next to nothing more than without."""
    rng = np.random.default_rng(11)
    y = (rng.random(600) < 0.75).astype(float)
    alone = ends(y, y, H, plain=True)
    assert ends(y, y, H) < 0.4 * alone
    assert ends(y, 1 - y, H) < 1.1 * alone
    assert ends(y, rng.permutation(y), H) < 1.1 * alone


def test_the_expected_end_is_about_where_it_ends() -> None:
    rng = np.random.default_rng(9)
    for flips in (0.02, 0.05, 0.2):
        x = rng.random(1000) < 0.7
        y = x ^ (rng.random(1000) < flips)
        there = ends(y.astype(float), x.astype(float), 0.03)
        draws = single(y.astype(float), x.astype(float), there)
        assert expected_draws(draws, aim_of(1000, 0.03)) == pytest.approx(there, rel=0.2)


@given(st.integers(1, 40), st.integers(1, 40))
def test_single_samples_are_worth_their_number(right: int, wrong: int) -> None:
    values = np.repeat([1.0, 0.0], [right, wrong])
    n = float(right + wrong)
    assert worth(values, np.ones(len(values)), n) == pytest.approx(n)


def test_clusters_are_worth_what_the_usual_interval_takes_them_for() -> None:
    rng = np.random.default_rng(3)
    sums = rng.binomial(5, rng.beta(2, 1, 60)).astype(float)
    values = np.concatenate([np.repeat([1.0, 0.0], [int(s), 5 - int(s)]) for s in sums])
    names = np.repeat(np.arange(60), 5)
    n = worth(sums, np.full(60, 5.0), 60)
    assert 60 < n < 300
    told = proportion(values, names)
    assert wilson(float(values.mean()), n) == pytest.approx(told, abs=0.002)
