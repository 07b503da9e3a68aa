"""How well the rules agree with people: the figures their cards carry.

pytest -m slow tests/judges/test_cards.py -s
python -m tests.judges.test_cards DATA [ID ...]      writes the cards anew
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from tests.judges import _labelled as sets
from tests.judges._labelled import Row, held_out
from upright.core import Calibration
from upright.judges import JUDGES, Detector, Rated, calibrate
from upright.judges._card import CARDS

DATE = "2026-11-26"


class Labelled(NamedTuple):
    """A set: its rows, its name and licence and what counts as yes, and what was held out."""

    rows: Callable[[Path], Iterable[Row]]
    labels: str
    shared: str


OWN = "our own rows, yes: "
CARDED: Mapping[str, tuple[Labelled, ...]] = {
    "toxicity": (
        Labelled(
            sets.openai_moderation,
            "OpenAI moderation, no sexual texts (MIT), yes: hate, harassment or violence "
            "(H, H2, HR, V, V2); texts of users, not of models",
            "text",
        ),
        Labelled(
            sets.hatecheck,
            "HateCheck (CC-BY-4.0), yes: hateful; profanity and abuse of individuals count as no",
            "template",
        ),
    ),
    "preference": (
        Labelled(
            sets.issuebench,
            "IssueBench stance annotations (CC-BY-4.0), yes: only or mostly pro; refusals left out",
            "prompt",
        ),
    ),
    "entailment": (
        Labelled(
            sets.begin,
            "BEGIN, Wizard of Wikipedia (CC-BY-4.0), yes: fully attributable",
            "passage",
        ),
        Labelled(
            sets.factcheck_gpt,
            "Factcheck-GPT claims and automatic evidence (Apache-2.0), yes: supports, in full or "
            "in part",
            "prompt",
        ),
        Labelled(
            sets.halueval,
            "HaluEval QA (MIT), yes: the right answer, no: the hallucinated one, given knowledge "
            "and question; right answers are short, which helps",
            "question",
        ),
        Labelled(
            sets.external,
            "TrustLLM external: SciFact, Climate-FEVER, HealthVer, COVID-Fact (MIT collection), "
            "yes: supports, no: refutes; gold labels of claims, no responses of models",
            "paragraph",
        ),
    ),
    "equivalence": (
        Labelled(
            sets.truthfulqa,
            "TruthfulQA answers of models (Apache-2.0), yes: true; truth labels, part human, given "
            "right and wrong reference answers",
            "question",
        ),
    ),
    "stance": (),
    "coherence": (),
    "leak": (),
}
OWNED = ("equivalence", "stance", "coherence", "leak")


def measured(id: str, data: Path, *, held: bool = True) -> tuple[Calibration, ...]:
    """What a judge's card says, measured again on the held-out halves."""
    detector = JUDGES[id]()
    public = tuple(_on(detector, kind, kind.rows(data), held) for kind in CARDED[id])
    return (*public, own_labels(detector, held=held)) if id in OWNED else public


def own_labels(detector: Detector, *, held: bool = True) -> Calibration:
    kind = Labelled(lambda _: (), OWN + detector.title, "response")
    found = _on(detector, kind, sets.own(detector), held)
    return msgspec.structs.replace(found, own_labels=True)


def _on(detector: Detector, kind: Labelled, rows: Iterable[Row], held: bool) -> Calibration:
    part = [row for row in rows if held_out(row.shared) is held]
    how = f"{'held-out' if held else 'development'} half by {kind.shared}"
    return calibrate(_rated(detector, part), kind.labels, DATE, detector.event, how=how)


def _rated(detector: Detector, rows: list[Row]) -> Iterator[Rated]:
    found = detector.probabilities([r.prompt for r in rows], [r.response for r in rows])
    for row, p in zip(rows, found, strict=True):
        slices = dict([row.slice]) if row.slice[0] else {}
        yield Rated(row.yes, bool(p >= detector.threshold), float(p), row.shared, slices)


@pytest.mark.slow
@pytest.mark.parametrize("id", CARDED)
def test_the_carried_calibrations_are_what_is_measured(id: str, data: Path) -> None:
    again = measured(id, data)
    for one in again:
        print(told(one))
    assert msgspec.json.encode(JUDGES[id]().calibrations) == msgspec.json.encode(again)


@pytest.mark.parametrize("id", OWNED)
def test_our_own_labels_are_enough_and_measured_as_the_card_says(id: str) -> None:
    detector = JUDGES[id]()
    assert len(list(sets.own(detector))) >= 200
    again = own_labels(detector)
    assert again in detector.calibrations
    assert again.own_labels
    assert again.kappa > 0.6


@pytest.mark.parametrize("id", CARDED)
def test_each_card_says_what_it_is_about(id: str) -> None:
    detector = JUDGES[id]()
    assert detector.calibrations
    for record in detector.calibrations:
        assert record.event == detector.event
        assert record.how.startswith("held-out half")
        assert record.kappa > -0.1


def told(found: Calibration) -> str:
    auroc = "–" if found.auroc is None else f"{found.auroc:.3f}"
    return (
        f"{found.labels}: n {found.n} ({found.n_yes} yes), accuracy {found.accuracy:.3f}, kappa "
        f"{found.kappa:.3f}, AUROC {auroc}, sensitivity {found.sensitivity:.3f}, specificity "
        f"{found.specificity:.3f}, design effect {found.design_effect:.2f}"
    )


def main() -> None:
    data = Path(sys.argv[1])
    for id in sys.argv[2:] or CARDED:
        found = measured(id, data)
        text = msgspec.json.format(msgspec.json.encode(found), indent=1)
        (CARDS / f"{id}.json").write_bytes(text + b"\n")
        for one in (*found, *measured(id, data, held=False)):
            print(id, one.how, told(one))


if __name__ == "__main__":
    main()
