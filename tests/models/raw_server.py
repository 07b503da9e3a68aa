"""A server that says exactly what a test wants it to, byte for byte."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from upright.models._transport import Reply
from upright.models._wire import Wire

Loop = Callable[[Coroutine[Any, Any, Any]], Any]
"""Runs a coroutine to its end."""
HANG, CLOSE = "hang", "close"
Step = bytes | str
"""Bytes answer the next question; HANG says nothing more, CLOSE hangs up without reading on.
Any other text is said at once, unasked."""


def http(body: bytes = b"{}", *lines: str, status: str = "200 OK", version: str = "1.1") -> bytes:
    """An answer with the length of its body."""
    head = [f"HTTP/{version} {status}", f"Content-Length: {len(body)}", *lines, "", ""]
    return "\r\n".join(head).encode() + body


def bare(*lines: str, body: bytes = b"", version: str = "1.1") -> bytes:
    """An answer that does not say how long it is, but for what `lines` say."""
    return "\r\n".join([f"HTTP/{version} 200 OK", *lines, "", ""]).encode() + body


@dataclass
class Raw:
    """Connection k goes by script k, all later ones by the last. A script that ends hangs up."""

    scripts: Sequence[Sequence[Step]]
    address: str = ""
    asked: list[list[bytes]] = field(default_factory=list)
    """The questions, whole, of each connection."""
    open: int = 0
    most_open: int = 0
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set whenever a connection has ended."""

    @property
    def questions(self) -> list[bytes]:
        return [question for connection in self.asked for question in connection]

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        script = self.scripts[min(len(self.asked), len(self.scripts) - 1)]
        mine: list[bytes] = []
        self.asked.append(mine)
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            for step in script:
                await self._step(step, mine, reader, writer)
        except (asyncio.IncompleteReadError, OSError):
            pass  # the client went first
        finally:
            self.open -= 1
            writer.close()
            self.closed.set()

    async def _step(
        self,
        step: Step,
        mine: list[bytes],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        if step == CLOSE:
            raise ConnectionResetError
        if isinstance(step, str) and step != HANG:
            writer.write(step.encode())
            return
        mine.append(await _question(reader))
        if step == HANG:
            await reader.read()
            raise ConnectionResetError
        assert isinstance(step, bytes)
        writer.write(step)
        await writer.drain()


@asynccontextmanager
async def raw(
    *scripts: Sequence[Step], host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> AsyncIterator[Raw]:
    """A server in the test's own loop."""
    told = Raw(scripts)
    server = await asyncio.start_server(told.talk, host, 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    name = f"[{host}]" if ":" in host else host
    told.address = f"http{'s' if tls else ''}://{name}:{port}"
    try:
        yield told
    finally:
        server.close()


async def _question(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
    return head + await reader.readexactly(int(length))


def exchange(
    run: Loop, *scripts: Sequence[Step], times: int = 1, **settings: Any
) -> tuple[Raw, list[Reply]]:
    """So many calls, one after the other; the server's side of it, and the replies."""

    async def work(wire: Wire, server: Raw) -> list[Reply]:
        return [await wire.post(b"question %d" % i) for i in range(times)]

    return run(against(work, *scripts, **settings))  # type: ignore[no-any-return]


async def against(
    work: Callable[[Wire, Raw], Awaitable[Any]],
    *scripts: Sequence[Step],
    concurrency: int = 4,
    timeout: float = 5.0,
    path: str = "/v1",
    **settings: Any,
) -> tuple[Raw, Any]:
    async with raw(*scripts, **settings) as server:
        wire = Wire(f"{server.address}{path}", {"X-Mine": "yes"}, concurrency, timeout)
        try:
            return server, await work(wire, server)
        finally:
            await wire.close()


def fails(
    run: Loop, kind: type[Exception], told: str, *scripts: Sequence[Step], **settings: Any
) -> None:
    with pytest.raises(kind, match=told):
        exchange(run, *scripts, **settings)
