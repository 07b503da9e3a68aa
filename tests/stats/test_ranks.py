"""Ranks: ties, directions, gaps; intervals of ranks against what they must do in the limits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from upright.core import Interval
from upright.stats.ranks import (
    average_bounds,
    average_ranks,
    competition_ranks,
    rank_bounds,
    rank_draws,
    two_piece,
)

finite = st.floats(-1e6, 1e6)


def around(value: float, half: float) -> Interval:
    return Interval(value, value - half, value + half, "given")


def test_equal_values_share_the_better_rank() -> None:
    values = np.array([0.5, 0.9, 0.9, 0.1])
    assert competition_ranks(values, True).tolist() == [3, 1, 1, 4]
    assert competition_ranks(values, False).tolist() == [2, 3, 3, 1]


@given(st.lists(finite, min_size=1, max_size=30))
def test_the_rank_is_one_more_than_the_number_that_are_better(values: list[float]) -> None:
    given = np.array(values)
    assert competition_ranks(given, True).tolist() == [1 + (given > v).sum() for v in given]
    assert np.array_equal(competition_ranks(given, False), rankdata(given, method="min"))
    assert np.array_equal(competition_ranks(-given, True), competition_ranks(given, False))


def test_a_missing_value_has_no_rank_and_takes_nobodys() -> None:
    ranks = competition_ranks(np.array([0.5, np.nan, 0.9]), True)
    assert ranks[[0, 2]].tolist() == [2, 1]
    assert np.isnan(ranks[1])
    assert average_ranks(np.array([[1.0, np.nan], [2.0, 1.0]])).tolist() == [1.0, 1.5]


def test_models_far_apart_have_certain_ranks_and_models_alike_open_ones() -> None:
    def bounds(intervals: list[Interval]) -> list[tuple[float, float]]:
        draws = rank_draws(intervals, True)
        assert draws is not None
        ranks = competition_ranks(np.array([i.value for i in intervals], float), True)
        return [(b.low, b.high) for b in rank_bounds(ranks, draws)]

    assert bounds([around(0.1, 0.01), around(0.5, 0.01), around(0.9, 0.01)]) == [
        (3, 3),
        (2, 2),
        (1, 1),
    ]
    assert bounds([around(0.50, 0.2), around(0.51, 0.2), around(0.52, 0.2)]) == [(1, 3)] * 3


def test_no_rank_interval_where_one_model_has_no_interval() -> None:
    assert rank_draws([around(0.1, 0.1), Interval(0.5, None, None, "n unknown")], True) is None
    assert rank_draws([], True) is None


def test_draws_have_the_interval_as_their_own() -> None:
    """Asymmetric, and at the end of the range never beyond it."""
    drawn = two_piece([Interval(0.9, 0.6, 0.95, "given"), Interval(1.0, 0.8, 1.0, "given")], 40_000)
    low, middle, high = np.quantile(drawn, [0.025, 0.5, 0.975], axis=0)
    assert low == pytest.approx([0.6, 0.8], abs=0.01)
    assert middle == pytest.approx([0.9, 1.0], abs=0.003)
    assert high == pytest.approx([0.95, 1.0], abs=0.003)
    assert drawn[:, 1].max() <= 1


def test_the_same_seed_gives_the_same_interval() -> None:
    given = [around(0.5, 0.1), around(0.55, 0.1)]
    one, two = rank_draws(given, True), rank_draws(given, True)
    assert one is not None
    assert two is not None
    assert np.array_equal(one, two)


def test_an_average_over_equal_columns_depends_on_none_of_them() -> None:
    assert average_bounds(np.array([[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]])) == [(1, 1), (2, 2)]
    ((low, high), _) = average_bounds(np.array([[1.0, 2.0] * 10, [2.0, 1.0] * 10]))
    assert low < 1.5 < high
