"""Verdicts in words: from intervals, never stronger than these."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reports.stored import estimate
from upright.core import Estimate
from upright.reports.standing import Standing, counted, sentence, standing


@pytest.mark.parametrize(
    ("low", "high", "better_up", "better_down"),
    [
        (0.6, 0.9, Standing.BETTER, Standing.WORSE),
        (0.4, 0.9, Standing.UNSURE, Standing.UNSURE),
        (0.5, 0.9, Standing.UNSURE, Standing.UNSURE),
        (0.1, 0.4, Standing.WORSE, Standing.BETTER),
    ],
)
def test_the_whole_interval_decides(
    low: float, high: float, better_up: str, better_down: str
) -> None:
    told: dict[str, Any] = {"value": (low + high) / 2, "low": low, "high": high}
    assert standing(estimate("a/b", **told)) == better_up
    assert standing(estimate("a/b", **told, higher_is_better=False)) == better_down


def test_what_has_no_chance_level_is_not_compared() -> None:
    assert standing(estimate("a/b", chance=None)) == Standing.ALONE
    assert standing(estimate("a/b", chance=0.0)) == Standing.ALONE, "nothing can be worse"
    assert standing(estimate("a/b", chance=1.0, higher_is_better=False)) == Standing.ALONE
    assert standing(estimate("a/b", chance=0.0, low=-0.1)) == Standing.UNSURE, "a correlation"


def test_a_withheld_value_has_no_standing() -> None:
    assert standing(estimate("a/b", withheld="too little")) == Standing.UNTOLD
    assert standing(estimate("a/b", value=None, low=None, high=None)) == Standing.UNTOLD


def test_an_interval_without_ends_cannot_tell() -> None:
    assert standing(estimate("a/b", low=None)) == Standing.UNSURE


WORSE = estimate("a/b", value=0.1, low=0.0, high=0.3)
BETTER = estimate("a/b", value=0.9, low=0.8, high=1.0)
UNSURE = estimate("a/b", value=0.5, low=0.3, high=0.7)


def spaced(results: list[Estimate]) -> str:
    return sentence(results).replace("\u00a0", " ")


def test_sentences() -> None:
    assert sentence([]) == "Not measured: this run says nothing about it."
    assert sentence([UNSURE]) == "Cannot be told from chance."
    assert spaced([BETTER, BETTER]) == "Clearly better than chance on all 2."
    assert spaced([BETTER, WORSE, UNSURE, WORSE]) == (
        "Clearly worse than chance on 2 of 4, cannot tell on 1, clearly better than chance on 1."
    )


@given(st.lists(st.sampled_from([WORSE, BETTER, UNSURE])))
def test_every_result_is_counted_once(results: list[Any]) -> None:
    assert counted(results).total() == len(results)
