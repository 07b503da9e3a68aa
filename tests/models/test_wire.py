"""The HTTP client against servers that keep to no rule."""

import asyncio
import gzip
import zlib
from typing import Any

import pytest

from tests.models.raw_server import (
    CLOSE,
    HANG,
    Loop,
    Raw,
    Step,
    against,
    bare,
    exchange,
    fails,
    http,
)
from upright.models import _connection, _wire
from upright.models._transport import BrokenError, Reply
from upright.models._wire import Wire

CHUNKED = "Transfer-Encoding: chunked"
TEXT = "Grüße, 世界"
HALVES = TEXT.encode()[:3], TEXT.encode()[3:]
"""Cut within a character."""


@pytest.mark.parametrize(
    "answer",
    [
        http(TEXT.encode()),
        http(TEXT.encode(), version="1.0"),
        bare(body=TEXT.encode()),
        bare("Connection: close", body=TEXT.encode()),
        bare(version="1.0", body=TEXT.encode()),
        bare(CHUNKED, body=b"3;x=y\r\n%b\r\nC\r\n%b\r\n0\r\nX-T: 1\r\n\r\n" % HALVES),
        b"HTTP/1.1 100 Continue\r\n\r\n" + http(TEXT.encode()),
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\nX-A: 0\r\n\r\n" * 2
        + http(TEXT.encode(), "X-A: 1"),
        b"HTTP/1.1 200 OK\nContent-Length: 15\n\n" + TEXT.encode(),
        http(gzip.compress(TEXT.encode(), mtime=0), "Content-Encoding: gzip"),
        http(zlib.compress(TEXT.encode()), "Content-Encoding: Deflate"),
        http(zlib.compress(TEXT.encode(), wbits=-15), "Content-Encoding: deflate"),
        http(TEXT.encode(), "Content-Encoding: identity"),
    ],
    ids=[
        *("length", "http-1.0", "until-closed", "close", "1.0-until-closed", "chunked"),
        *("continue", "hints", "line-feeds", "gzip", "zlib", "deflate", "identity"),
    ],
)
def test_an_answer_arrives_whole_however_it_is_sent(run: Loop, answer: bytes) -> None:
    _, [reply] = exchange(run, [answer])
    assert (reply.status, reply.body) == (200, TEXT)


def test_an_answer_may_come_a_byte_at_a_time(run: Loop) -> None:
    answer = bare(CHUNKED, body=b"1\r\na\r\n2\r\nbc\r\n0\r\n\r\n")
    sent: list[bytes] = []

    async def work() -> Reply:
        connection = _connection.Connection()
        connection.connection_made(Sink(sent))
        asked = asyncio.create_task(connection.ask(b"?", asyncio.get_running_loop().time() + 5))
        await asyncio.sleep(0)
        for place in range(len(answer)):
            connection.data_received(answer[place : place + 1])
        reply = await asked
        assert connection.usable
        return reply

    assert run(work()).body == "abc"
    assert sent == [b"?"]


class Sink(asyncio.Transport):
    """Remembers what is written, and forgets nothing else."""

    def __init__(self, sent: list[bytes]) -> None:
        super().__init__()
        self.sent = sent

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent.append(bytes(data))

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 0

    def abort(self) -> None:
        pass


@pytest.mark.parametrize(("first", "second"), [(0.02, 0.06), (60.0, 0.03)])
def test_every_question_has_a_deadline_of_its_own(run: Loop, first: float, second: float) -> None:
    async def work() -> float:
        loop = asyncio.get_running_loop()
        connection = _connection.Connection()
        connection.connection_made(Sink([]))
        answered = asyncio.create_task(connection.ask(b"one", loop.time() + first))
        await asyncio.sleep(0)
        connection.data_received(http(b"1"))
        await answered
        began = loop.time()
        with pytest.raises(TimeoutError):
            await connection.ask(b"two", began + second)
        return loop.time() - began

    assert run(work()) > 0.9 * second


