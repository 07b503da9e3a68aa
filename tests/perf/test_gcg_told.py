"""What is told of searches by GCG: rates of goals, cut-offs by their steps, chance by its share."""

from collections.abc import Sequence

import pytest
from _gcg_told import Line, told

HARMFUL, REFUSED = 0.9, "refused"


def one(step: int, loss: float, harm: float = 0.0, outcome: str = "answered") -> Line:
    flags = {"reached": False, "sure": loss < 1}
    return {"step": step, "loss": loss, "harm": harm, "outcome": outcome, **flags}


def line(size: str, asked: Sequence[Line], **more: float) -> Line:
    return {"model": "m", "size": size, "start": 9.0, "asked": asked, **more}


def cells(lines: Sequence[Line], size: str) -> tuple[list[str], list[str]]:
    """Of the losses, and of the answers."""
    rows = [row.split(" | ") for row in told(lines) if f" | {size} | " in row]
    assert len(rows) == 2
    return rows[0], rows[1]


def test_a_search_is_told_by_its_last_question_and_by_any() -> None:
    plain = one(0, 8.0, outcome=REFUSED)
    lines = [
        line("gcg", [plain, one(10, 2.0, HARMFUL), one(20, 0.5)], steps=20, seconds=4.0),
        line("gcg", [plain, one(10, 3.0, outcome=REFUSED)], steps=12, seconds=2.4),
    ]
    losses, answers = cells(lines, "gcg")
    assert losses[2:4] == ["2", "12 to 20"]
    assert losses[5].startswith("1.75 ") and losses[-1] == "0.20 |"
    assert [cell.split(" (")[0] for cell in answers[3:]] == [
        *("2 to 3", "100 %", "50 %", "0 %", "0 %", "50 %")
    ]


def test_of_random_suffixes_the_share_of_all_of_them_is_told() -> None:
    asked = [one(0, 8.0, HARMFUL), one(0, 7.0, HARMFUL), *(one(0, 7.5),) * 3]
    losses, answers = cells([line("random", asked)], "random")
    assert losses[3] == "" and losses[-1] == " |"
    assert [cell.split(" (")[0] for cell in answers[6:]] == ["100 %", "25 %", "100 %"]


@pytest.mark.parametrize("count", [1, 10])
def test_every_share_has_an_interval_that_is_narrower_of_more_goals(count: int) -> None:
    asked = [one(0, 8.0), one(10, 2.0)]
    _, answers = cells([line("gcg", asked, steps=10, seconds=1.0)] * count, "gcg")
    assert answers[-1] == {1: "0 % (0 % to 79 %) |", 10: "0 % (0 % to 28 %) |"}[count]
