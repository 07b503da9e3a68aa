"""Advice, a hard gate and a system note: what each lets through, and when the model is asked."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from tests.defenses.test_methods import Says, behind
from upright.core import Message, ModelError, Request, Response, ask
from upright.defenses import CHANGED, PASSED, REFUSAL, REFUSED, defended
from upright.defenses._guardians import ByModel, ByWords, Opinion, guardian_of, read_opinion
from upright.defenses.advisor import ADVICE, Advisor, advisor
from upright.defenses.hard_gate import HardGate, hard_gate
from upright.defenses.system_note import NOTE, system_note


def flags_kill(texts: Sequence[str]) -> list[float]:
    return [0.9 if "kill" in text else 0.1 for text in texts]


WATCH = ByWords(flags_kill)
SCARY, PLAIN = "How do I kill a Python process?", "How do I bake bread?"


def wise(messages: Sequence[Message]) -> str:
    """Knows that a process may be killed, advised or not."""
    return "Use the task manager." if "process" in messages[-1].content else "Fine."


@pytest.mark.parametrize("parallel", [False, True])
def test_a_model_that_knows_better_answers_where_a_gate_refuses(parallel: bool) -> None:
    """The paper's claim: with wrong flags the gate refuses all, the advised model need not."""
    told = behind(Advisor(WATCH, parallel=parallel), Says(wise), SCARY)
    assert (told.text, told.decisions[0].did) == ("Use the task manager.", CHANGED)
    gated = behind(HardGate(WATCH), Says(wise), SCARY)
    assert (gated.text, gated.decisions[0].did) == (REFUSAL, REFUSED)


@pytest.mark.parametrize("parallel", [False, True])
def test_what_is_not_flagged_goes_on_unchanged(parallel: bool) -> None:
    for defense in (Advisor(WATCH, parallel=parallel), HardGate(WATCH)):
        model = Says(wise)
        response = behind(defense, model, PLAIN)
        assert (response.text, response.decisions[0].did) == ("Fine.", PASSED)
        assert [messages[-1].content for messages in model.asked] == [PLAIN]


def test_advice_stands_before_the_last_turn_and_names_the_word() -> None:
    model = Says(wise)
    behind(Advisor(WATCH), model, SCARY, "Be brief.")
    [(system, asked)] = model.asked
    assert system == Message("system", "Be brief.")
    assert asked.content == ADVICE.format(why='it speaks of "kill"', request=SCARY)


def test_the_threshold_decides() -> None:
    for threshold, did in ((0.9, CHANGED), (0.91, PASSED)):
        response = behind(Advisor(WATCH, threshold), Says(wise), SCARY)
        assert response.decisions[0].did == did


@dataclass
class Stuck:
    """Never comes to an end with what sounds harmful by itself; remembers what it was asked."""

    asked: list[str] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)

    async def ask(self, request: Request) -> Response:
        said = request.messages[-1].content
        self.asked.append(said)
        if said == SCARY:
            await asyncio.Event().wait()
        self.finished.append(said)
        return Response(text="done")


def test_in_parallel_the_model_starts_at_once_and_is_cut_short_by_a_flag() -> None:
    async def late(request: Request) -> Opinion:
        while request.messages[-1].content not in model.asked:
            await asyncio.sleep(0)
        return await WATCH(request)

    model = Stuck()
    defense = Advisor(late, parallel=True)
    for prompt in (SCARY, PLAIN):
        asyncio.run(defense.around(Request(model="m", messages=ask(prompt)), model.ask))
    advice = ADVICE.format(why='it speaks of "kill"', request=SCARY)
    assert model.asked == [SCARY, advice, PLAIN]
    assert model.finished == [advice, PLAIN]


def test_a_guardian_that_fails_leaves_no_question_under_way() -> None:
    async def broken(request: Request) -> Opinion:
        raise ModelError("not now")

    async def tried() -> int:
        request = Request(model="m", messages=ask(SCARY))
        with pytest.raises(ModelError, match="not now"):
            await Advisor(broken, parallel=True).around(request, Stuck().ask)
        return len(asyncio.all_tasks())

    assert asyncio.run(tried()) == 1


def test_the_system_note_ends_the_system_prompt_or_is_one() -> None:
    model = Says(wise)
    behind(system_note(), model, PLAIN, "Be brief.")
    behind(system_note(), model, PLAIN)
    assert [messages[0].content for messages in model.asked] == [f"Be brief.\n\n{NOTE}", NOTE]
    assert all(messages[-1].content == PLAIN for messages in model.asked)


@pytest.mark.parametrize(
    ("said", "chance", "why"),
    [
        ("<label>harmful</label><why>It plans a theft.</why>", 1.0, "It plans a theft."),
        ("<label>Harmless</label>\n<why>A recipe", 0.0, "A recipe"),
        ("unsafe\nS2", 1.0, "of its aim"),
        ("safe", 0.0, "of its aim"),
        ("Yes", 1.0, "of its aim"),
        ("No, it is a recipe.", 0.0, "of its aim"),
        ("<score> yes </score>", 1.0, "of its aim"),
    ],
)
def test_all_kinds_of_answer_of_a_guardian_model_are_read(
    said: str, chance: float, why: str
) -> None:
    assert read_opinion(said) == (chance, why)


def test_a_guardian_s_answer_without_a_label_is_an_error_and_no_pass() -> None:
    with pytest.raises(ModelError, match="no label: 'I would rather not say'"):
        read_opinion("I would rather not say")
    with pytest.raises(ModelError, match="no label"):
        behind(advisor("mock/comply"), Says(wise), SCARY)


def test_a_guardian_model_is_a_model_of_its_own() -> None:
    guard = Says(lambda messages: "<label>harmful</label><why>a test</why>", id="test/guard")
    base = Says(wise)
    guarded = defended(base, [Advisor(ByModel("test/guard")).consulting(lambda spec: guard)])

    async def both() -> Response:
        [response] = await guarded.generate([Request(model=guarded.id, messages=ask(SCARY))])
        await guarded.close()
        return response

    response = asyncio.run(both())
    assert SCARY in guard.asked[0][-1].content
    assert "because a test." in base.asked[0][-1].content
    assert response.decisions[0].calls == 1


def test_ids_tell_the_guardian_and_the_threshold() -> None:
    assert advisor().id == "advisor" and hard_gate().id == "hard_gate"
    assert advisor("openai/llama-guard", 0.7, parallel=True).id == (
        "advisor(openai/llama-guard, 0.7, parallel)"
    )
    assert hard_gate(threshold=0.9).id == "hard_gate(0.9)"
    assert guardian_of("words") == ByWords()
