"""A model is not asked twice, whoever asks."""

import asyncio
from pathlib import Path

import pytest

from tests.defenses.test_defended import Echo, Prefix, Three, asked
from upright.api import Job, evaluate
from upright.core import Request, Settings, ask
from upright.defenses import defended
from upright.runs import Cache, Remembered


def remembered(echo: Echo, folder: Path) -> Remembered:
    return Remembered(echo, lambda: Cache(folder / "responses.sqlite"))


def test_what_one_stack_asked_another_does_not_ask_again(tmp_path: Path) -> None:
    echo = Echo()
    model = remembered(echo, tmp_path)
    first = asked(defended(model, [Three()]), "ab", "c")
    assert sum(echo.sizes) == 6
    again = asked(defended(model, [Three()]), "c", "d")
    assert sum(echo.sizes) == 6 + 3
    assert again[0].text == first[1].text
    assert [r.prompt_tokens for r in again] == [30, 30], "what it costs does not depend on luck"
    asked(defended(model, [Prefix("x"), Three()]), "c")
    assert sum(echo.sizes) == 6 + 3 + 3, "other words are another question"


def test_it_is_the_same_model_and_its_answers_are_those_of_ordinary_runs(tmp_path: Path) -> None:
    echo = Echo()
    request = Request(model=echo.id, messages=ask("hello"))
    cache = Cache(tmp_path / "responses.sqlite")
    cache.put({request.key: asyncio.run(echo.generate([request]))[0]})
    cache.close()
    model = remembered(echo, tmp_path)
    assert (model.id, model.cacheable, model.facts) == (echo.id, echo.cacheable, echo.facts)
    asked(defended(model, [Three()]), "hello")
    assert sum(echo.sizes) == 1 + 2, "the plain question was answered in a run without defenses"


def test_a_defense_that_only_reads_costs_no_call_after_the_bare_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UPRIGHT_CACHE", str(tmp_path / "cache"))
    settings = Settings(benchmarks=("safety/misuse",), score_sets=("upright",), limit=4)
    echo = Echo()
    evaluate(echo, Job(settings=settings, out=tmp_path))
    bare = sum(echo.sizes)
    evaluate(echo, Job(settings=settings, out=tmp_path, defenses=("output_filter",)))
    assert sum(echo.sizes) == bare > 0
    evaluate(echo, Job(settings=settings, out=tmp_path, defenses=("output_filter",), cache=False))
    assert sum(echo.sizes) == 2 * bare


def test_equal_questions_of_one_batch_are_asked_once(tmp_path: Path) -> None:
    echo = Echo()
    assert [r.text for r in asked(remembered(echo, tmp_path), "a", "a", "b")] == ["a", "a", "b"]
    assert sum(echo.sizes) == 2


def test_an_answer_from_memory_keeps_its_seconds(tmp_path: Path) -> None:
    class Slow(Echo):
        async def generate(self, requests):  # type: ignore[no-untyped-def]
            said = await super().generate(requests)
            return [type(r)(text=r.text, latency=2.5) for r in said]

    model = remembered(Slow(), tmp_path)
    for _ in range(2):
        [response] = asked(defended(model, [Three()]), "x")
        assert 2.5 <= response.latency < 3.5, "three at once take as long as the longest"
