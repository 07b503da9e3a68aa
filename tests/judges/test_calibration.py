"""Agreement with people: what the trained judges carry, and how it is counted."""

import pytest

from upright.core import UsageError
from upright.judges import Rated, calibrate, harm, refusal
from upright.judges.calibration import about, intervals
from upright.judges.harm import HARM
from upright.judges.refusal import DECLINED, FULL_REFUSAL, REFUSAL

DATE = "2026-11-26"


def test_the_cards_say_what_they_are_about() -> None:
    carried = (*refusal({}).calibrations, *harm().calibrations)
    assert {REFUSAL, FULL_REFUSAL, DECLINED, HARM} <= {c.event for c in carried}
    assert all(c.design_effect > 1 for c in refusal({}).calibrations), "models share prompts"
    assert all(c.slices for c in refusal({}).calibrations), "each model apart"
    first, (jbb, *_) = refusal({}).calibrations[0], harm().calibrations
    assert first.kappa > 0.9, "phrase rules had 0.82 on their held-out half"
    assert jbb.kappa > 0.6, "no less than n-grams and logistic regression alone"
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


def test_intervals_are_wider_where_rows_share_prompts_and_hold_their_values() -> None:
    record = refusal({}).calibrations[0]
    alone, shared = intervals(record), intervals(record, record.design_effect)
    assert set(shared) == {"accuracy", "kappa", "sensitivity", "specificity", "AUROC"}
    for name, found in shared.items():
        assert found.low is not None and found.high is not None and found.value is not None
        assert found.low < found.value < found.high
        assert found.value == pytest.approx(getattr(record, name.lower()), abs=2e-3)
        narrow = alone[name]
        assert narrow.low is not None and narrow.high is not None
        assert found.high - found.low > narrow.high - narrow.low


def test_a_judge_made_of_another_carries_only_what_holds_for_it() -> None:
    carried = refusal({}).calibrations
    assert {c.event for c in about(carried, DECLINED)} == {DECLINED}
    assert about(carried, "nothing") == ()
