"""Which correction an estimate gets, and why it gets none."""

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tests.runs.toy import planned, toy
from upright.core import (
    Agreement,
    Calibration,
    Interval,
    Metric,
    Outcome,
    Response,
    Sample,
    Scored,
    Verdict,
    ask,
)
from upright.judges import yes_no
from upright.judges.calibration import NEW_SET
from upright.models import open_model
from upright.runs import Options, Run, relabel, run
from upright.runs.scoring.correcting import Evidence, correct, usable
from upright.runs.storing.labels import UNCERTAIN, Label, append_label, read_labels
from upright.stats.correction import NotCorrected
from upright.stats.metrics import macro, mean, target

RATE = Metric(name="evens", compute=mean(), event="even")
REST = Metric(name="odds", compute=mean(), event="not even")
CALIBRATION = Calibration(
    labels="own",
    event="even",
    date="2026-11-26",
    n=400,
    n_yes=200,
    accuracy=0.875,
    kappa=0.75,
    sensitivity=0.85,
    specificity=0.9,
    f1=0.87,
)


def items(yes: int, no: int, judge: str = "rule/x") -> list[Scored]:
    values = [1.0] * yes + [0.0] * no
    return [
        Scored(
            Sample(messages=ask(f"Number {i}")),
            Response(text="x"),
            Verdict(outcome=Outcome.ANSWERED, value=value, judge=judge),
        )
        for i, value in enumerate(values)
    ]


def evidence(**changes: object) -> Evidence:
    plain = Evidence(judge="rule/x", calibrations=(CALIBRATION,))
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_what_a_judge_does_on_a_new_set_comes_before_larger_sets() -> None:
    new = msgspec.structs.replace(CALIBRATION, labels="new", n=60, n_yes=30, how=NEW_SET)
    found = correct(RATE, items(40, 60), evidence(calibrations=(CALIBRATION, new)))
    assert isinstance(found, Interval)
    assert "new, n = 60" in found.method


def reason(found: object) -> str:
    assert isinstance(found, NotCorrected)
    return found.reason


def value(found: object) -> float:
    assert isinstance(found, Interval) and found.value is not None
    assert found.low is not None and found.high is not None
    assert found.low <= found.value <= found.high
    return found.value


def test_a_rate_is_corrected_by_the_calibration_of_its_judge() -> None:
    found = correct(RATE, items(130, 270), evidence())
    assert value(found) == pytest.approx((0.325 + 0.9 - 1) / 0.75)
    assert isinstance(found, Interval) and "Rogan-Gladen, delta: own, n = 400" in found.method


def test_the_absence_of_an_event_is_the_mirror_image() -> None:
    there = correct(RATE, items(130, 270), evidence())
    absent = correct(REST, items(270, 130), evidence())
    assert value(absent) == pytest.approx(1 - value(there))
    assert isinstance(there, Interval) and isinstance(absent, Interval)
    assert there.low is not None and absent.high == pytest.approx(1 - there.low)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"calibrations": ()}, "was not measured against people for even; nor for"),
        ({"language": "fr"}, "was measured on en, and these questions are fr"),
        ({"judge": "rule/other"}, "rule/x has not been measured"),
    ],
)
def test_a_labelled_set_that_does_not_fit_is_named(changes: dict[str, object], why: str) -> None:
    assert why in reason(correct(RATE, items(100, 100), evidence(**changes)))


def test_another_event_does_not_serve() -> None:
    found = correct(replace(RATE, event="prime"), items(100, 100), evidence())
    assert "for prime; it was for: even" in reason(found)


def test_what_is_no_rate_of_an_event_says_nothing() -> None:
    assert correct(replace(RATE, event=""), items(10, 10), evidence()) is None
    assert correct(replace(RATE, compute=macro(target)), items(10, 10), evidence()) is None
    half = [i._replace(verdict=Verdict(outcome=Outcome.ANSWERED, value=0.5)) for i in items(9, 0)]
    assert "not yes or no" in reason(correct(RATE, half, evidence()))
    assert "nothing was scored" in reason(correct(RATE, [], evidence()))


