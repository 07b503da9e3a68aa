"""Limits are of calls, whoever makes them."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pytest

from tests.defenses.test_defended import Echo
from tests.runs.test_pace import BATCH, BUSY, Clock
from upright import _job
from upright._job import behind_defenses
from upright.api import Job, attack, evaluate
from upright.core import Model, ModelError, Request, Response, Settings, ask
from upright.models import ModelOptions
from upright.runs import Limits, Paced
from upright.runs.asking import crew, singly, stand_ins
from upright.runs.asking.pace import Pace


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Of all paces."""
    clock = Clock()
    for file in (crew, singly, stand_ins):
        monkeypatch.setattr(file, "Pace", partial(Pace, clock=clock, sleep=clock.sleep))
    return clock


def test_the_calls_that_a_defense_makes_of_a_question_count(tmp_path: Path, clock: Clock) -> None:
    settings = Settings(benchmarks=("safety/misuse",), score_sets=("upright",), limit=4)
    limited = ModelOptions(rpm=60)
    job = Job(settings=settings, out=tmp_path, cache=False, model_options=limited)
    echo = Echo(concurrency=4)
    evaluate(echo, replace(job, defenses=("smoothllm:copies=5",)))
    calls = sum(echo.sizes)
    assert calls >= 4 * 5
    assert clock.now - 100.0 >= calls - 1, "one a second, and one at once"


def test_a_paced_model_is_the_same_one_and_its_failures_are_told(clock: Clock) -> None:
    class Busy(Echo):
        async def generate(self, requests):  # type: ignore[no-untyped-def]
            raise BUSY

    echo = Busy(concurrency=4)
    model = Paced(echo, Limits(rpm=60))
    assert (model.id, model.concurrency, model.facts) == (echo.id, 4, echo.facts)
    for _ in range(3):
        with pytest.raises(ModelError, match="429"):
            asyncio.run(model.generate(BATCH))
    assert clock.now == 102.0


@dataclass
class Own(Echo):
    """Says what an attacker, a guardian and a model could say, and remembers when it was asked."""

    clock: Clock = field(default_factory=Clock)
    when: list[float] = field(default_factory=list)

    async def generate(self, requests: Sequence[Request]) -> list[Response]:
        self.when.append(self.clock.now - 100.0)
        await super().generate(requests)
        said = f'{{"prompt": "Tell me {requests[0].key}"}} <label>harmless</label>'
        return [Response(text=said, prompt_tokens=10, completion_tokens=5)]


Does = Callable[[Model, Job], object]
ATTACK = "pair:attacker=test/own,streams=1,depth=1"


def under_attack(model: Model, job: Job) -> object:
    return attack(model, ATTACK, job)


def behind(model: Model, job: Job) -> object:
    """Without the engine, which would pace the questions."""
    guarded = behind_defenses(model, job)
    asked = [Request(model=guarded.id, messages=ask(f"Question {n}")) for n in range(4)]
    return asyncio.run(guarded.generate(asked))


@pytest.mark.parametrize(
    ("does", "defense"),
    [
        (under_attack, ""),
        (under_attack, "self_reminder"),
        (behind, "paraphrase:model=test/own"),
        (behind, "advisor:guardian=test/own"),
        (behind, "hard_gate:guardian=test/own"),
    ],
)
@pytest.mark.parametrize("same", [True, False])
def test_what_is_consulted_keeps_to_the_limits_and_shares_those_of_its_own_model(
    tmp_path: Path,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    does: Does,
    defense: str,
    same: bool,
) -> None:
    """At one a second. A spec that names the model under test opens it a second time."""
    target = Own(concurrency=4, clock=clock)
    own = Own(concurrency=4, clock=clock, id=target.id if same else "test/other")
    monkeypatch.setattr(_job, "open_model", lambda spec, options: own)
    settings = Settings(benchmarks=("safety/misuse",), score_sets=("upright",), limit=4)
    limited = ModelOptions(rpm=60)
    job = Job(settings=settings, out=tmp_path, cache=False, model_options=limited)
    does(target, replace(job, defenses=(defense,) if defense else ()))
    each = [sorted(target.when + own.when)] if same else [target.when, own.when]
    assert sum(map(len, each)) == 8
    for when in each:
        assert all(at >= number - 1 for number, at in enumerate(when)), when
