"""A judge of known error: corrected intervals cover the truth, raw ones do not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from upright.core import Interval
from upright.stats.correction import (
    Errors,
    NotCorrected,
    bootstrapped,
    delta,
    prediction_powered,
    reach,
    rogan_gladen,
)
from upright.stats.intervals import Floats, wilson

SENSITIVITY, SPECIFICITY = 0.85, 0.9
LABELLED, RUN, RUNS = 400, 500, 2000
GOOD = Errors(0.9, 200, 0.9, 200)


def alone(n: int) -> list[str]:
    return [str(i) for i in range(n)]


def simulated(truth: float, seed: int = 7) -> tuple[Floats, Errors]:
    """What a judge of known error counts in many runs, each with a labelled set of its own."""
    rng = np.random.default_rng(seed)
    said = truth * SENSITIVITY + (1 - truth) * (1 - SPECIFICITY)
    half = LABELLED // 2
    errors = (
        rng.binomial(half, SENSITIVITY, RUNS) / half,
        rng.binomial(half, SPECIFICITY, RUNS) / half,
    )
    rates = rng.binomial(RUN, said, RUNS) / RUN
    # One call corrects all runs: the formulas broadcast over arrays of shares as over one.
    return rates, Errors(errors[0], half, errors[1], half)  # type: ignore[arg-type]


@pytest.mark.parametrize("truth", [0.1, 0.3, 0.6])
def test_corrected_intervals_cover_the_true_rate_and_raw_ones_do_not(truth: float) -> None:
    rates, errors = simulated(truth)
    value, low, high = delta(rates, RUN, errors)
    covered = np.mean((low <= truth) & (truth <= high))
    ends = [wilson(float(rate), RUN) for rate in rates]
    raw = np.mean([e.low <= truth <= e.high for e in ends])
    print(f"\ntrue rate {truth}: corrected {covered:.3f}, raw {raw:.3f}")
    assert 0.93 <= covered <= 0.97
    assert raw < 0.85
    assert abs(np.mean(value) - truth) < 0.005, "no bias left"
    assert abs(np.mean(rates) - truth) > 0.02, "there was one"


@pytest.mark.parametrize("truth", [0.1, 0.3, 0.6])
def test_bootstrapped_intervals_cover_too(truth: float) -> None:
    rates, errors = simulated(truth)
    shares = zip(rates[:400], errors.sensitivity[:400], errors.specificity[:400], strict=True)  # type: ignore[index]
    covered = 0
    for rate, se, sp in shares:
        ends = bootstrapped(np.array(rate), RUN, Errors(se, 200, sp, 200))
        covered += bool(ends.low <= truth <= ends.high)
    assert 0.92 <= covered / 400 <= 0.98


@given(st.floats(0.02, 0.98), st.floats(0.7, 1.0), st.floats(0.7, 1.0))
def test_the_value_is_rogan_and_gladens(truth: float, se: float, sp: float) -> None:
    said = truth * se + (1 - truth) * (1 - sp)
    found = delta(np.array(said), 1000, Errors(se, 500, sp, 500))
    assert float(found.value) == pytest.approx(truth)
    assert found.low < found.high


def test_a_perfect_judge_known_exactly_changes_nothing() -> None:
    values = np.array([1.0] * 30 + [0.0] * 70)
    found = rogan_gladen(values, alone(100), Errors(1.0, 1e9, 1.0, 1e9))
    assert isinstance(found, Interval)
    assert found.value == pytest.approx(0.3)
    assert (found.low, found.high) == pytest.approx(wilson(0.3, 100), abs=0.01)


def test_the_uncertainty_of_the_judge_widens_and_clusters_do_too() -> None:
    values = np.tile([1.0, 0.0, 0.0, 1.0, 0.0], 40)

    def width(errors: Errors, clusters: list[str], how: str = "delta") -> float:
        found = rogan_gladen(values, clusters, errors, how)
        assert isinstance(found, Interval) and found.low is not None and found.high is not None
        return found.high - found.low

    known = width(Errors(0.9, 1e6, 0.9, 1e6), alone(200))
    assert width(GOOD, alone(200)) > known
    sorted_twins = [str(i % 5) + str(i // 50) for i in range(200)]
    assert width(GOOD, sorted_twins) > width(GOOD, alone(200))
    assert width(GOOD, alone(200), "bootstrap") == pytest.approx(width(GOOD, alone(200)), rel=0.1)


def test_a_value_outside_its_range_is_clipped_and_says_so() -> None:
    found = rogan_gladen(np.array([1.0] * 4 + [0.0] * 96), alone(100), GOOD)
    assert isinstance(found, Interval)
    assert found.value == found.low == 0.0
    assert "clipped from -0.0" in found.method


@pytest.mark.parametrize(
    ("errors", "why"),
    [
        (Errors(0.6, 200, 0.55, 200), "sensitivity + specificity - 1 of the judge is 0.15"),
        (Errors(0.9, 12, 0.9, 200), "people said yes to 12"),
        (Errors(0.9, 200, 0.9, 3), "people said no to 3"),
    ],
)
def test_a_weak_judge_or_a_thin_set_is_no_ground_for_a_correction(errors: Errors, why: str) -> None:
    found = rogan_gladen(np.array([1.0, 0.0] * 50), alone(100), errors)
    assert isinstance(found, NotCorrected)
    assert why in found.reason


def test_a_rate_that_the_labelled_set_rules_out_is_not_corrected() -> None:
    found = rogan_gladen(np.ones(100), alone(100), Errors(0.8, 600, 0.9, 600))
    assert isinstance(found, NotCorrected)
    assert "does not fit this run" in found.reason
    assert "100.0%" in found.reason


def test_labels_are_worth_less_where_models_differ() -> None:
    same = reach([0.8, 0.82, 0.78], [100, 100, 100], 0.8, 300)
    assert same == pytest.approx(300)
    assert reach([0.5, 0.95, 0.9], [100, 100, 100], 0.8, 300) < 10
    assert reach([0.5, 0.9], [100, 100], 0.8, 300) == 300, "two models say nothing of a third"


def labelled(truth: float, n: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    people = (rng.random(RUN) < truth).astype(float)
    right = np.where(people == 1, rng.random(RUN) < SENSITIVITY, rng.random(RUN) < SPECIFICITY)
    judged = np.where(right, people, 1 - people)
    labels = np.full(RUN, np.nan)
    chosen = rng.permutation(RUN)[:n]
    labels[chosen] = people[chosen]
    return judged, labels


@pytest.mark.parametrize(("truth", "n"), [(0.1, 150), (0.3, 60), (0.6, 150)])
def test_labels_on_the_run_itself_cover_and_are_narrower_than_alone(truth: float, n: int) -> None:
    rng = np.random.default_rng(11)
    names = alone(RUN)
    covered, width, alone_width = 0, 0.0, 0.0
    for _ in range(500):
        judged, labels = labelled(truth, n, rng)
        found = prediction_powered(judged, labels, names)
        assert isinstance(found, Interval) and found.low is not None and found.high is not None
        covered += found.low <= truth <= found.high
        width += found.high - found.low
        ends = wilson(float(np.nanmean(labels)), n)
        alone_width += ends.high - ends.low
    assert 0.93 <= covered / 500 <= 0.985
    assert width < alone_width


def test_a_judge_that_does_not_help_is_not_listened_to() -> None:
    rng = np.random.default_rng(12)
    _, labels = labelled(0.4, 100, rng)
    found = prediction_powered(rng.integers(0, 2, RUN).astype(float), labels, alone(RUN))
    assert isinstance(found, Interval)
    assert "lambda 0.0" in found.method or "lambda 0.1" in found.method
    assert found.value == pytest.approx(float(np.nanmean(labels)), abs=0.03)


def test_clusters_widen_prediction_powered_intervals() -> None:
    judged, labels = labelled(0.4, 200, np.random.default_rng(13))
    order = np.lexsort((judged, np.nan_to_num(labels, nan=2.0)))
    judged, labels = judged[order], labels[order]
    wide = prediction_powered(judged, labels, [str(i // 10) for i in range(RUN)])
    narrow = prediction_powered(judged, labels, alone(RUN))
    assert isinstance(wide, Interval) and isinstance(narrow, Interval)
    assert wide.value == narrow.value
    assert wide.low is not None and narrow.low is not None and wide.low < narrow.low


def test_few_labels_are_refused_and_a_full_set_needs_no_judge() -> None:
    judged, labels = labelled(0.4, 19, np.random.default_rng(14))
    few = prediction_powered(judged, labels, alone(RUN))
    assert isinstance(few, NotCorrected) and "19 of the answers" in few.reason
    _, everything = labelled(0.4, RUN, np.random.default_rng(15))
    whole = prediction_powered(judged, everything, alone(RUN))
    assert isinstance(whole, Interval)
    assert whole.value == everything.mean()
