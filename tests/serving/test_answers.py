"""What a guarded model behind its server answers to OpenAI's own client, and what it logs."""

import asyncio
import json
from pathlib import Path
from typing import Any

import openai
import pytest
from aiohttp import ClientSession

import upright
from tests.server import Server as Upstream
from tests.serving.guarded import BAD, KEY, NAME, ask, client_of, guarded, run, served
from upright.core import Message, Model, Request, Response
from upright.defenses import REFUSAL, defended
from upright.defenses.smoothllm import smoothllm
from upright.models import ModelOptions, open_model
from upright.serving.log import DecisionLog
from upright.serving.server import DECISIONS


def test_an_answer_is_that_of_the_measured_model(upstream: Upstream) -> None:
    """Word for word what a run would store, and what each defense did."""
    measured = guarded(upstream)
    request = Request(model=measured.id, messages=(Message("user", "Hello?"),), max_tokens=1024)

    async def both() -> tuple[Response, Any]:
        [expected] = await measured.generate([request])
        async with served(measured) as url, client_of(url) as client:
            raw = await client.chat.completions.with_raw_response.create(
                model=NAME, messages=[{"role": "user", "content": "Hello?"}], temperature=0
            )
        return expected, raw

    expected, raw = run(both)
    told = raw.parse()
    assert told.choices[0].message.content == expected.text != ""
    assert told.choices[0].finish_reason == "stop"
    assert told.usage.prompt_tokens == expected.prompt_tokens
    did = ", ".join(f"{d.defense}={d.did}" for d in expected.decisions)
    assert raw.headers[DECISIONS] == did
    assert "=passed" in did and "=changed" in did


@pytest.mark.parametrize("stream", [False, True])
def test_what_a_defense_refuses_ends_as_filtered_and_nobody_is_asked(
    upstream: Upstream, stream: bool
) -> None:
    async def refused() -> tuple[str, str | None]:
        async with served(guarded(upstream)) as url, client_of(url) as client:
            told = await ask(client, BAD, stream=stream)
            if not stream:
                return told.choices[0].message.content, told.choices[0].finish_reason
            pieces = [piece.choices[0] async for piece in told]
            return "".join(p.delta.content or "" for p in pieces), pieces[-1].finish_reason

    assert run(refused) == (REFUSAL, "content_filter")
    assert not upstream.log


def test_a_stream_is_the_whole_answer_in_pieces(upstream: Upstream) -> None:
    async def streamed() -> tuple[str, list[Any]]:
        async with served(guarded(upstream)) as url, client_of(url) as client:
            whole = await ask(client, "long " * 100, temperature=0)
            stream = await ask(
                client,
                "long " * 100,
                temperature=0,
                stream=True,
                stream_options={"include_usage": True},
            )
            return whole.choices[0].message.content, [piece async for piece in stream]

    whole, pieces = run(streamed)
    said = [piece.choices[0].delta.content or "" for piece in pieces if piece.choices]
    assert "".join(said) == whole
    assert len(said) > 3, "in pieces"
    assert len({piece.id for piece in pieces}) == 1
    assert pieces[-1].usage.total_tokens == 15 and not pieces[-1].choices


