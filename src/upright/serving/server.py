"""The HTTP server: one model, any client that speaks OpenAI's chat completions.

An answer is let out when it is whole and every defense has passed it: a word that was streamed
cannot be taken back. Streaming clients get it in pieces from then on, and comments that keep the
connection open before.
"""

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import msgspec
from aiohttp import web

from upright.core import Model, ModelError, ModelRefused, Response, excerpt
from upright.models._pool import Pool
from upright.serving.log import DecisionLog
from upright.serving.terms import Terms
from upright.serving.wire import (
    Asked,
    BadRequestError,
    to_asked,
    to_chunks,
    to_completion,
    to_error,
)

LARGEST = 10 * 2**20
"""Bytes of a body."""
ALIVE = 15.0
"""Seconds between two signs of life to a streaming client that waits."""
DECISIONS = "X-Upright-Decisions"
"""The header that says what each defense did."""


class Failed(NamedTuple):
    """What a client is told instead of an answer."""

    status: int
    kind: str
    message: str
    code: str | None = None
    param: str | None = None
    retry_after: float | None = None

    @property
    def body(self) -> bytes:
        return msgspec.json.encode(to_error(self.message, self.kind, self.code, self.param))

    @property
    def headers(self) -> dict[str, str]:
        return {} if self.retry_after is None else {"Retry-After": f"{self.retry_after:.3g}"}


class Server:
    """One model before any number of clients; it closes neither the model nor the log.

    `key` is what clients must show; "" lets in everybody who reaches the address.
    """

    def __init__(
        self, model: Model, terms: Terms, *, key: str = "", log: DecisionLog | None = None
    ) -> None:
        self._model, self._terms, self._key, self._log = model, terms, key, log
        self._pool = Pool(model)
        self._under_way = 0

    async def complete(self, request: web.Request) -> web.StreamResponse:
        """POST /v1/chat/completions"""
        start = time.perf_counter()
        try:
            asked = await self._read(request)
        except BadRequestError as error:
            found = Failed(error.status, "invalid_request_error", str(error), None, error.param)
            return self._refused(found, start)
        if self._under_way >= self._terms.waiting:
            told = f"{self._under_way} questions are under way; come back in a second."
            return self._refused(Failed(429, "rate_limit_error", told, retry_after=1.0), start)
        self._under_way += 1
        answer = asyncio.create_task(self._answer(asked, start))
        try:
            if asked.stream:
                return await self._stream(request, asked, answer)
            return _whole(await answer, asked)
        finally:
            # Nobody waits for it any more where the client went away.
            answer.cancel()
            self._under_way -= 1

    async def models(self, request: web.Request) -> web.Response:
        """GET /v1/models"""
        listed = [
            {"id": name, "object": "model", "created": 0, "owned_by": "upright"}
            for name in self._terms.names
        ]
        return _json(msgspec.json.encode({"object": "list", "data": listed}))

    async def health(self, request: web.Request) -> web.Response:
        """GET /health"""
        told = {"model": self._model.id, "under_way": self._under_way}
        return _json(msgspec.json.encode(told))

    async def close(self, app: web.Application) -> None:
        await self._pool.close()

    async def _read(self, request: web.Request) -> Asked:
        self._admit(request)
        asked = to_asked(await request.read(), self._model.id, self._terms.max_tokens)
        if asked.model not in self._terms.names:
            known = " or ".join(self._terms.names)
            told = f"There is no model {excerpt(asked.model)!r} here. Ask for {known}."
            raise BadRequestError(told, "model", status=404)
        return asked

    def _admit(self, request: web.Request) -> None:
        """Raises BadRequestError for a client without the key."""
        shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
        # Compared in constant time: how long a wrong key takes must tell nothing of the right one.
        if self._key and not hmac.compare_digest(
            shown.encode("utf-8", "surrogateescape"), self._key.encode()
        ):
            raise BadRequestError("This server's key is missing or wrong.", status=401)

    async def _answer(self, asked: Asked, start: float) -> Response | Failed:
        try:
            response = await self._pool.ask(asked.request)
        except ModelError as error:
            found = _failed(error)
        else:
            if response.error is None:
                self._note(asked, response, start)
                return response
            found = _failed(ModelError(response.error))
        if self._log:
            self._log.failed(found.status, found.kind, time.perf_counter() - start)
        return found

    async def _stream(
        self,
        request: web.Request,
        asked: Asked,
        answer: asyncio.Task[Response | Failed],
    ) -> web.StreamResponse:
        done, _ = await asyncio.wait([answer], timeout=ALIVE)
        if done and isinstance(found := answer.result(), Failed):
            return _json(found.body, found.status, found.headers)
        stream = web.StreamResponse(headers={"Cache-Control": "no-cache"})
        stream.content_type = "text/event-stream"
        if done and isinstance(found, Response):
            stream.headers.update(_decisions(found))
        await stream.prepare(request)
        while not answer.done():
            await stream.write(b": waiting\n\n")
            await asyncio.wait([answer], timeout=ALIVE)
        # The status has gone out by now: what fails late is told inside the stream.
        found = answer.result()
        for piece in _pieces(found, asked):
            await stream.write(b"data: " + piece + b"\n\n")
        await stream.write_eof()
        return stream

    def _note(self, asked: Asked, response: Response, start: float) -> None:
        if self._log:
            seconds = time.perf_counter() - start
            self._log.answered(asked.request.messages, response, seconds, stream=asked.stream)

    def _refused(self, found: Failed, start: float) -> web.Response:
        if self._log:
            self._log.failed(found.status, found.kind, time.perf_counter() - start)
        return _json(found.body, found.status, found.headers)


