"""A small HTTP/1.1 client for one address: docs/adr/0008 says why it is our own.

A connection that the server closed while it was idle is noticed before anything is sent over it,
and another one is taken. Once a question has gone out it is never sent again from here: the server
may have read it, and may be answering.
"""

import asyncio
import socket
import ssl
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from aiohappyeyeballs import start_connection

from upright.models._connection import Connection
from upright.models._transport import Reply, UnreachableError, unopened

LONGEST_IDLE = 15.0
"""Seconds after which a connection is not trusted to be there still."""
FRESH = 10.0
"""Seconds for which the host's addresses are believed."""
NEXT_ADDRESS = 0.25
"""Seconds until the host's next address is tried beside the first (RFC 8305)."""
SAFE = "/?%:@!$&'()*+,;=~"
"""What means something in a path or a query, or is quoted already."""
ODD = "surrogateescape"
"""Bytes of the command line that are no text are sent as they came."""
PORTS = {"http": 80, "https": 443}


class Wire:
    """Connections to one address: as many as `concurrency` at most, kept open between calls."""

    def __init__(
        self, url: str, headers: Mapping[str, str], concurrency: int, timeout: float
    ) -> None:
        parts = urlsplit(url)
        self._host = _ascii(parts.hostname or "")
        self._port = parts.port or PORTS[parts.scheme]
        self._tls: dict[str, Any] = {}
        if parts.scheme == "https":
            self._tls = {"ssl": _trusting(), "server_hostname": self._host.rstrip(".")}
        self._head = _head(url, headers)
        self._timeout = timeout
        self._loop = asyncio.get_running_loop()
        self._slots = asyncio.Semaphore(concurrency)
        self._idle: list[Connection] = []
        self._busy: set[Connection] = set()
        self._looked_up = 0.0
        self._look_up: asyncio.Task[list[Any]] | None = None

    async def post(self, payload: bytes) -> Reply:
        deadline = self._loop.time() + self._timeout
        if self._slots.locked():
            async with asyncio.timeout_at(deadline):
                await self._slots.acquire()
        else:
            await self._slots.acquire()
        try:
            connection = self._kept() or await self._opened(deadline)
            return await self._exchange(connection, payload, deadline)
        finally:
            self._slots.release()

    async def close(self) -> None:
        for connection in (*self._idle, *self._busy):
            connection.close()
        self._idle.clear()
        if self._look_up:
            self._look_up.cancel()
        await asyncio.sleep(0)  # transports let go of their sockets in the loop's next round

    async def _exchange(self, connection: Connection, payload: bytes, deadline: float) -> Reply:
        self._busy.add(connection)
        try:
            return await connection.ask(
                b"%b%d\r\n\r\n%b" % (self._head, len(payload), payload), deadline
            )
        finally:
            self._busy.discard(connection)
            if connection.usable:
                connection.idle_since = self._loop.time()
                self._idle.append(connection)

    def _kept(self) -> Connection | None:
        """The connection used last, which is the likeliest to be there still."""
        while self._idle:
            connection = self._idle.pop()
            fresh = self._loop.time() - connection.idle_since < LONGEST_IDLE
            if fresh and connection.usable:
                return connection
            connection.close()
        return None

    async def _opened(self, deadline: float) -> Connection:
        late = asyncio.timeout_at(deadline)
        try:
            async with late:
                return await self._open()
        except UnicodeError as error:
            raise UnreachableError(str(error)) from None
        except OSError as error:
            if late.expired():
                raise
            raise unopened(error, _why(error)) from None

    async def _open(self) -> Connection:
        addresses = await self._addresses()
        # One address leaves nothing to choose, and the loop's own way takes half as long.
        if len(addresses) == 1 and addresses[0][0] == socket.AF_INET:
            host, port = addresses[0][4]
            return await self._connected(host=host, port=port)
        reached = await start_connection(addresses, happy_eyeballs_delay=NEXT_ADDRESS)
        try:
            return await self._connected(sock=reached)
        except BaseException:
            reached.close()
            raise

    async def _connected(self, **to: Any) -> Connection:
        _, connection = await self._loop.create_connection(Connection, **to, **self._tls)
        return connection

    async def _addresses(self) -> list[Any]:
        """Looked up once for all who open connections at this time."""
        now, found = self._loop.time(), self._look_up
        if found is None or (found.done() and (now > self._looked_up + FRESH or _failed(found))):
            self._looked_up = now
            self._look_up = found = self._loop.create_task(self._resolve())
        if not found.done():
            await asyncio.shield(found)
        return found.result()

    async def _resolve(self) -> list[Any]:
        return await self._loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)


def _failed(look_up: asyncio.Task[list[Any]]) -> bool:
    return look_up.cancelled() or look_up.exception() is not None


def _trusting() -> ssl.SSLContext:
    """Certificates and host names are verified; HTTP/1.1 is what is spoken."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _head(url: str, headers: Mapping[str, str]) -> bytes:
    """Everything of a request that comes before the length of its body."""
    parts = urlsplit(url)
    host = _ascii(parts.hostname or "").partition("%")[0]
    place = f"[{host}]" if ":" in host else host
    if parts.port not in (None, PORTS[parts.scheme]):
        place += f":{parts.port}"
    target = _quoted(parts.path or "/") + (f"?{_quoted(parts.query)}" if parts.query else "")
    told = {"Host": place, "Accept": "*/*", "Accept-Encoding": "identity", **headers}
    if parts.username is not None:
        login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        told["Authorization"] = f"Basic {b64encode(login.encode('utf-8', ODD)).decode()}"
    lines = [f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items())]
    return "\r\n".join([*lines, "Content-Length: "]).encode("ascii")


def _quoted(part: str) -> str:
    return quote(part, SAFE, "utf-8", ODD)


def _ascii(host: str) -> str:
    return host if host.isascii() else host.encode("idna").decode()


def _why(error: OSError) -> str:
    return str(error.strerror or error) or type(error).__name__
