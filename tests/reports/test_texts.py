"""Small pure parts: inert text, axes, clipping."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reports.stored import estimate
from upright.core.inert import UNSAFE, inert, one_line
from upright.reports.html.clipping import SHOWN_AT_ONCE, STORED, clip
from upright.reports.scale import axis, interval, number


@given(st.text())
def test_inert_text_is_encodable_and_harmless(text: str) -> None:
    told = inert(text)
    told.encode("utf-8")
    assert not UNSAFE.search(told)
    assert inert(told) == told


def test_ordinary_text_is_untouched() -> None:
    text = "Ünïcode, 漢字, עברית, 👩‍🚀, tab\tand\nnew line <b>&amp;</b>"
    assert inert(text) == text
    assert inert("\x1b[2J") == "␛[2J"
    assert inert("\ud800") == "⟨U+D800⟩"


def test_one_line_is_one_line() -> None:
    assert one_line("a\nb  c", 10) == "a b c"
    assert one_line("x" * 50, 10) == "x" * 9 + "…"


@given(st.text(max_size=2 * STORED))
def test_clipping_loses_nothing_silently(text: str) -> None:
    clipped = clip(text)
    kept = clipped.whole or clipped.start
    assert text.startswith(kept)
    assert len(kept) + clipped.omitted == len(text)
    assert len(clipped.start) <= SHOWN_AT_ONCE * 1.2


@pytest.mark.parametrize(
    ("value", "told"),
    [(0.5, "0.500"), (-0.25, "−0.250"), (-0.0001, "0.000"), (86.21, "86.2"), (None, "–")],
)
def test_numbers(value: float | None, told: str) -> None:
    assert number(value) == told
    assert number(float("nan")) == "–"


def test_the_axis_is_turned_where_lower_is_better() -> None:
    assert axis(estimate("a/b")) == (0, 1)
    assert axis(estimate("a/b", higher_is_better=False)) == (1, 0)


def test_the_axis_widens_for_correlations_and_large_values() -> None:
    assert axis(estimate("a/b", low=-0.2)) == (-1, 1)
    assert axis(estimate("a/b", value=2.5, high=3.2)) == (0, 4)
    assert axis(estimate("a/b", value=float("nan"), low=None, high=None)) == (0, 1)


@given(st.floats(-3, 3), st.booleans())
def test_every_value_has_a_place(value: float, better: bool) -> None:
    found = estimate("a/b", value=value, low=value, high=value, higher_is_better=better)
    assert 0 <= axis(found).place(value) <= 1


def test_an_interval_without_ends_is_not_invented() -> None:
    assert interval(estimate("a/b", low=None)) == ""
