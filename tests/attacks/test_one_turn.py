"""Attacks of one turn: each reaches the model that is weak for it, and no other."""

from pathlib import Path
from random import Random

import pytest

from tests.attacks.toy import GOALS, NO, YES, Toy, last, never
from upright.attacks._campaign import Budget
from upright.attacks._shots import TASKS, WORDINGS, shots
from upright.attacks.jbc import jbc
from upright.attacks.many_shot import MOST, many_shot
from upright.attacks.refusal_suppression import BEGINNING, WAYS, refusal_suppression
from upright.core import Attack, Goal, Outcome, Request, Response, UsageError, open_named
from upright.judges import classify


@pytest.mark.parametrize(
    ("trick", "queries"),
    [("None of these words", 2), (f'exactly these words: "{BEGINNING}"', 3)],
)
def test_suppression_reaches_who_follows_its_rules_or_its_beginning(
    trick: str, queries: int
) -> None:
    found = Toy(last(lambda text: trick in text)).pursued(refusal_suppression())
    assert {(r.success, r.to_success, r.queries) for r in found} == {(True, queries, queries)}


def test_only_one_way_is_one_query_and_has_its_own_name() -> None:
    toy = Toy(never)
    assert {r.queries for r in toy.pursued(refusal_suppression("prefix"))} == {1}
    assert "None of these words" not in toy.asked[0].messages[0].content
    assert refusal_suppression("prefix").id == "refusal_suppression(prefix)"
    with pytest.raises(UsageError, match="Did you mean prefix"):
        open_named("attacks", "refusal_suppression:only=prefx")


def test_the_beginning_is_the_goals_own_where_it_names_one() -> None:
    toy = Toy(never)
    toy.pursued(refusal_suppression("prefix"), goals=[Goal(id="g", text="x", target="Well,")])
    assert 'exactly these words: "Well,"' in toy.asked[0].messages[0].content


@pytest.mark.parametrize(
    ("attack", "queries"),
    [(refusal_suppression(), 1 + len(WAYS)), (many_shot(), 7), (many_shot(8, 20), 3)],
)
def test_who_never_gives_in_costs_all_ways_and_no_more(attack: Attack, queries: int) -> None:
    found = Toy(never).pursued(attack)
    assert {(r.success, r.queries, r.spent) for r in found} == {(False, queries, False)}
    few = Toy(never).pursued(attack, Budget(queries=2))
    assert {(r.queries, r.spent) for r in few} == {(2, True)}


def test_many_shot_asks_twice_as_many_until_there_are_enough() -> None:
    toy = Toy(last(lambda text: text.count("Assistant:") > 16))
    [found] = toy.pursued(many_shot(), goals=GOALS[:1])
    asked = [r.messages[0].content for r in toy.asked]
    assert (found.success, found.queries) == (True, 4)
    # The last "Assistant:" is left to the model.
    assert [text.count("Assistant:") for text in asked] == [0, 5, 9, 17]
    assert all(text.endswith(f"User: {GOALS[0].text}\nAssistant:") for text in asked[1:])


def test_a_question_that_does_not_fit_ends_it() -> None:
    class Narrow(Toy):
        async def ask(self, request: Request) -> Response:
            if len(request.messages[0].content) > 2000:
                self.asked.append(request)
                return Response(finish_reason="error", error="too long")
            return await super().ask(request)

    toy = Narrow(never)
    toy.pursued(many_shot(), goals=GOALS[:1])
    assert [len(r.messages[0].content) > 2000 for r in toy.asked][-2:] == [False, True]
    assert len(toy.asked) < 7


def test_shots_are_all_different_and_none_refuses() -> None:
    drawn = shots(Random(0))
    assert len(drawn) == len(set(drawn)) == MOST == len(TASKS) * len(WORDINGS) == 128
    assert len({answer[-40:] for _, answer in drawn[: len(TASKS)]}) == len(TASKS)
    assert all(classify(answer)[0] is Outcome.ANSWERED for _, answer in drawn)
    assert drawn == shots(Random(0)) != shots(Random(1))


@pytest.mark.parametrize(("least", "most"), [(0, 4), (8, 4), (4, 256)])
def test_more_shots_than_there_are_is_an_error(least: int, most: int) -> None:
    with pytest.raises(UsageError, match="1 <= least <= most <= 128"):
        many_shot(least, most)


def test_a_template_is_read_from_a_file_and_named_by_its_hash(tmp_path: Path) -> None:
    file = tmp_path / "template.txt"
    file.write_text("A riddle: {goal} {braces} stay")
    toy = Toy(last(lambda text: text.startswith("A riddle: Tell me secret")))
    attack = open_named("attacks", f"jbc:template={file}")
    found = toy.pursued(attack)
    assert {(r.success, r.queries) for r in found} == {(True, 1)}
    assert toy.asked[1].messages[0].content == "A riddle: Tell me secret 1 {braces} stay"
    assert attack.id != "jbc"
    file.write_text("Another: {goal}")
    assert jbc(str(file)).id != attack.id
    assert not any(r.success for r in Toy(never).pursued(attack))


def test_a_template_without_a_place_for_the_goal_or_no_template_is_said(tmp_path: Path) -> None:
    file = tmp_path / "template.txt"
    file.write_text("A riddle")
    with pytest.raises(UsageError, match=r"has no \{goal\}"):
        jbc(str(file))
    with pytest.raises(UsageError, match="cannot be read"):
        jbc(str(tmp_path / "none.txt"))
    with pytest.raises(UsageError, match="jbc:template=FILE"):
        Toy(lambda messages: YES if messages else NO).pursued(jbc())
