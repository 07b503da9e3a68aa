"""One HTTP/1.1 connection: a question out, an answer in, and nothing left over."""

import asyncio
import zlib
from typing import cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from upright.models._transport import BrokenError, Reply

MOST_HEAD = 64 * 1024
MOST_BODY = 64 * 1024 * 1024
"""Bytes of an answer, packed or unpacked: ten times a million tokens of text."""
NO_BODY = (204, 304)
ANY_ZLIB, RAW_DEFLATE = 47, -15
"""`wbits` for gzip and zlib streams alike, and for the bare deflate that some servers send."""


class Connection(asyncio.Protocol):
    """Carries one exchange at a time. What it does not end cleanly is never used again."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport
        self._waiter: asyncio.Future[Reply] | None = None
        self._usable = False
        self._deadline = self.idle_since = 0.0
        self._alarm: asyncio.TimerHandle | None = None
        self._parser = HttpResponseParser(self)
        # What browsers forgive; answers over this connection are all for one asker.
        self._parser.set_dangerous_leniencies(
            lenient_headers=True,
            lenient_optional_cr_before_lf=True,
            lenient_spaces_after_chunk_size=True,
        )

    @property
    def usable(self) -> bool:
        """Whether another question can go out: the last answer is whole, and nobody hung up."""
        return self._usable and not self._transport.is_closing()

    async def ask(self, message: bytes, deadline: float) -> Reply:
        """The answer to a whole HTTP request; TimeoutError at the loop's time `deadline`."""
        if not self.usable:
            raise BrokenError("The server hung up before it was asked.")
        self._usable = False
        self._begin()
        waiter: asyncio.Future[Reply] = self._loop.create_future()
        self._waiter, self._deadline = waiter, deadline
        if self._alarm is None or self._alarm.when() > deadline:
            self._look_out()
        self._transport.write(message)
        try:
            return await waiter
        finally:
            # Reached with no answer, too: by a failure, the deadline, or because nobody waits.
            self._waiter = None
            if not self._usable:
                self.close()

    def close(self) -> None:
        """At once: whatever could still be said is of no use to anyone."""
        self._usable = False
        self._transport.abort()

    def _look_out(self) -> None:
        """Have the deadline noticed. One alarm serves many questions: to set one for each would
        take as long as it takes to send it."""
        if self._alarm:
            self._alarm.cancel()
        self._alarm = self._loop.call_at(self._deadline, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        if self._waiter is None:
            return
        if self._loop.time() < self._deadline:  # that of an earlier question rang
            self._look_out()
        else:
            self._fail(TimeoutError())

    def _begin(self) -> None:
        """Ready for the head of an answer."""
        self._headers: dict[str, str] = {}
        self._parts: list[bytes] = []
        self._status = self._received = 0
        self._keep = self._until_closed = self._complete = self._surplus = False

    # Called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._usable = True

    def data_received(self, data: bytes) -> None:
        if self._waiter is None:
            # Nothing was asked: not to be taken for the answer to the next question.
            self.close()
            return
        self._received += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            self._fail(BrokenError("The server wants to speak another protocol than HTTP."))
        except HttpParserError as error:
            self._surplus = True
            if not self._complete:
                self._fail(BrokenError(f"The server does not speak HTTP: {error}"))
        if self._complete:
            self._finish()
        elif not self._status and self._received > MOST_HEAD:
            self._fail(BrokenError(f"The head of the answer has over {MOST_HEAD >> 10} KiB."))
        elif self._received > MOST_HEAD + MOST_BODY:
            self._fail(_too_long())

    def eof_received(self) -> None:
        """The transport closes itself after this."""
        self._usable = False
        if self._until_closed:
            self._complete = True
            self._finish()

    def connection_lost(self, error: Exception | None) -> None:
        self._usable = False
        if self._alarm:
            self._alarm.cancel()
        when = "in the middle of" if self._waiter and self._received else "before"
        told = str(error) if error else f"The server hung up {when} its answer."
        self._fail(BrokenError(told))

    # Called by the parser.

    def on_message_begin(self) -> None:
        self._surplus = self._complete

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._status:
            self._headers.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if self._complete or 100 <= status < 200:
            return
        self._status = status
        self._keep = self._parser.should_keep_alive()
        self._until_closed = not (
            status in NO_BODY
            or "content-length" in self._headers
            or self._headers.get("transfer-encoding", "").lower().endswith("chunked")
        )

    def on_body(self, body: bytes) -> None:
        if not self._complete:
            self._parts.append(body)

    def on_message_complete(self) -> None:
        if self._status:
            self._complete = True
        else:
            self._headers.clear()  # of an interim response (1xx): the answer is still to come

    def _finish(self) -> None:
        """Hand the answer over. The connection stays if both sides are done with it."""
        try:
            body = _unpacked(b"".join(self._parts), self._headers.get("content-encoding", ""))
        except BrokenError as error:
            self._fail(error)
            return
        self._parts.clear()
        sent = self._transport.get_write_buffer_size() == 0
        self._usable = self._keep and sent and not self._surplus and not self._until_closed
        if self._waiter and not self._waiter.done():
            text = body.decode("utf-8", "surrogateescape")
            self._waiter.set_result(Reply(self._status, self._headers, text))

    def _fail(self, error: Exception) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_exception(error)


def _unpacked(body: bytes, coding: str) -> bytes:
    """A body as it was before the server, unasked, compressed it."""
    name = coding.strip().lower()
    if not body or name in ("", "identity"):
        return body
    if name not in ("gzip", "x-gzip", "deflate"):
        raise BrokenError(f"The answer is compressed in a way not asked for: {name[:40]}.")
    bare = name == "deflate" and not _is_zlib(body)
    unpacking = zlib.decompressobj(RAW_DEFLATE if bare else ANY_ZLIB)
    try:
        out = unpacking.decompress(body, MOST_BODY + 1)
    except zlib.error:
        out = b""
    if len(out) > MOST_BODY:
        raise _too_long()
    if not unpacking.eof:
        raise BrokenError("The compressed answer is damaged.")
    return out


def _is_zlib(packed: bytes) -> bool:
    """Whether a zlib header stands in front, as it should: RFC 1950, 2.2."""
    return len(packed) > 1 and packed[0] & 15 == 8 and (packed[0] << 8 | packed[1]) % 31 == 0


def _too_long() -> BrokenError:
    return BrokenError(f"The answer has over {MOST_BODY >> 20} MiB.")
