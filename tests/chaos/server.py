"""The misbehaving server of the tests, slower and ruder, with a log that survives kill -9."""

import asyncio
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from aiohttp import web

from tests.server import Server, plain_answer

NEVER = 30.0
"""Seconds of a stall: longer than any client here waits."""
PACES = {"loris": 0.02, "trickle": 0.001}
"""Seconds between two bytes: one outlasts the client's patience, the other does not."""


class Arrangement(NamedTuple):
    """How a server behaves from its start to its death."""

    port: int
    log: Path
    rates: Mapping[str, float] = {}
    delay: float = 0.01
    storm: str = ""
    seed: int = 0


@dataclass(kw_only=True)
class Rude(Server):
    """Says in its log who asked what, before it answers, and what it answered completely.

    A client is known by its key. `storm` names a fault that meets everyone in the first third
    of every second.
    """

    book: Path
    storm: str = ""
    _descriptor: int = field(init=False)

    def __post_init__(self) -> None:
        # One write per line: a line is there whole or not at all, whenever this process dies.
        self._descriptor = os.open(self.book, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    async def _reply(
        self, request: web.Request, asked: dict[str, Any], told: str
    ) -> web.StreamResponse:
        who = request.headers.get("Authorization", "").removeprefix("Bearer ")
        self._enter("asked", who, told)
        storming = self.storm and time.monotonic() % 1 < 1 / 3
        fault = self.storm if storming else self._draw(told)
        await asyncio.sleep(NEVER if fault == "stall" else self.delay)
        whole = self._response(asked, STATUS_OF.get(fault, fault))
        if fault == "429-bare":
            del whole.headers["Retry-After"]
        if fault == "wrong-type":
            whole.content_type = "text/html"
        if await self._send(request, whole, fault) and fault in ANSWERS:
            self._enter("answered", who, told)
        return whole

    async def _send(self, request: web.Request, whole: web.Response, fault: str) -> bool:
        """Whether all of it went out to someone who was still there."""
        if fault == "disconnect":
            _hang_up(request)
            return False
        try:
            if fault in (*PACES, "half-body"):
                await _dribble(request, whole, fault)
            else:
                await whole.prepare(request)
                await whole.write_eof()
        except ConnectionError:
            return False
        return not _gone(request)

    def _enter(self, what: str, who: str, told: str) -> None:
        os.write(self._descriptor, json.dumps([what, who, told]).encode() + b"\n")


STATUS_OF = {"429-bare": "429", "stall": "500"}
ANSWERS = ("", "wrong-type", "trickle")
"""What is an answer all the same."""


async def _dribble(request: web.Request, whole: web.Response, fault: str) -> None:
    """Byte by byte, or one half and then nothing; `whole` itself is never sent."""
    body = whole.body
    assert isinstance(body, bytes)
    response = web.StreamResponse(headers={"Content-Length": str(len(body))})
    await response.prepare(request)
    if fault == "half-body":
        await response.write(body[: len(body) // 2])
        _hang_up(request)
        return
    for byte in body:
        await asyncio.sleep(PACES[fault])
        await response.write(bytes([byte]))
    await response.write_eof()


def _gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


def _hang_up(request: web.Request) -> None:
    if request.transport:
        request.transport.abort()


def answer(prompt: str) -> str:
    """Yes or no; to a judge's prompt a verdict, now and then an unreadable one."""
    if '"verdict"' not in prompt:
        return plain_answer(prompt)
    drawn = sha256(prompt.encode()).digest()[0]
    label = ("yes", "no")[drawn % 2]
    return "hard to say" if drawn < 25 else json.dumps({"verdict": label, "reason": "so it is"})


def serve(arrangement: Arrangement) -> None:
    """Until killed."""
    asyncio.run(_serve(arrangement))


async def _serve(told: Arrangement) -> None:
    server = Rude(
        rates=told.rates,
        delay=told.delay,
        seed=told.seed,
        answer=answer,
        book=told.log,
        storm=told.storm,
    )
    await server.start(told.port)
    await asyncio.Event().wait()
