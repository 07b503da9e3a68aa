"""The excess over independent layers: known by construction, covered by its interval, undefined
where nothing can be said."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import Generator

from upright.comparisons.stacks.interaction import (
    BEYOND_ALL,
    NOTHING_THROUGH,
    Reading,
    excess,
    expected,
    read,
)
from upright.stats.intervals import Floats

Drawn = tuple[Floats, list[Floats], Floats]
Build = Callable[[Generator, int, float, float, float], Drawn]


def lets(random: Generator, n: int, share: float) -> Floats:
    return (random.random(n) < share).astype(float)


def independent(random: Generator, n: int, p: float, a: float, b: float) -> Drawn:
    """What passes one says nothing of what passes the other."""
    bare, first, second = lets(random, n, p), lets(random, n, a), lets(random, n, b)
    return bare, [bare * first, bare * second], bare * first * second


def redundant(random: Generator, n: int, p: float, a: float, b: float) -> Drawn:
    """Both stop the hardest requests."""
    bare, hard = lets(random, n, p), random.random(n)
    alone = [bare * (hard < share) for share in (a, b)]
    return bare, alone, alone[0] * alone[1]


def antagonistic(random: Generator, n: int, p: float, a: float, b: float) -> Drawn:
    """One spoils the other: together they stop what the weaker one stops."""
    bare, alone, _ = independent(random, n, p, a, b)
    return bare, alone, bare * lets(random, n, max(a, b))


def of(drawn: Drawn) -> tuple[float | None, float | None, float | None]:
    bare, alone, together = drawn
    found = excess(bare, alone, together, np.arange(len(bare)))
    return found.value, found.low, found.high


def test_it_is_the_observed_share_less_the_product_of_the_rates() -> None:
    bare = np.array([1.0] * 8 + [0.0] * 2)
    a = np.array([1.0] * 4 + [0.0] * 6)
    b = np.array([0.0] * 2 + [1.0] * 4 + [0.0] * 4)
    together = a * b
    assert expected(bare, [a, b]) == pytest.approx(0.4 * 0.4 / 0.8)
    assert of((bare, [a, b], together))[0] == pytest.approx(0.2 - 0.2)
    c = bare.copy()
    assert expected(bare, [a, b, c]) == pytest.approx(0.2), "a layer that stops nothing adds none"


def test_the_sign_is_that_of_what_was_built() -> None:
    random = np.random.default_rng(1)
    value, low, high = of(independent(random, 400, 0.8, 0.5, 0.5))
    assert low is not None and high is not None
    assert low < 0 < high
    for built in (redundant, antagonistic):
        value, low, _ = of(built(random, 400, 0.8, 0.5, 0.5))
        assert low is not None and low > 0, built
    bare = np.ones(400)
    halves = np.repeat([0.0, 1.0], 200)
    value, _, high = of((bare, [halves, 1 - halves], np.zeros(400)))
    assert value == pytest.approx(-0.25), "each stops what the other lets through"
    assert high is not None and high < 0


@pytest.mark.parametrize(
    ("built", "both"), [(independent, "product"), (redundant, "lower"), (antagonistic, "higher")]
)
@pytest.mark.parametrize(
    ("p", "a", "b"), [(0.6, 0.5, 0.5), (0.95, 0.9, 0.9), (0.5, 0.1, 0.1), (0.8, 0.2, 0.3)]
)
def test_the_interval_holds_the_truth_as_often_as_it_says(
    built: Build, both: str, p: float, a: float, b: float
) -> None:
    """Where little gets through, a percentile bootstrap held it in 58 of 100 trials."""
    random, trials = np.random.default_rng(7), 200
    through = {"product": a * b, "lower": min(a, b), "higher": max(a, b)}[both]
    truth = p * (through - a * b)
    held = 0
    for _ in range(trials):
        _, low, high = of(built(random, 100, p, a, b))
        held += low is not None and high is not None and low <= truth <= high
    assert held >= 0.91 * trials  # 0.95 less two standard errors and a half


def test_whole_clusters_widen_the_interval() -> None:
    bare, alone, together = independent(np.random.default_rng(3), 60, 0.9, 0.5, 0.5)
    once = excess(bare, alone, together, np.arange(60))
    five = [np.repeat(x, 5) for x in (bare, *alone, together)]
    repeated = excess(five[0], five[1:3], five[3], np.repeat(np.arange(60), 5))
    taken_for_new = excess(five[0], five[1:3], five[3], np.arange(300))
    widths = [(found.high or 0) - (found.low or 0) for found in (once, repeated, taken_for_new)]
    assert once.value == pytest.approx(repeated.value)
    assert widths[1] > 0.9 * widths[0] > 1.3 * widths[2]


def test_what_cannot_be_said_is_not_zero() -> None:
    none, all_ = np.zeros(10), np.ones(10)
    names = np.arange(10)
    nothing = excess(none, [none, none], none, names)
    assert (nothing.value, nothing.method) == (None, NOTHING_THROUGH)
    empty = excess(none[:0], [none[:0], none[:0]], none[:0], names[:0])
    assert (empty.value, empty.method) == (None, "nothing to compare")
    few = np.array([1.0] + [0.0] * 9)
    beyond = excess(few, [all_, all_], all_, names)
    assert (beyond.value, beyond.method) == (None, BEYOND_ALL)


def test_all_stopped_and_none_stopped_leave_room_for_doubt() -> None:
    none, all_, names = np.zeros(50), np.ones(50), np.arange(50)
    for alone, together in (([none, none], none), ([all_, all_], all_)):
        found = excess(all_, alone, together, names)
        assert found.value == 0
        assert found.low is not None and found.high is not None
        assert found.low < -0.01 and found.high > 0.01


@given(st.lists(st.tuples(*[st.booleans()] * 4), min_size=2, max_size=40))
def test_the_order_of_the_layers_and_of_the_requests_does_not_matter(
    rows: list[tuple[bool, ...]],
) -> None:
    bare, a, b, both = (np.array(column, float) for column in zip(*rows, strict=True))
    names = np.arange(len(rows))
    one = excess(bare, [a, b], both, names)
    other = excess(bare[::-1], [b[::-1], a[::-1]], both[::-1], names)
    assert one.value == pytest.approx(other.value)
    assert one.low == pytest.approx(other.low)
    if one.value is not None and one.low is not None and one.high is not None:
        assert one.low <= one.value <= one.high


def test_a_reading_needs_to_be_sure() -> None:
    bare, alone, together = redundant(np.random.default_rng(0), 200, 0.9, 0.4, 0.4)
    found = excess(bare, alone, together, np.arange(200))
    assert read(found, sure=False, undone=False) is Reading.UNSURE
    assert read(found, sure=True, undone=False) is Reading.OVERLAP
    assert read(found, sure=False, undone=True) is Reading.UNDO
