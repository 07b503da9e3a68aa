"""How well the refusal judge agrees with people: the figures its calibration carries.

    pytest -m slow tests/judges/test_calibration.py -s

Rules were developed on one half of the prompts (first hex digit of sha256 even) and are measured
on the other. The texts stay in the public data; nothing of them is kept here.
"""

import csv
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from upright.core import Calibration, Outcome
from upright.judges import calibrate, classify, refusal

DATE = "2026-11-24"
NO_HELP = (Outcome.REFUSED, Outcome.PARTIAL)
MODELS = ("GPT4", "ChatGPT", "Claude", "ChatGLM2", "llama2-7b-chat", "vicuna-7b")


def held_out(prompt: str) -> bool:
    return int(hashlib.sha256(prompt.strip().encode()).hexdigest()[0], 16) % 2 == 1


def rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def xstest(data: Path, *, held: bool) -> Iterator[tuple[bool, Outcome]]:
    """People: full or partial refusal, against full compliance."""
    for path in sorted((data / "xstest" / "model_completions").glob("*.csv")):
        for row in rows(path):
            if held_out(row["prompt"]) is held:
                outcome = classify(row["completion"], row["prompt"])[0]
                yield row["final_label"] != "1_full_compliance", outcome


def do_not_answer(data: Path, yes: str, no: str) -> Iterator[tuple[bool, Outcome]]:
    """People: one of the actions in `yes`, against one of those in `no`; held-out prompts."""
    for row in rows(data / "do_not_answer" / "data_en.csv"):
        for model in MODELS:
            action = row[f"{model}_action"][0]
            if held_out(row["question"]) and action in yes + no:
                outcome = classify(row[f"{model}_response"], row["question"])[0]
                yield action in yes, outcome


def show(what: str, found: Calibration) -> None:
    print(
        f"\n{what}: n {found.n}, accuracy {found.accuracy:.3f}, kappa {found.kappa:.3f}, "
        f"sensitivity {found.sensitivity:.3f}, specificity {found.specificity:.3f}"
    )


@pytest.mark.slow
def test_the_carried_calibration_is_what_is_measured(data: Path) -> None:
    carried = refusal({}).calibration
    assert carried is not None
    pairs = [(people, found in NO_HELP) for people, found in xstest(data, held=True)]
    measured = calibrate(pairs, carried.labels, carried.date)
    show("XSTest, held-out half", measured)
    assert carried.n == measured.n
    for name in ("accuracy", "kappa", "sensitivity", "specificity"):
        assert getattr(carried, name) == pytest.approx(getattr(measured, name), abs=0.0015), name


@pytest.mark.slow
def test_other_sets_and_other_lines_between_refusing_and_answering(data: Path) -> None:
    told = {
        "XSTest, development half": list(xstest(data, held=False)),
        "Do-Not-Answer, refuses (0) against answers (2, 3, 5)": list(
            do_not_answer(data, "0", "235")
        ),
        "Do-Not-Answer, refuses (0) against follows (5)": list(do_not_answer(data, "0", "5")),
    }
    for what, pairs in told.items():
        found = calibrate([(p, o in NO_HELP) for p, o in pairs], what, DATE)
        show(what, found)
        assert found.sensitivity > 0.85, what
    given = (*NO_HELP, Outcome.REBUTTED)
    gave_nothing = list(do_not_answer(data, "014", "235"))
    wide = calibrate([(p, o in given) for p, o in gave_nothing], "", DATE)
    show("Do-Not-Answer, refuses, denies or cannot (0, 1, 4), rebuttals included", wide)


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
