"""Confidence against outcome: brute force, extremes and ties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from upright.stats.selective import aurc, brier, excess_aurc

ANSWERS = st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=1, max_size=40)


def alone(n: int) -> list[str]:
    return [str(i) for i in range(n)]


@given(ANSWERS)
def test_aurc_is_the_mean_risk_among_the_at_least_as_sure(answers: list[tuple[int, bool]]) -> None:
    sure, wrong = (np.array(side, float) for side in zip(*answers, strict=True))
    expected = np.mean([wrong[sure >= s].mean() for s in sure])
    found = aurc(sure, wrong, alone(len(sure)))
    assert found.value == pytest.approx(expected)
    assert found.low is not None and found.high is not None and found.value is not None
    assert found.low <= found.value <= found.high
    assert found.high > found.low
    excess = excess_aurc(sure, wrong, alone(len(sure))).value
    assert excess is not None and -1e-9 <= excess <= expected + 1e-9


def test_a_perfect_order_has_no_excess() -> None:
    wrong = np.repeat([0.0, 1.0], [70, 30])
    found = excess_aurc(-np.arange(100.0), wrong, alone(100))
    assert found.value == pytest.approx(0.0, abs=1e-12)
    area = aurc(-np.arange(100.0), wrong, alone(100)).value
    rate = 0.3
    assert area == pytest.approx(rate + (1 - rate) * np.log(1 - rate), abs=0.003)


def test_no_order_at_all_risks_the_error_rate() -> None:
    wrong = np.repeat([0.0, 1.0], [70, 30])
    assert aurc(np.ones(100), wrong, alone(100)).value == pytest.approx(0.3)


def test_brier_of_a_coin_and_of_certainty() -> None:
    right = np.repeat([1.0, 0.0], [60, 40])
    assert brier(right, np.full(100, 0.5), alone(100)).value == pytest.approx(0.25)
    certain = brier(right, right, alone(100))
    assert certain.value == 0.0
    assert certain.high is not None and certain.high > 0.01, "no certainty from 100 answers"
    assert brier(right[:0], right[:0], []).value is None
