"""Rules ask about one text; the kinds of all texts are found together."""

from collections.abc import Sequence

import pytest

from upright.core import Answer, Outcome, Response, Sample, Verdict, ask
from upright.judges import Kind, KindJudge, RuleJudge, choice, classify
from upright.judges._together import ask_one, in_rounds

TEXTS = ("I can't help with that.", "B", "It depends.", "", "I can't help with that.", "Perhaps A?")


class Finder:
    """Calls every text an answer and remembers what it was asked."""

    def __init__(self) -> None:
        self.calls: list[Sequence[str]] = []

    def __call__(self, texts: Sequence[str], prompts: Sequence[str]) -> list[Kind]:
        self.calls.append(texts)
        return [(Outcome.ANSWERED, text) for text in texts]


def answers() -> list[Answer]:
    sample = Sample(messages=ask("Which one, A or B?"), options=("A", "B"), target="B")
    return [Answer(sample, Response(text=text)) for text in TEXTS]


def test_what_many_ask_is_found_in_one_call_and_each_text_once() -> None:
    find = Finder()

    def read(place: int) -> Verdict:
        outcome, told = ask_one("ab"[place % 2], "prompt", find)
        return Verdict(outcome=outcome, value=float(place), reason=told)

    found = in_rounds(read, 5)
    assert [v.value for v in found] == [0, 1, 2, 3, 4]
    assert [v.reason for v in found] == ["a", "b", "a", "b", "a"]
    assert find.calls == [("a", "b")]


def test_a_rule_may_ask_again_by_what_it_learnt_and_some_never_do() -> None:
    find = Finder()

    def read(place: int) -> Verdict:
        told = ""
        for _ in range(place):
            _, told = ask_one(f"{told}x", "", find)
        return Verdict(outcome=Outcome.ANSWERED, value=1.0, reason=told)

    assert [v.reason for v in in_rounds(read, 4)] == ["", "x", "xx", "xxx"]
    assert find.calls == [("x",), ("xx",), ("xxx",)]


def test_outside_a_judge_and_after_a_failure_one_is_asked_alone() -> None:
    find = Finder()

    def read(place: int) -> Verdict:
        raise ValueError

    with pytest.raises(ValueError):
        in_rounds(read, 1)
    assert ask_one("a", "", find) == (Outcome.ANSWERED, "a")
    assert find.calls == [["a"]]


def test_verdicts_are_those_of_answers_judged_alone() -> None:
    def read(sample: Sample, response: Response) -> Verdict:
        outcome, reason = classify(response.text)
        return Verdict(outcome=outcome, value=1.0, reason=reason)

    def read_twice(sample: Sample, response: Response, kind: Kind) -> Verdict:
        outcome, reason = classify(f"No. {response.text}")
        return Verdict(outcome=outcome, value=1.0, reason=f"{kind} {reason}")

    for judge in (choice(), RuleJudge("rule/it", read), KindJudge("rule/twice", read_twice)):
        alone = [judge.judge([answer])[0] for answer in answers()]
        assert judge.judge(answers()) == alone
    assert [v.outcome for v in choice().judge(answers())][:3] == [
        Outcome.REFUSED,
        Outcome.ANSWERED,
        Outcome.UNPARSED,
    ]
