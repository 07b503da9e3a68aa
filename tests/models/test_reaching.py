"""How an address is reached: names, certificates, logins, proxies, and nobody there."""

import asyncio
import resource
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from tests.models.raw_server import (
    HANG,
    Loop,
    Raw,
    Step,
    bare,
    exchange,
    fails,
    http,
    raw,
)
from upright.core import ModelError, ModelRefused, Request, UsageError, ask
from upright.models import ModelOptions, open_model
from upright.models._transport import UnreachableError
from upright.models._wire import Wire

NOTHING = Path("/dev/null")
CERTIFICATE = Path(__file__).parent / "localhost.pem"


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


@contextmanager
def no_file_more() -> Iterator[None]:
    """This process opens as many as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with ExitStack() as opened:
        first = opened.enter_context(NOTHING.open()).fileno()
        resource.setrlimit(resource.RLIMIT_NOFILE, (first + 20, hard))
        opened.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        with suppress(OSError):
            while True:
                opened.enter_context(NOTHING.open())
        yield


def test_where_too_many_files_are_open_it_says_what_helps_and_fewer_are_asked(
    run: Loop,
) -> None:
    async def work() -> None:
        model = open_model("openai/any", ModelOptions(base_url="http://127.0.0.1:1"))
        request = Request(model=model.id, messages=ask("Hello?"))
        try:
            with suppress(ModelRefused):  # nobody is there; what is opened but once is open now
                await model.generate([request])
            with no_file_more():
                await model.generate([request])
        finally:
            await model.close()

    with pytest.raises(ModelError, match=r"--concurrency.*ulimit -n") as told:
        run(work())
    assert told.value.overloaded and told.value.retryable
    assert "--base-url" not in str(told.value)


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


@pytest.mark.parametrize(
    "proxy",
    [
        "me:word@localhost:3128",
        "http://me:word@localhost:99999",
        "http://me:word@[::1",
        "socks5://me:word@localhost:1080",
    ],
)
def test_a_proxy_that_is_no_address_is_refused_and_its_login_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    for name in ("NO_PROXY", "no_proxy", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", proxy)
    with pytest.raises(UsageError, match=r"HTTP_PROXY") as raised:
        posted("http://model.invalid/v1")
    assert "word" not in str(raised.value)


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
