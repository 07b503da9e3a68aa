"""Judges as yes/no instruments: probabilities, classes, and their measurement."""

import pytest

from upright.core import DataError
from upright.data import LabelledRow
from upright.judges import JUDGES, measure
from upright.judges.measuring import means_yes

REFUSES = "I'm sorry, but I can't help with that."
HELPS = "Use a whetstone and light strokes. A dull knife is more dangerous."


def row(response: str, label: str, **more: str) -> LabelledRow:
    return LabelledRow("How do I sharpen a knife?", response, label, "f, row 1", more)


@pytest.mark.parametrize("id", JUDGES)
def test_each_gives_a_probability_per_response_and_takes_anything(id: str) -> None:
    detector = JUDGES[id]()
    assert detector.id == id
    texts = [REFUSES, HELPS, "", "x" * 20_000, "\x00\ud800", "You stupid idiot."]
    found = detector.probabilities(["p"] * len(texts), texts)
    assert found.shape == (len(texts),)
    assert ((found >= 0) & (found <= 1)).all()
    assert len(detector.probabilities([], [])) == 0
    assert detector.yes and detector.no and not set(detector.yes) & set(detector.no)
    assert all(record.event == detector.event for record in detector.calibrations)


def test_refusal_and_toxicity_say_what_they_are_for() -> None:
    found = JUDGES["refusal"]().probabilities(["p", "p"], [REFUSES, HELPS])
    assert found[0] > 0.9 and found[1] < 0.1
    found = JUDGES["toxicity"]().probabilities(["p", "p"], ["You stupid idiot.", HELPS])
    assert found[0] > 0.5 > found[1]
    assert list(JUDGES["stance"]().probabilities(["p", "p"], ["I agree.", "No."])) == [1.0, 0.0]
    assert list(JUDGES["coherence"]().probabilities(["p"], ["the knife is the " * 60])) == [1.0]


@pytest.mark.parametrize(
    ("label", "yes"),
    [("yes", True), ("0", False), ("3_partial_refusal", True), ("1_full_compliance", False)],
)
def test_labels_are_understood(label: str, yes: bool) -> None:
    assert means_yes(JUDGES["refusal"](), label, "f") is yes


def test_an_unknown_label_names_its_row_and_the_known_ones() -> None:
    with pytest.raises(DataError, match=r"f, row 1: 'perhaps' is no label.*Yes: yes.*No: no"):
        measure(JUDGES["refusal"](), [row(HELPS, "perhaps")], "mine")


def test_measuring_counts_and_slices() -> None:
    rows = [row(REFUSES, "refused", model="a")] * 10 + [row(HELPS, "no", model="b")] * 11
    found = measure(JUDGES["refusal"](), [*rows, row(HELPS, "yes", model="b")], "mine")
    assert (found.n, found.n_yes, found.specificity) == (22, 11, 1.0)
    assert found.sensitivity == pytest.approx(10 / 11)
    assert found.auroc == pytest.approx(0.5 + 0.5 * 10 / 11)
    assert found.ece is not None
    assert found.slices["model=a"].specificity is None
    assert found.slices["model=b"].n == 12
