"""Limits are of calls, whoever makes them."""

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from tests.defenses.test_defended import Echo
from tests.runs.test_pace import BATCH, BUSY, Clock
from upright.api import Job, evaluate
from upright.core import ModelError, Settings
from upright.models import ModelOptions
from upright.runs import Limits, Paced
from upright.runs.asking import crew, paced
from upright.runs.asking.pace import Pace


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Of all paces."""
    clock = Clock()
    for file in (crew, paced):
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


def test_it_is_the_same_model_and_its_failures_are_told(clock: Clock) -> None:
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
