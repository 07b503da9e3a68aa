"""The paper's rank card, rebuilt from its table, and what the paper's own card has wrong."""

import msgspec
import pytest

from upright.comparisons.many_runs.anomalies import anomalies
from upright.comparisons.many_runs.leaderboard import published_board
from upright.comparisons.many_runs.rank_card import rank_card
from upright.comparisons.many_runs.table import Cell, Column, Table, published_table
from upright.data.published import CardRow, Published, published

AS_PUBLISHED = {
    "GPT-4": 4.81,
    "Llama2-70b": 5.26,
    "ChatGPT": 5.87,
    "Llama2-13b": 6.03,
    "ERNIE": 6.77,
    "Llama2-7b": 7.29,
    "Wizardlm-13b": 7.42,
    "Vicuna-33b": 7.65,
    "Mistral-7b": 7.77,
    "Vicuna-13b": 8.06,
    "ChatGLM2": 9.55,
    "PaLM2": 10.29,
    "Koala-13b": 11.06,
    "Vicuna-7b": 11.19,
    "Baichuan-13b": 11.61,
    "Oasst-12b": 11.65,
}
CORRECTED = {
    "GPT-4": 4.97,
    "Llama2-70b": 5.42,
    "ChatGPT": 6.23,
    "Llama2-13b": 6.48,
    "Llama2-7b": 7.19,
    "ERNIE": 7.23,
    "Wizardlm-13b": 7.45,
    "Mistral-7b": 7.48,
    "Vicuna-33b": 7.81,
    "Vicuna-13b": 8.35,
    "ChatGLM2": 9.52,
    "PaLM2": 9.94,
    "Vicuna-7b": 10.77,
    "Koala-13b": 10.90,
    "Oasst-12b": 11.16,
    "Baichuan-13b": 11.39,
}


def test_average_places_in_both_directions() -> None:
    board = published_board()
    corrected = {a.model: a.value for a in board.card.averages}
    theirs = {a.model: a.value for a in board.as_published}
    assert corrected == pytest.approx(CORRECTED, abs=0.01)
    assert theirs == pytest.approx(AS_PUBLISHED, abs=0.01)
    assert list(corrected) == list(CORRECTED), "the order too"
    assert list(theirs) == list(AS_PUBLISHED)
    assert board.card.averaged_columns == 31


def test_the_right_order_of_the_inverted_row() -> None:
    row = rank_card(published_table()).row("Disp. sex p")
    assert row is not None
    order = ["Oasst-12b", "Vicuna-7b", "PaLM2", "Mistral-7b", "Baichuan-13b", "Koala-13b"]
    assert [r.model for r in row.ranks[:8]] == [*order, "Llama2-7b", "ChatGLM2"]


def test_every_known_anomaly_is_found_and_named() -> None:
    found = {(a.kind, a.columns): a for a in anomalies()}
    assert set(found) == {
        ("direction", ("Disp. sex p",)),
        ("place", ("Pers. syc",)),
        ("place", ("Halluc.",)),
        ("ties", ("Moral low acc",)),
        ("ties", ("Moral high RtA",)),
        ("ties", ("Emotion",)),
        ("label", ("SocChem", "ETHICS", "Moral low acc", "Moral high RtA")),
        ("average order", ("Disp. sex p",)),
    }
    assert "ascending" in found["direction", ("Disp. sex p",)].told
    persona = found["place", ("Pers. syc",)]
    assert persona.models == ("PaLM2",)
    assert "4th; it ranks 14th" in persona.told
    hallucination = found["place", ("Halluc.",)]
    assert hallucination.models == ("Oasst-12b", "Llama2-13b")
    assert "7th, shared with Vicuna-33b (0.423); it ranks 8th" in hallucination.told
    assert (
        "interchanged"
        in found["label", ("SocChem", "ETHICS", "Moral low acc", "Moral high RtA")].told
    )


def _with(rows: tuple[CardRow, ...]) -> Published:
    """The paper's table with another card, whose chart of averages is right."""
    facts = published()
    card = msgspec.structs.replace(facts.card, rows=rows, average_order=tuple(CORRECTED))
    return msgspec.structs.replace(facts, card=card)


def test_a_card_without_mistakes_has_no_anomaly() -> None:
    right = (
        CardRow(column="Disp. sex p", places={"ERNIE": 15, "Oasst-12b": 1}),
        CardRow(column="Pers. syc", places={"PaLM2": 14}),
        CardRow(column="ETHICS", kind="implicit"),
        CardRow(column="Emotion", ties="shared"),
        CardRow(column="Internal", ties="broken"),  # it has no ties to break
    )
    assert anomalies(_with(right)) == ()


def test_other_mistakes_are_found_as_well() -> None:
    """Detection compares; it knows no anomaly by name."""
    wrong = (
        CardRow(column="Toxicity", places={"GPT-4": 1}),
        CardRow(column="Internal", places={"GPT-4": 3}),
        CardRow(column="Emotion", kind="privacy"),
    )
    kinds = [(a.kind, a.columns) for a in anomalies(_with(wrong))]
    assert kinds == [
        ("direction", ("Toxicity",)),
        ("place", ("Internal",)),
        ("label", ("Emotion",)),
    ]


def test_places_have_intervals_where_the_number_of_trials_is_known_and_say_why_elsewhere() -> None:
    card = rank_card(published_table())
    for row in card.rows:
        column = published().column(row.column)
        assert column is not None
        has = [r.low is not None and r.high is not None for r in row.ranks]
        assert all(has) if column.n else not any(has)
        assert bool(row.no_interval) == (column.n is None)
        for ranked in row.ranks:
            if ranked.low is not None and ranked.high is not None:
                assert ranked.low <= ranked.rank <= ranked.high
    assert sum(not row.no_interval for row in card.rows) == 15


def test_gaps_are_left_out_of_the_averages() -> None:
    columns = tuple(
        Column(key=key, benchmark=key, dimension="safety", metric="m", higher_is_better=up)
        for key, up in (("up", True), ("down", False), ("gap", True))
    )
    cells = {
        "up": {"a": Cell(value=0.9), "b": Cell(value=0.1)},
        "down": {"a": Cell(value=0.1), "b": Cell(value=0.1)},
        "gap": {"b": Cell(value=1.0)},
    }
    card = rank_card(Table(origin="measured here", models=("a", "b"), columns=columns, cells=cells))
    assert {a.model: a.value for a in card.averages} == {"a": 1.0, "b": 1.5}
    assert card.averaged_columns == 2


def test_the_board_keeps_later_models_apart_with_their_faults() -> None:
    board = published_board()
    assert len(board.card.averages) == 16
    assert [later.model for later in board.later] == [
        *("ChatGLM3", "Llama3-8b", "Llama3-70b", "GLM4", "Mixtral")
    ]
    assert all("Exagg." in later.faults for later in board.later)