def test_a_client_that_waits_is_kept_and_told_late_failures(
    upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("upright.serving.server.ALIVE", 0.05)
    upstream.delay, upstream.rates = 0.3, {"500": 1.0}

    async def late() -> tuple[int, str, str]:
        body = {"model": NAME, "messages": [{"role": "user", "content": "x"}], "stream": True}
        async with served(guarded(upstream)) as url, ClientSession() as session:
            async with session.post(f"{url}/chat/completions", json=body) as reply:
                status, raw = reply.status, await reply.text()
            with pytest.raises(openai.APIError) as raised:
                async with client_of(url) as client:
                    async for _ in await ask(client, "x", stream=True):
                        pass
        return status, raw, str(raised.value)

    status, raw, said = run(late)
    assert status == 200 and raw.startswith(": waiting")
    assert "[DONE]" not in raw, "a stream that failed does not end like a whole one"
    assert "The model behind this server failed" in said


FAILURES = {
    "500": (502, "upstream_failed"),
    "disconnect": (502, "upstream_failed"),
    "garbage": (502, "upstream_failed"),
    "429": (503, "upstream_overloaded"),
    "401": (502, "upstream_refused"),
    "400": (400, "upstream_rejected"),
}


@pytest.mark.parametrize("fault", FAILURES)
@pytest.mark.parametrize("stream", [False, True])
def test_a_failure_behind_is_told_as_one_and_leaks_nothing(
    upstream: Upstream, fault: str, stream: bool, tmp_path: Path
) -> None:
    upstream.rates = {fault: 1.0}
    status, code = FAILURES[fault]

    async def failing(log: DecisionLog) -> openai.APIStatusError:
        async with served(guarded(upstream), log=log) as url, client_of(url) as client:
            with pytest.raises(openai.APIStatusError) as raised:
                await ask(client, "My question", stream=stream)
            return raised.value

    with DecisionLog(tmp_path / "log.jsonl") as log:
        error = run(lambda: failing(log))
    assert (error.status_code, error.code) == (status, code)
    assert ("retry-after" in error.response.headers) == (fault == "429")
    logged = (tmp_path / "log.jsonl").read_text()
    assert json.loads(logged)["status"] == status
    for text in (str(error), error.response.text, logged):
        assert KEY not in text and upstream.url not in text and "My question" not in text


def test_a_hundred_at_once_with_failures_all_end_right(
    upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The official client asks again by itself; each gets its own answer."""
    monkeypatch.setattr("openai._base_client.INITIAL_RETRY_DELAY", 0.05)  # its wait, ten times less
    upstream.delay = 0.05
    upstream.rates = {"500": 0.05, "429": 0.1, "disconnect": 0.05, "garbage": 0.02}

    async def many(log: DecisionLog) -> list[str]:
        async with served(guarded(upstream), log=log) as url, client_of(url, retries=20) as client:

            async def one(number: int) -> str:
                text = f"{BAD} {number}" if number % 10 == 0 else f"question {number}"
                told = await ask(client, text, stream=number % 2 == 0)
                if number % 2:
                    return str(told.choices[0].message.content)
                return "".join([p.choices[0].delta.content or "" async for p in told])

            return await asyncio.gather(*map(one, range(100)))

    with DecisionLog(tmp_path / "log.jsonl") as log:
        answers = run(lambda: many(log))
    for number, answer in enumerate(answers):
        if number % 10 == 0:
            assert answer == REFUSAL
        else:
            assert f"question {number}" in answer
    entries = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert sum(entry["status"] == 200 for entry in entries) == 100
    assert any(entry["status"] in (502, 503) for entry in entries), "failures were met"
    assert upstream.most_under_way > 20, "they were under way together"


def test_decisions_are_logged_without_a_word_unless_asked(
    upstream: Upstream, tmp_path: Path
) -> None:
    async def both(log: DecisionLog) -> None:
        async with served(guarded(upstream), log=log) as url, client_of(url) as client:
            await ask(client, "A very private question")
            await ask(client, f"{BAD} once more")

    with DecisionLog(tmp_path / "plain.jsonl") as log:
        run(lambda: both(log))
    plain = (tmp_path / "plain.jsonl").read_text()
    assert "private" not in plain and "forbidden" not in plain and "reason" not in plain
    passed, refused = map(json.loads, plain.splitlines())
    assert [d["did"] for d in passed["decisions"]] == ["passed", "changed"]
    assert [d["did"] for d in refused["decisions"]] == ["refused"]
    with DecisionLog(tmp_path / "texts.jsonl", texts=True) as log:
        run(lambda: both(log))
    assert "A very private question" in (tmp_path / "texts.jsonl").read_text()


def test_each_copy_of_smoothllm_counts(upstream: Upstream) -> None:
    model = open_model(NAME, ModelOptions(base_url=upstream.url, concurrency=256))

    async def one() -> Any:
        behind = defended(model, [smoothllm(copies=4)])
        async with served(behind) as url, client_of(url) as client:
            return await ask(client, "Hello?")

    assert run(one).usage.total_tokens == 4 * 15


def test_a_client_that_goes_away_leaves_nothing_behind(upstream: Upstream) -> None:
    upstream.delay = 0.3

    async def gone() -> int:
        model = guarded(upstream)
        async with served(model, waiting=1) as url, client_of(url) as client:
            task = asyncio.create_task(ask(client, "x"))
            await asyncio.sleep(0.1)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await asyncio.sleep(0.1)
            await ask(client, "y")  # there is room again
        return 1

    assert run(gone) == 1


def test_what_strangers_are_answered_is_kept_in_no_cache(
    upstream: Upstream, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    opened: list[Model] = []
    monkeypatch.setenv("UPRIGHT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("upright._serving.serve_model", lambda model, *_: opened.append(model))
    options = ModelOptions(base_url=upstream.url)
    upright.serve(NAME, upright.Job(defenses=("self_reminder",), model_options=options))

    async def twice() -> None:
        async with served(opened[0]) as url, client_of(url) as client:
            for _ in range(2):
                await ask(client, "A private question", temperature=0)

    run(twice)
    assert len(upstream.log) == 2
    assert not (tmp_path / "cache").exists()