def test_the_question_is_sent_with_its_length_and_headers(run: Loop) -> None:
    server, _ = exchange(run, [http()], path="/a b/ü?x=1&y=%20")
    head, _, body = server.questions[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /a%20b/%C3%BC?x=1&y=%20 HTTP/1.1"
    assert f"Host: {server.address.removeprefix('http://')}" in lines
    assert {"X-Mine: yes", "Content-Length: 10"} <= set(lines)
    assert body == b"question 0"


def test_names_of_headers_are_lower_case_and_the_first_value_counts(run: Loop) -> None:
    _, [reply] = exchange(run, [http(b"", "Retry-After: 3", "RETRY-AFTER: 9", status="429 No")])
    assert (reply.status, reply.headers["retry-after"]) == (429, "3")


@pytest.mark.parametrize("status", ["302 Found", "204 No Content", "401 Grüße", "500 "])
def test_a_status_is_a_reply_and_nothing_is_followed(run: Loop, status: str) -> None:
    body = b"" if status.startswith("204") else b"\xc3\xbc\xff"
    answer = http(body, "Location: http://127.0.0.1:1/", status=status)
    server, [reply] = exchange(run, [answer])
    assert reply.status == int(status[:3])
    assert reply.body == body.decode("utf-8", "surrogateescape")
    assert len(server.questions) == 1


def test_a_connection_is_kept_and_used_again(run: Loop) -> None:
    chunked = bare(CHUNKED, body=b"2\r\n{}\r\n0\r\n\r\n")
    server, replies = exchange(run, [http(), chunked, http(), HANG], times=3)
    assert [len(c) for c in server.asked] == [3]
    assert [reply.body for reply in replies] == ["{}"] * 3


@pytest.mark.parametrize(
    "answer",
    [
        http(b"{}", "Connection: close"),
        http(version="1.0"),
        bare(body=b"{}"),
        http() + b"more",
        http() + http(),
        http(b"{}") + b"\r\n0",
    ],
    ids=["close", "http-1.0", "until-closed", "surplus", "two-answers", "surplus-lines"],
)
def test_what_does_not_end_cleanly_is_not_used_again(run: Loop, answer: bytes) -> None:
    server, replies = exchange(run, [answer], [answer], times=2)
    assert [len(c) for c in server.asked] == [1, 1]
    assert [reply.body for reply in replies] == ["{}", "{}"]


def test_http_1_0_is_kept_where_the_server_says_so(run: Loop) -> None:
    answer = http(b"{}", "Connection: keep-alive", version="1.0")
    server, _ = exchange(run, [answer, answer], times=2)
    assert [len(c) for c in server.asked] == [2]


def test_a_connection_that_was_closed_while_idle_is_replaced(run: Loop) -> None:
    async def work(wire: Wire, server: Raw) -> str:
        await wire.post(b"one")
        await server.closed.wait()
        await asyncio.sleep(0.02)  # until the end has crossed the loopback
        return (await wire.post(b"two")).body

    server, body = run(against(work, [http(b"1"), CLOSE], [http(b"2")]))
    assert (body, [len(c) for c in server.asked]) == ("2", [1, 1])


def test_a_connection_idle_for_long_is_replaced(run: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_wire, "LONGEST_IDLE", 0.0)
    server, _ = exchange(run, [http(), http()], times=2)
    assert [len(c) for c in server.asked] == [1, 1]


def test_what_a_server_says_unasked_is_no_answer(run: Loop) -> None:
    late = http(b"late")

    async def work(wire: Wire, server: Raw) -> str:
        await wire.post(b"one")
        connection = wire._idle[0]
        connection.data_received(late)
        return (await wire.post(b"two")).body

    _, body = run(against(work, [http(b"1"), HANG], [http(b"2")]))
    assert body == "2"


def test_a_question_that_went_out_is_not_sent_again(run: Loop) -> None:
    """Not even over a kept connection, and with no byte of an answer: it may have been read."""

    async def work(wire: Wire, server: Raw) -> None:
        await wire.post(b"one")
        with pytest.raises(BrokenError, match="hung up before"):
            await wire.post(b"two")

    server, _ = run(against(work, [http(), b""], [http()]))
    assert [q.rpartition(b"\n")[2] for q in server.questions] == [b"one", b"two"]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"", "before"),
        (b"HTTP/1.1 200", "in the middle"),
        (bare("Content-Length: 9", body=b"half"), "in the middle"),
        (bare(CHUNKED, body=b"9\r\nhalf"), "in the middle"),
        (bare(CHUNKED, body=b"1\r\na\r\n"), "in the middle"),
        (bare(CHUNKED, body=b"x\r\n"), "not speak HTTP"),
        (bare("Content-Length: 2", "Content-Length: 3", body=b"ab"), "not speak HTTP"),
        (b"\x00\xff garbage \r\n\r\n", "not speak HTTP"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "not speak HTTP"),
        (
            b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
            "another protocol",
        ),
        (http(b"packed?", "Content-Encoding: gzip"), "damaged"),
        (http(gzip.compress(b"x" * 99, mtime=0)[:-4], "Content-Encoding: gzip"), "damaged"),
        (http(b"packed", "Content-Encoding: br"), "not asked for: br"),
        (http(b"packed", "Content-Encoding: gzip, gzip"), "not asked for"),
    ],
)
def test_half_answers_and_other_bytes_are_a_broken_connection(
    run: Loop, answer: bytes, told: str
) -> None:
    fails(run, BrokenError, told, [answer])


