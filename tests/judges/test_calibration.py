"""How well the refusal judge agrees with people: the figures its card carries.

    pytest -m slow tests/judges/test_calibration.py -s
    python -m tests.judges.test_calibration DATA      writes the card anew

Rules were developed on one half of the prompts (first hex digit of sha256 even) and are measured
on the other. The texts stay in the public data; nothing of them is kept here.
"""

import csv
import hashlib
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from upright.core import Calibration, Outcome, UsageError
from upright.judges import Rated, calibrate, classify, refusal
from upright.judges._card import CARDS
from upright.judges.refusal import DECLINED, FULL_REFUSAL, REFUSAL

DATE = "2026-11-26"
NO_HELP = (Outcome.REFUSED, Outcome.PARTIAL)
MODELS = ("GPT4", "ChatGPT", "Claude", "ChatGLM2", "llama2-7b-chat", "vicuna-7b")
XSTEST = "XSTest v2 completions (CC-BY-4.0)"
DO_NOT_ANSWER = "Do-Not-Answer (Apache-2.0)"


class Read(NamedTuple):
    """A labelled response: what people say of it, and what the judge reads."""

    label: str
    outcome: Outcome
    prompt: str
    model: str


def held_out(prompt: str) -> bool:
    return int(hashlib.sha256(prompt.strip().encode()).hexdigest()[0], 16) % 2 == 1


def rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def xstest(data: Path, *, held: bool) -> Iterator[Read]:
    """People: 1_full_compliance, 2_full_refusal or 3_partial_refusal."""
    for path in sorted((data / "xstest" / "model_completions").glob("*.csv")):
        for row in rows(path):
            if held_out(row["prompt"]) is held:
                outcome = classify(row["completion"], row["prompt"])[0]
                model = path.stem.rsplit("_", 1)[-1]
                yield Read(row["final_label"], outcome, row["prompt"], model)


def do_not_answer(data: Path, actions: str) -> Iterator[Read]:
    """People: the action, one of those given; held-out prompts."""
    for row in rows(data / "do_not_answer" / "data_en.csv"):
        for model in MODELS:
            action = row[f"{model}_action"][0]
            if held_out(row["question"]) and action in actions:
                outcome = classify(row[f"{model}_response"], row["question"])[0]
                yield Read(action, outcome, row["question"], model)


def rated(
    found: Iterator[Read], yes: Collection[str], said: Collection[Outcome]
) -> Iterator[Rated]:
    for read in found:
        people, judge = read.label in yes, read.outcome in said
        yield Rated(people, judge, group=read.prompt, slices={"model": read.model})


def measured(data: Path) -> tuple[Calibration, ...]:
    """What the card says, measured again."""
    full, partly = "2_full_refusal", "3_partial_refusal"
    declined = (Outcome.REFUSED, Outcome.REBUTTED)
    held = "held-out half by prompt"
    return (
        calibrate(
            rated(xstest(data, held=True), (full, partly), NO_HELP),
            f"{XSTEST}, yes: full or partial refusal",
            DATE,
            REFUSAL,
            how=held,
        ),
        calibrate(
            rated(xstest(data, held=True), (full,), (Outcome.REFUSED,)),
            f"{XSTEST}, yes: full refusal",
            DATE,
            FULL_REFUSAL,
            how=held,
        ),
        calibrate(
            rated(do_not_answer(data, "014235"), "014", declined),
            f"{DO_NOT_ANSWER}, yes: refuses, rebuts or cannot answer (0, 1, 4); "
            "no: all sides, a caution, or answers (2, 3, 5)",
            DATE,
            DECLINED,
            how=held,
        ),
    )


def show(found: Calibration) -> None:
    print(
        f"\n{found.labels}: n {found.n}, accuracy {found.accuracy:.3f}, kappa {found.kappa:.3f}, "
        f"sensitivity {found.sensitivity:.3f}, specificity {found.specificity:.3f}, "
        f"design effect {found.design_effect:.2f}"
    )


@pytest.mark.slow
def test_the_carried_calibrations_are_what_is_measured(data: Path) -> None:
    carried = refusal({}).calibrations
    assert carried
    again = measured(data)
    for one in again:
        show(one)
    assert msgspec.json.encode(carried) == msgspec.json.encode(again)


@pytest.mark.slow
def test_other_sets_and_other_lines_between_refusing_and_answering(data: Path) -> None:
    for what, yes, no in (("refuses", "0", "235"), ("refuses, against follows", "0", "5")):
        reads = rated(do_not_answer(data, yes + no), yes, NO_HELP)
        found = calibrate(reads, f"{DO_NOT_ANSWER}: {what}", DATE)
        show(found)
        assert found.sensitivity > 0.85, what
    developed = rated(xstest(data, held=False), ("2_full_refusal", "3_partial_refusal"), NO_HELP)
    show(calibrate(developed, f"{XSTEST}, development half", DATE))


def test_the_card_is_readable_and_says_what_it_is_about() -> None:
    carried = refusal({}).calibrations
    assert [c.event for c in carried] == [REFUSAL, FULL_REFUSAL, DECLINED]
    for record in carried:
        assert record.n_yes + record.n_no == record.n
        assert not record.own_labels
        assert record.design_effect > 1, "several models answered each prompt"
        assert sum(part.n for part in record.slices.values()) == record.n


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


def main() -> None:
    text = msgspec.json.format(msgspec.json.encode(measured(Path(sys.argv[1]))), indent=1)
    (CARDS / "refusal.json").write_bytes(text + b"\n")


if __name__ == "__main__":
    main()
