"""Who may ask a guarded model behind its server, and what it refuses; and the command."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import openai
import pytest
from aiohttp import ClientSession

from tests.cli.front_door import here
from tests.server import Server as Upstream
from tests.serving.guarded import NAME, ask, client_of, guarded, run, served
from upright.core import Model

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
