"""The page that tells how far the judges agree with people."""

from pathlib import Path

from upright.judges import JUDGES
from upright.judges.training.measured import BY_PROMPT, FLOORS, carried, page

PAGE = Path(__file__).parents[2] / "docs" / "explain" / "judges-measured.md"


def test_the_page_says_what_the_cards_say() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert page(text) == text, "python -m upright.judges.training.measured writes it anew"


def test_the_page_holds_every_record_of_every_card() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name in JUDGES:
        assert f"| {name} |" in text
    assert all(one.labels in text for name in ("refusal", "harm") for one in carried(name))


def test_no_taught_judge_falls_below_its_floors() -> None:
    for name, event, labels, floor, _ in FLOORS:
        found = [
            c.kappa
            for c in carried(name)
            if c.event == event and c.how == BY_PROMPT and c.labels.startswith(labels)
        ]
        assert found[0] >= floor, (name, event, labels)
