"""Agreement with people: what the trained judges carry, and how it is counted."""

import pytest

from upright.core import UsageError
from upright.judges import Rated, calibrate, harm, refusal
from upright.judges.harm import HARM
from upright.judges.refusal import DECLINED, FULL_REFUSAL, REFUSAL

DATE = "2026-11-26"


def test_the_cards_say_what_they_are_about() -> None:
    carried = (*refusal({}).calibrations, *harm().calibrations)
    assert {REFUSAL, FULL_REFUSAL, DECLINED, HARM} <= {c.event for c in carried}
    for record in carried:
        assert record.n_yes + record.n_no == record.n
        assert not record.own_labels
        assert sum(part.n for part in record.slices.values()) in (0, record.n)


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
    assert (known.n, known.n_yes, known.design_effect) == (50, 25, 1.0)


def test_probabilities_bring_auroc_and_ece_and_groups_a_design_effect() -> None:
    graded = [Rated(i % 2 == 0, i % 2 == 0, 1 - (i % 2) * 0.8, str(i // 4)) for i in range(40)]
    found = calibrate(graded, "own", DATE)
    assert found.auroc == 1.0
    assert found.ece == pytest.approx(0.1)
    twins = [Rated(k < 60, k % 7 > 0, group=str(k), slices={"of": "x"}) for k in range(120)] * 2
    found = calibrate(twins, "own", DATE)
    assert found.design_effect == pytest.approx(2.0, abs=0.1)
    assert found.auroc is None
    assert found.slices["of=x"].n == 240


def test_one_kind_of_label_is_an_error_that_says_so() -> None:
    with pytest.raises(UsageError, match="All 2 labels say yes"):
        calibrate([(True, True), (True, False)], "own", DATE)