def application(server: Server) -> web.Application:
    """The server's addresses; `aiohttp.web` serves it."""
    app = web.Application(client_max_size=LARGEST, middlewares=[_shaped])
    app.router.add_post("/v1/chat/completions", server.complete)
    app.router.add_get("/v1/models", server.models)
    app.router.add_get("/health", server.health)
    app.on_cleanup.append(server.close)
    return app


@web.middleware
async def _shaped(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """aiohttp's own errors (no such path, too large) in the shape that clients read."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        found = Failed(error.status, "invalid_request_error", error.reason)
        return _json(found.body, found.status)


def _whole(found: Response | Failed, asked: Asked) -> web.Response:
    if isinstance(found, Failed):
        return _json(found.body, found.status, found.headers)
    return _json(msgspec.json.encode(to_completion(found, asked)), headers=_decisions(found))


def _pieces(found: Response | Failed, asked: Asked) -> list[bytes]:
    if isinstance(found, Failed):
        return [found.body]
    return [*map(msgspec.json.encode, to_chunks(found, asked)), b"[DONE]"]


def _decisions(response: Response) -> dict[str, str]:
    """What each defense did, by its name: `smoothllm=passed, erase_and_check=refused`."""
    if not response.decisions:
        return {}
    told = ", ".join(f"{d.defense}={d.did}" for d in response.decisions)
    return {DECISIONS: told.encode("ascii", "replace").decode()}


def _failed(error: ModelError) -> Failed:
    """The model's failure as a gateway's. What it says is kept back: it may quote the question."""
    if isinstance(error, ModelRefused):
        told = "The model behind this server refuses: its key, name or address is wrong there."
        return Failed(502, "upstream_error", told, "upstream_refused")
    if error.overloaded:
        wait = 1.0 if error.retry_after is None else error.retry_after
        told = "The model behind this server has too much to do."
        return Failed(503, "upstream_error", told, "upstream_overloaded", retry_after=wait)
    if not error.retryable:
        told = "The model behind this server does not accept this request."
        return Failed(400, "invalid_request_error", told, "upstream_rejected")
    return Failed(502, "upstream_error", "The model behind this server failed.", "upstream_failed")


def _json(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(body=body, status=status, headers=headers, content_type="application/json")