def test_models_that_differ_widen_the_interval() -> None:
    spread = msgspec.structs.replace(
        CALIBRATION,
        slices={
            f"model={i}": Agreement(
                n=80, n_yes=40, accuracy=0.8, kappa=0.6, sensitivity=s, specificity=0.9
            )
            for i, s in enumerate((0.6, 0.95, 0.98))
        },
    )
    plain = correct(RATE, items(200, 200), evidence())
    wide = correct(RATE, items(200, 200), evidence(calibrations=(spread,)))
    assert isinstance(plain, Interval) and isinstance(wide, Interval)
    assert value(plain) == value(wide)
    assert plain.high is not None and wide.high is not None and wide.high > plain.high


def test_labels_of_the_run_itself_come_first_and_need_no_calibration() -> None:
    told = items(100, 100)
    labels = {(i.sample.id, 0, "even"): int(n % 2) for n, i in enumerate(told[:60])}
    found = correct(RATE, told, evidence(calibrations=(), labels=labels))
    assert isinstance(found, Interval)
    assert found.method.startswith("prediction-powered, 60 labels")
    mirrored = correct(REST, told, evidence(calibrations=(), labels=labels))
    assert value(mirrored) == pytest.approx(0.5, abs=0.1)


def test_too_few_labels_leave_the_calibration_or_both_reasons() -> None:
    told = items(130, 270)
    few = {(told[0].sample.id, 0, "even"): 1}
    found = correct(RATE, told, evidence(labels=few))
    assert isinstance(found, Interval) and found.method.startswith("Rogan-Gladen")
    both = reason(correct(RATE, told, evidence(calibrations=(), labels=few)))
    assert "was not measured" in both and "1 of the answers" in both


def carried_out(tmp_path: Path) -> Run:
    metric = Metric(name="right", compute=mean(), event="right", by=("parity",))
    benchmark = toy(metrics=(metric,))
    plan = planned(open_model("mock/random"), 60, benchmark=benchmark)
    return run(plan, open_model("mock/random"), options=Options(out=tmp_path))


def relabelled(done: Run) -> dict[tuple[str, str], object]:
    metric = Metric(name="right", compute=mean(), event="right", by=("parity",))
    benchmark = toy(metrics=(metric,), judge=yes_no())
    found = relabel(done.path, lambda id: benchmark)
    return {(e.score_set, e.slice): e for e in found}


def label_all(done: Run, pick: str, n: int = 40) -> None:
    rows = done.samples[done.samples.score_set == "upright"].head(n)
    for row in rows.itertuples():
        told = Label(
            benchmark="truthfulness/toy",
            score_set="upright",
            sample_id=str(row.sample_id),
            epoch=0,
            event="right",
            label=int(float(str(row.value)) == 1.0),
            pick=pick,
        )
        append_label(done.path, told)


def test_labels_change_the_corrections_of_a_stored_run_and_nothing_else(tmp_path: Path) -> None:
    done = carried_out(tmp_path)
    before = done.estimates
    assert before.correction.str.startswith("not corrected").all()
    label_all(done, "random")
    relabelled(done)
    after = Run(done.path).estimates
    raw = [name for name in before.columns if not name.startswith("correct")]
    assert after[raw].equals(before[raw])
    whole = after.query("score_set == 'upright' and slice == ''").iloc[0]
    assert whole.correction.startswith("prediction-powered, 40 labels")
    assert whole.corrected_low <= whole.value <= whole.corrected_high
    assert after.query("score_set == 'published'").corrected.isna().all()


def test_uncertain_picks_correct_nothing_and_labels_can_be_taken_back(tmp_path: Path) -> None:
    done = carried_out(tmp_path)
    label_all(done, UNCERTAIN)
    relabelled(done)
    assert Run(done.path).estimates.corrected.isna().all()
    assert not usable(read_labels(done.path), "truthfulness/toy", "upright")
    label_all(done, "random")
    relabelled(done)
    assert np.isfinite(Run(done.path).estimates.corrected).any()
    for about in list(read_labels(done.path)):
        append_label(done.path, Label(**about._asdict(), label=None))
    relabelled(done)
    assert Run(done.path).estimates.corrected.isna().all()
