"""A guarded model behind its server, driven by OpenAI's own client."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import openai
import pytest
from aiohttp import ClientSession, web

import upright
from tests.cli.front_door import here
from tests.server import Server as Upstream
from tests.server import serving
from upright.core import Message, Model, Request, Response
from upright.defenses import REFUSAL, defended
from upright.defenses.erase_and_check import EraseAndCheck
from upright.defenses.self_reminder import self_reminder
from upright.defenses.smoothllm import smoothllm
from upright.models import ModelOptions, open_model
from upright.serving.log import DecisionLog
from upright.serving.server import DECISIONS, Server, application
from upright.serving.terms import Terms

KEY = "sk-secret-of-the-model-behind"
NAME = "openai/test-model"
BAD = "Tell me the forbidden thing."


def bad(texts: Sequence[str]) -> list[float]:
    return [float(BAD in text) for text in texts]


def guarded(upstream: Upstream, **options: Any) -> Model:
    model = open_model(NAME, ModelOptions(base_url=upstream.url, concurrency=256, **options))
    return defended(model, [EraseAndCheck(most=2, filter=bad), self_reminder()])


@asynccontextmanager
async def served(
    model: Model, *, key: str = "", log: DecisionLog | None = None, **terms: Any
) -> AsyncIterator[str]:
    """Its address."""
    server = Server(model, Terms(names=(NAME, "test-model"), **terms), key=key, log=log)
    runner = web.AppRunner(application(server), handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()
        await model.close()


def client_of(url: str, key: str = "anything", retries: int = 0) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=url, api_key=key, max_retries=retries)


async def ask(client: openai.AsyncOpenAI, text: str, **more: Any) -> Any:
    messages: Any = [{"role": "user", "content": text}]
    return await client.chat.completions.create(model=NAME, messages=messages, **more)


@pytest.fixture
def upstream(monkeypatch: pytest.MonkeyPatch) -> Iterator[Upstream]:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with serving(key=KEY, answer=lambda prompt: f"You said: {prompt}") as server:
        yield server


def run(work: Callable[[], Any]) -> Any:
    return asyncio.run(work())


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


MISTAKES: list[tuple[dict[str, Any], int, str]] = [
    ({"tools": [{"type": "function"}]}, 400, "tools is not supported"),
    ({"n": 2}, 400, "n is not supported"),
    ({"stop": ["x"]}, 400, "stop is not supported"),
    ({"top_p": 0.5}, 400, "top_p is not supported"),
    ({"invented": 1}, 400, "invented is not supported"),
    ({"temperature": 3}, 400, "between 0 and 2"),
    ({"max_tokens": 0}, 400, "At least one token"),
    ({"max_completion_tokens": 0}, 400, "At least one token"),
    ({"max_tokens": "x"}, 400, "cannot be read"),
    ({"model": "gpt-9"}, 404, "Ask for openai/test-model or test-model"),
    ({"messages": []}, 400, "must be the user's"),
    ({"messages": [{"role": "assistant", "content": "Sure"}]}, 400, "must be the user's"),
    ({"messages": [{"role": "tool", "content": "x"}]}, 400, "no role 'tool'"),
    ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, 400, "type text"),
    ({"messages": "x"}, 400, "cannot be read"),
]


@pytest.mark.parametrize(("more", "status", "says"), MISTAKES)
def test_what_is_not_understood_is_refused_and_not_ignored(
    upstream: Upstream, more: dict[str, Any], status: int, says: str
) -> None:
    found = run(lambda: posted(guarded(upstream), more))
    assert found[0] == status
    assert says in json.loads(found[1])["error"]["message"]
    assert not upstream.log


async def posted(model: Model, more: dict[str, Any], **settings: Any) -> tuple[int, str]:
    body = {"model": NAME, "messages": [{"role": "user", "content": "x"}], **more}
    async with (
        served(model, **settings) as url,
        ClientSession() as session,
        session.post(f"{url}/chat/completions", json=body) as reply,
    ):
        return reply.status, await reply.text()


@pytest.mark.parametrize(
    "more",
    [
        {"n": 1, "top_p": 1, "user": "me", "tools": None, "stop": None, "logprobs": False},
        {
            "messages": [
                {"role": "developer", "content": "Be kind."},
                {"role": "user", "content": "x"},
            ]
        },
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "x"}]}]},
        {"max_tokens": 10**9, "seed": -1},
    ],
)
def test_what_changes_nothing_is_taken(upstream: Upstream, more: dict[str, Any]) -> None:
    status, told = run(lambda: posted(guarded(upstream), more))
    assert status == 200, told


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b"{", b"[" * 100_000, b"null"])
def test_a_body_of_any_shape_is_an_error_of_the_client(upstream: Upstream, body: bytes) -> None:
    async def sent() -> tuple[int, Any]:
        async with (
            served(guarded(upstream)) as url,
            ClientSession() as session,
            session.post(f"{url}/chat/completions", data=body) as reply,
        ):
            return reply.status, await reply.json()

    status, told = run(sent)
    assert status == 400 and told["error"]["type"] == "invalid_request_error"


def test_other_addresses_and_too_large_bodies_are_told_in_the_same_shape(
    upstream: Upstream,
) -> None:
    async def sent() -> list[tuple[int, str]]:
        async with served(guarded(upstream)) as url, ClientSession() as session:
            found = []
            large = BytesIO(b"x" * (11 * 2**20))
            for path, data in (("embeddings", BytesIO(b"{}")), ("chat/completions", large)):
                async with session.post(f"{url}/{path}", data=data) as reply:
                    found.append((reply.status, (await reply.json())["error"]["type"]))
            return found

    assert run(sent) == [(404, "invalid_request_error"), (413, "invalid_request_error")]


def test_more_than_may_wait_are_told_to_come_back(upstream: Upstream) -> None:
    upstream.delay = 0.2

    async def crowd() -> list[str]:
        async with served(guarded(upstream), waiting=5) as url, client_of(url) as client:

            async def one(number: int) -> str:
                try:
                    await ask(client, f"question {number}")
                except openai.RateLimitError as error:
                    return str(error.response.headers["retry-after"])
                return "answered"

            return await asyncio.gather(*map(one, range(12)))

    found = run(crowd)
    assert found.count("answered") == 5
    assert found.count("1") == 7


def test_clients_without_the_key_are_not_let_in(upstream: Upstream) -> None:
    async def knocking() -> str:
        async with served(guarded(upstream), key="of the clients") as url:
            async with client_of(url, "wrong") as client:
                with pytest.raises(openai.AuthenticationError) as raised:
                    await ask(client, "x")
            async with client_of(url, "of the clients") as client:
                await ask(client, "x")
        return str(raised.value)

    assert "of the clients" not in run(knocking)


def test_a_key_of_bytes_that_are_no_text_is_a_wrong_one(upstream: Upstream) -> None:
    async def knocking() -> bytes:
        async with served(guarded(upstream), key="of the clients") as url:
            host, port = url.split("/")[2].split(":")
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nHost: here\r\n")
            writer.write(b"Authorization: Bearer \xff\xe9\r\nContent-Length: 2\r\n\r\n{}")
            status = await reader.readline()
            writer.close()
            return status

    assert b" 401 " in run(knocking)


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


def test_nobody_is_let_in_from_elsewhere_without_a_key(tmp_path: Path) -> None:
    done = here(
        "serve-guarded", "mock/echo", "--with", "self_reminder", "--host", "0.0.0.0", cwd=tmp_path
    )
    assert done.returncode == 2 and "--key-env" in done.stderr
    done = here(
        "serve-guarded", "mock/echo", "--with", "self_reminder", "--key-env", "NONE", cwd=tmp_path
    )
    assert done.returncode == 2 and "NONE holds no key" in done.stderr


def test_without_a_defense_it_says_so(tmp_path: Path) -> None:
    done = here("serve-guarded", "mock/echo", cwd=tmp_path)
    assert done.returncode == 2 and "--with" in done.stderr


@contextmanager
def started(*words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "upright", "serve-guarded", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield process, process.stdout.readline().split()[-1]
        finally:
            process.kill()


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="sends signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_it_is_stopped(number: signal.Signals) -> None:
    words = ("mock/echo", "--with", "self_reminder", "--port", "0")
    with started(*words) as (process, url), openai.OpenAI(base_url=url, api_key="x") as client:
        assert [model.id for model in client.models.list()] == ["mock/echo", "echo"]
        told = client.chat.completions.create(
            model="echo", messages=[{"role": "user", "content": "Hello?"}]
        )
        assert "Hello?" in (told.choices[0].message.content or "")
        process.send_signal(number)
        assert process.wait(20) == 0


@pytest.mark.process
def test_a_port_that_is_taken_is_named() -> None:
    with started("mock/echo", "--with", "self_reminder", "--port", "0") as (_, url):
        port = url.split(":")[2].split("/")[0]
        words = ["serve-guarded", "mock/echo", "--with", "self_reminder", "--port", port]
        again = subprocess.run(
            [sys.executable, "-m", "upright", *words], capture_output=True, text=True, check=False
        )
    assert again.returncode == 1
    assert f"Cannot listen at 127.0.0.1:{port}" in again.stderr
