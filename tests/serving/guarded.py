"""A guarded model behind its server, and OpenAI's own client before it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import openai
from aiohttp import web

from tests.server import Server as Upstream
from upright.core import Model
from upright.defenses import defended
from upright.defenses.erase_and_check import EraseAndCheck
from upright.defenses.self_reminder import self_reminder
from upright.models import ModelOptions, open_model
from upright.serving.log import DecisionLog
from upright.serving.server import Server, application
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


def run(work: Callable[[], Any]) -> Any:
    return asyncio.run(work())
