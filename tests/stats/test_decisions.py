"""Multiplicity, margins and power against published values and closed forms."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from upright.core import Interval, UsageError
from upright.stats.equivalence import Standing, equivalence, non_inferiority
from upright.stats.multiplicity import benjamini_hochberg, holm, simultaneous_level
from upright.stats.power import (
    interval_half_width,
    interval_n,
    paired_detectable,
    paired_n,
    paired_power,
    unpaired_detectable,
    unpaired_n,
    unpaired_power,
)

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=30)
BENJAMINI = (
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240,
    0.4262, 0.5719, 0.6528, 0.7590, 1.0,
)  # fmt: skip
"""Benjamini and Hochberg 1995, section 3.2: rates of complications under two treatments."""


def test_benjamini_and_hochbergs_own_example() -> None:
    """Of fifteen, Bonferroni's and Holm's procedures reject three and theirs the first four."""
    assert list(holm(BENJAMINI) <= 0.05).count(True) == 3
    assert list(benjamini_hochberg(BENJAMINI) <= 0.05).count(True) == 4


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]).size == benjamini_hochberg([]).size == 0


@given(P_VALUES)
def test_adjusted_values_keep_their_order_and_lie_between_raw_and_bonferroni(
    raw: Sequence[float],
) -> None:
    p = np.array(raw)
    strict, mild = holm(p), benjamini_hochberg(p)
    order = np.argsort(p, kind="stable")
    for adjusted in (strict, mild):
        assert np.all(np.diff(adjusted[order]) >= -1e-12)
        assert np.all(adjusted >= p - 1e-12)
        assert np.all(adjusted <= np.minimum(1, p * len(p)) + 1e-12)
    assert np.all(mild <= strict + 1e-12)


def test_simultaneous_levels() -> None:
    assert simultaneous_level(1) == pytest.approx(0.95)
    assert simultaneous_level(5) == pytest.approx(0.99)
    assert simultaneous_level(5, how="sidak") == pytest.approx(0.95**0.2)
    assert simultaneous_level(7, how="sidak") < simultaneous_level(7)


def ends(low: float | None, high: float | None) -> Interval:
    return Interval(None if low is None or high is None else (low + high) / 2, low, high, "")


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.01, 0.05, "better"),
        (-0.01, 0.03, "not worse"),
        (-0.018, -0.002, "not worse"),  # a loss that is real but bearable
        (-0.02, 0.03, "cannot tell"),
        (-0.05, 0.01, "cannot tell"),
        (-0.025, -0.005, "cannot tell"),  # a loss, as measured within the margin
        (-0.05, -0.01, "worse"),  # a loss, as measured beyond the margin
        (-0.06, -0.021, "worse"),
        (None, None, "cannot tell"),
    ],
)
def test_non_inferiority_by_the_cases_of_consort(
    low: float | None, high: float | None, expected: str
) -> None:
    assert non_inferiority(ends(low, high), 0.02) == expected
    if low is not None and high is not None:
        assert non_inferiority(ends(-high, -low), 0.02, higher_is_better=False) == expected


def test_without_a_margin_it_is_plain_significance() -> None:
    assert non_inferiority(ends(-0.03, -0.01), 0.0) is Standing.WORSE
    assert non_inferiority(ends(-0.03, 0.01), 0.0) is Standing.CANNOT_TELL
    with pytest.raises(UsageError):
        equivalence(ends(0, 0), 0.0)
    with pytest.raises(UsageError):
        non_inferiority(ends(0, 0), -0.1)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (-0.01, 0.019, "equivalent"),
        (0.001, 0.019, "equivalent"),
        (-0.01, 0.021, "cannot tell"),
        (0.021, 0.03, "better"),
        (-0.03, -0.021, "worse"),
        (None, None, "cannot tell"),
    ],
)
def test_equivalence(low: float | None, high: float | None, expected: str) -> None:
    assert equivalence(ends(low, high), 0.02) == expected


def test_paired_size_of_chow_shao_and_wang() -> None:
    """Sample Size Calculations in Clinical Research, example 6.4.3: 0.2 and 0.5 change, 59."""
    assert paired_n(0.3, 0.7) == 59


def test_unpaired_size_of_rs_manual() -> None:
    """The help page of R's power.prop.test: 0.50 against 0.75 with 90 % power, n = 76.7."""
    assert unpaired_n(0.75, 0.25, power=0.9) == 77


def test_a_three_point_drop_is_one_call() -> None:
    assert paired_n(0.03) == 870
    assert paired_n(0.03, design_effect=2.0) == pytest.approx(2 * 870, abs=1)
    assert unpaired_n(0.8, 0.03) > 3 * paired_n(0.03)


def test_connors_size_gives_the_exact_test_nearly_its_power() -> None:
    """The power of McNemar's exact test, summed over how many samples change."""
    drop, discordance = 0.05, 0.15
    n = paired_n(drop, discordance)
    changed = np.arange(1, n + 1)
    edge = np.asarray(binom.ppf(0.025, changed, 0.5))
    # The most that may be gained of so many changed for p < 0.05.
    most = edge - (np.asarray(binom.cdf(edge, changed, 0.5)) > 0.025)
    seen = binom.cdf(most, changed, (discordance - drop) / 2 / discordance)
    power = float(binom.pmf(changed, n, discordance) @ seen)
    assert 0.76 < power < 0.8


@given(
    st.floats(0.01, 0.2), st.floats(0.2, 0.9), st.floats(0.5, 0.95), st.floats(1, 8)
)  # fmt: skip
def test_size_power_and_least_drop_undo_each_other(
    drop: float, other: float, power: float, effect: float
) -> None:
    n = paired_n(drop, other, power, design_effect=effect)
    assert paired_power(n, drop, other, design_effect=effect) >= power - 1e-9
    least = paired_detectable(n, other, power, design_effect=effect)
    assert least is not None and least <= drop + 1e-6
    n = unpaired_n(other, drop, power, design_effect=effect)
    assert unpaired_power(n, other, drop, design_effect=effect) >= power - 1e-9
    least = unpaired_detectable(n, other, power, design_effect=effect)
    assert least is not None and least <= drop + 1e-6


def test_too_few_samples_show_no_drop_and_impossible_drops_are_refused() -> None:
    assert paired_detectable(20, 0.1) is None
    assert unpaired_detectable(5, 0.1) is None
    with pytest.raises(UsageError):
        paired_n(0.2, 0.1)
    with pytest.raises(UsageError):
        unpaired_n(0.2, 0.3)
    with pytest.raises(UsageError):
        interval_n(0.7)


@given(st.floats(0.005, 0.3), st.floats(0.02, 0.98), st.floats(1, 5))
def test_interval_size_reaches_its_half_width(half: float, share: float, effect: float) -> None:
    n = interval_n(half, share, design_effect=effect)
    assert interval_half_width(n, share, design_effect=effect) <= half + 1e-9
    if n > 1:
        assert interval_half_width(n - 1, share, design_effect=effect) > half - 1e-9


def test_an_opinion_poll() -> None:
    """Three points either way at one half: the textbook's 1,068, less z^2 by Wilson's interval."""
    assert interval_n(0.03) == 1064
