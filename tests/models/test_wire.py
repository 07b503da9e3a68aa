"""The HTTP client against servers that keep to no rule."""

import asyncio
import gzip
import ssl
import zlib
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.models.raw_server import CLOSE, HANG, Raw, Step, bare, http, raw
from upright.core import ModelError, ModelRefused, Request, ask
from upright.models import ModelOptions, _connection, _wire, open_model
from upright.models._transport import BrokenError, Reply, UnreachableError
from upright.models._wire import Wire

CERTIFICATE = Path(__file__).parent / "localhost.pem"
CHUNKED = "Transfer-Encoding: chunked"
TEXT = "Grüße, 世界"
HALVES = TEXT.encode()[:3], TEXT.encode()[3:]
"""Cut within a character."""
Loop = Callable[[Coroutine[Any, Any, Any]], Any]


def on_uvloop(work: Coroutine[Any, Any, Any]) -> Any:
    uvloop = pytest.importorskip("uvloop")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


@pytest.fixture(params=[asyncio.run, on_uvloop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Loop:
    loop: Loop = request.param
    return loop


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
        http(gzip.compress(TEXT.encode()), "Content-Encoding: gzip"),
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
        (http(gzip.compress(b"x" * 99)[:-4], "Content-Encoding: gzip"), "damaged"),
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
        http(gzip.compress(b"x" * 300_000), "Content-Encoding: gzip"),
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


def test_an_address_may_be_ipv6(run: Loop) -> None:
    try:
        server, [reply] = exchange(run, [http(b"six")], host="::1")
    except OSError:
        pytest.skip("this machine has no IPv6")
    assert reply.body == "six"
    assert b"\r\nHost: [::1]:" in server.questions[0]


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "http://nobody.invalid/", f"http://{'a' * 70}/"]
)
def test_nobody_there_is_unreachable(run: Loop, url: str) -> None:
    async def work() -> None:
        wire = Wire(url, {}, 2, 5.0)
        try:
            await wire.post(b"?")
        finally:
            await wire.close()

    with pytest.raises(UnreachableError, match=r"\w"):
        run(work())


def serving_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


def test_a_trusted_certificate_is_accepted(run: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    server, replies = exchange(
        run, [http(b"1"), http(b"2")], times=2, host="localhost", tls=serving_tls()
    )
    assert [reply.body for reply in replies] == ["1", "2"]
    assert len(server.asked) == 1


def test_no_other_certificate_is(run: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    told = "certificate verify failed"
    fails(run, UnreachableError, told, [http()], host="localhost", tls=serving_tls())
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    fails(run, UnreachableError, told, [http()], host="127.0.0.1", tls=serving_tls())


def test_a_server_without_tls_is_unreachable_by_https(run: Loop) -> None:
    async def main() -> None:
        async with raw(["HTTP/1.1 400 Bad Request\r\n\r\n", HANG]) as server:
            wire = Wire(server.address.replace("http", "https"), {}, 1, 5.0)
            try:
                await wire.post(b"?")
            finally:
                await wire.close()

    with pytest.raises(UnreachableError, match="SSL"):
        run(main())


def posted(address: str, *, timeout: float = 5.0) -> str:
    """What an endpoint at the address answers to one question."""

    async def work() -> str:
        model = open_model("openai/m", ModelOptions(base_url=address, timeout=timeout))
        try:
            [response] = await model.generate([Request(model="openai/m", messages=ask("?"))])
        finally:
            await model.close()
        return response.text

    return asyncio.run(work())


SPOKEN = http(b'{"choices": [{"message": {"content": "said"}}]}')


def through(address: Callable[[Raw], str], *scripts: Sequence[Step]) -> tuple[Raw, str]:
    """A call by way of `open_model`, to where `address` says."""

    async def main() -> tuple[Raw, str]:
        async with raw(*scripts) as server:
            return server, await asyncio.to_thread(posted, address(server))

    return asyncio.run(main())


def test_a_login_in_the_address_is_basic_authorisation(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "UPRIGHT_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    server, text = through(lambda s: s.address.replace("//", "//me:a%3Ab@"), [SPOKEN])
    assert text == "said"
    assert b"Authorization: Basic bWU6YTpi\r\n" in server.questions[0]


def test_a_query_stays_behind_the_path() -> None:
    server, _ = through(lambda s: f"{s.address}/v1?api-version=2", [SPOKEN])
    assert server.questions[0].startswith(b"POST /v1/chat/completions?api-version=2 HTTP")


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy"])
def test_the_proxy_of_the_environment_is_used(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    def elsewhere(server: Raw) -> str:
        monkeypatch.setenv(variable, server.address)
        return "http://model.invalid/v1"

    for name in ("HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    server, text = through(elsewhere, [SPOKEN])
    assert text == "said"
    assert server.questions[0].startswith(b"POST http://model.invalid/v1/chat/completions HTTP")


@pytest.mark.parametrize(
    ("script", "told"), [([b""], "connection broke"), ([bare("Content-Length: 9")], "broke")]
)
def test_a_proxy_fails_like_a_server(
    monkeypatch: pytest.MonkeyPatch, script: list[Step], told: str
) -> None:
    def elsewhere(server: Raw) -> str:
        monkeypatch.setenv("HTTP_PROXY", server.address)
        return "http://model.invalid/v1"

    for name in ("NO_PROXY", "no_proxy", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ModelError, match=told):
        through(elsewhere, script)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with pytest.raises(ModelRefused, match="Is the server running"):
        posted("http://model.invalid/v1")


def test_a_host_that_needs_no_proxy_is_asked_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    _, text = through(lambda s: s.address, [SPOKEN])
    assert text == "said"


def test_a_server_that_goes_away_may_return(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with raw([b""]) as server:
            model = open_model("openai/m", ModelOptions(base_url=server.address))
            with pytest.raises(ModelError, match="hung up before its answer"):
                await model.generate([Request(model="openai/m", messages=ask("?"))])
        with pytest.raises(ModelError, match="Cannot reach") as raised:
            await model.generate([Request(model="openai/m", messages=ask("?"))])
        assert not isinstance(raised.value, ModelRefused)
        await model.close()

    asyncio.run(main())
