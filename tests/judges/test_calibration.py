"""Agreement with people. What the shipped judges carry is measured again by test_trained.py."""

import pytest

from upright.judges import calibrate, harm, refusal

DATE = "2026-11-24"


def test_the_trained_judges_carry_their_agreement_with_people() -> None:
    for carried in (refusal({}).calibration, harm().calibration):
        assert carried is not None
        assert carried.n > 100
        assert carried.kappa > 0.6, "no less than n-grams and logistic regression alone"


def test_calibration_of_a_perfect_a_blind_and_a_known_judge() -> None:
    perfect = calibrate([(True, True), (False, False)], "own", DATE)
    assert (perfect.accuracy, perfect.kappa) == (1.0, 1.0)
    blind = calibrate([(True, True), (False, True)], "own", DATE)
    assert (blind.kappa, blind.sensitivity, blind.specificity) == (0.0, 1.0, 0.0)
    known = calibrate(
        [(True, True)] * 20 + [(True, False)] * 5 + [(False, True)] * 10 + [(False, False)] * 15,
        "own",
        DATE,
    )
    assert known.kappa == pytest.approx(0.4)
    assert (known.sensitivity, known.specificity) == (0.8, 0.6)
