"""Python functions as models."""

import asyncio
from pathlib import Path

from upright import api
from upright.core import Request, Settings, ask
from upright.models._function import Function

JOB = Settings(benchmarks=("truthfulness/external",))


def test_a_changed_function_does_not_inherit_an_interrupted_runs_answers(tmp_path: Path) -> None:
    asked = 0

    def broken(prompt: str) -> str:
        nonlocal asked
        asked += 1
        if asked > 5:
            raise ZeroDivisionError
        return "Supports"

    job = api.Job(settings=JOB, out=tmp_path)
    first = api.evaluate(broken, job)
    assert set(first.samples.outcome) == {"answered", "error"}
    told = first.samples.error.dropna().iloc[0]
    assert told.startswith("the function raised ZeroDivisionError")
    run = api.evaluate(lambda prompt: "Refutes", job)
    assert set(run.samples.response) == {"Refutes"}


def test_a_coroutine_function_is_awaited() -> None:
    async def reply(prompt: str) -> str:
        await asyncio.sleep(0)
        return prompt.upper()

    (response,) = asyncio.run(Function(reply).generate([Request(model="f", messages=ask("hm?"))]))
    assert response.text == "HM?"


def test_half_characters_and_what_is_no_text_are_outcomes(tmp_path: Path) -> None:
    odd = api.evaluate(lambda prompt: "A \ud800", api.Job(settings=JOB, out=tmp_path))
    assert set(odd.samples.response) == {"A \\ud800"}
    none = Function(lambda prompt: None)
    (response,) = asyncio.run(none.generate([Request(model="f", messages=ask("?"))]))
    assert "NoneType" in (response.error or "")