@pytest.mark.parametrize("script", [[CLOSE], ["HTTP/1.1 400 No\r\n\r\n", CLOSE]])
def test_who_hangs_up_at_once_is_a_broken_connection(run: Loop, script: list[Step]) -> None:
    fails(run, BrokenError, "hung up|reset", script)


@pytest.mark.parametrize(
    "answer",
    [
        http(b"x" * 300_000),
        bare(CHUNKED, body=b"fffff\r\n" + b"x" * 300_000),
        bare(body=b"x" * 300_000),
        http(gzip.compress(b"x" * 300_000, mtime=0), "Content-Encoding: gzip"),
    ],
    ids=["length", "chunked", "until-closed", "gzip"],
)
def test_endless_bodies_are_not_read(
    run: Loop, answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_connection, "MOST_BODY", 1000)
    fails(run, BrokenError, "MiB", [answer, HANG])


def test_endless_heads_are_not_read(run: Loop) -> None:
    fails(run, BrokenError, "64 KiB", [b"HTTP/1.1 200 OK\r\nX-A: " + b"x" * 300_000, HANG])


@pytest.mark.parametrize("start", [None, b"", b"HTTP/1.1 2", bare("Content-Length: 9", body=b"h")])
def test_no_answer_in_time_is_a_timeout(run: Loop, start: bytes | None) -> None:
    script: list[Step] = [HANG] if start is None else [start, HANG]
    with pytest.raises(TimeoutError):
        exchange(run, script, timeout=0.03)


def test_waiting_for_a_turn_counts_as_time(run: Loop) -> None:
    async def work(wire: Wire, server: Raw) -> list[Any]:
        calls = (wire.post(b"?") for _ in range(2))
        return await asyncio.gather(*calls, return_exceptions=True)

    _, found = run(against(work, [HANG], concurrency=1, timeout=0.03))
    assert [type(f) for f in found] == [TimeoutError] * 2


def test_no_more_connections_than_asked_for(run: Loop) -> None:
    async def work(wire: Wire, server: Raw) -> list[Reply]:
        return await asyncio.gather(*(wire.post(b"?") for _ in range(9)))

    server, replies = run(against(work, [http()] * 9, concurrency=2))
    assert len(replies) == 9
    assert server.most_open == 2


def test_who_stops_waiting_leaves_no_answer_to_another(run: Loop) -> None:
    async def work(wire: Wire, server: Raw) -> str:
        call = asyncio.create_task(wire.post(b"one"))
        while not server.questions:
            await asyncio.sleep(0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await server.closed.wait()
        return (await wire.post(b"two")).body

    server, body = run(against(work, [HANG], [http(b"2")], concurrency=1))
    assert (body, [len(c) for c in server.asked]) == ("2", [1, 1])


def test_stopping_while_connecting_leaves_nothing_behind(run: Loop) -> None:
    async def work(wire: Wire, server: Raw) -> str:
        call = asyncio.create_task(wire.post(b"one"))
        await asyncio.sleep(0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        return (await wire.post(b"two")).body

    _, body = run(against(work, [http(b"2")], concurrency=1))
    assert body == "2"


def test_an_answer_before_the_whole_question_was_taken_ends_the_connection(run: Loop) -> None:
    early = http(b"too large", status="413 Content Too Large")

    async def work(server_address: str) -> tuple[Reply, int]:
        wire = Wire(server_address, {}, 1, 5.0)
        reply = await wire.post(b"x" * 20_000_000)
        kept = len(wire._idle)
        await wire.close()
        return reply, kept

    async def main() -> tuple[Reply, int]:
        done = asyncio.Event()

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(early)
            await done.wait()
            writer.close()

        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        try:
            return await work(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        finally:
            done.set()
            server.close()

    reply, kept = run(main())
    assert (reply.status, kept) == (413, 0)
