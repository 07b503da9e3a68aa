"""Any OpenAI-compatible chat endpoint, driven over plain HTTP.

Plain, because a client library costs many times the call it wraps: docs/adr/0008.
"""

import os
import time
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from upright.core import ModelError, ModelRefused, Request, Response, UsageError, excerpt
from upright.models import ModelOptions
from upright.models._chat import Limit, failure, to_payload, to_responses, wants_new_limit
from upright.models._order import by_prefix
from upright.models._repeats import by_repeats
from upright.models._transport import (
    BrokenError,
    CrowdedError,
    Reply,
    Transport,
    UnreachableError,
)
from upright.models._wire import Wire

if TYPE_CHECKING:
    from upright.models._batch_api import BatchEndpoint

OPENAI = "https://api.openai.com/v1"
CONCURRENCY = 32


class Endpoint:
    """A chat model behind an address. The key is kept out of everything that is shown."""

    def __init__(self, name: str, address: str, key: str, options: ModelOptions) -> None:
        self.name, self.address = name, address
        self.concurrency = options.concurrency or CONCURRENCY
        self.can_choose = options.logprobs
        self.cacheable = True
        self.hedge = options.hedge
        self._key, self._options = key, options
        self._proxy = _proxy_for(address)
        self._limit: Limit = "max_tokens"
        self._transport: Transport | None = None
        self._reached = False
        self._served_as: set[str] = set()

    def __repr__(self) -> str:
        return f"Endpoint({self.id})"

    @property
    def id(self) -> str:
        """The same name at another address may be another model, so the address is part of it."""
        parts = urlsplit(self.address)
        place = f"{parts.netloc.rpartition('@')[2]}{parts.path.removesuffix('/v1')}"
        return f"openai/{self.name}" + ("" if self.address == OPENAI else f"@{place}")

    @property
    def facts(self) -> dict[str, str]:
        client = "aiohttp" if self._proxy else "httptools"
        return {
            "address": _without_login(self.address),
            "served_as": ", ".join(sorted(self._served_as)),
            client: version(client),
        }

    def batches(self, requests: Sequence[Request]) -> Iterable[Sequence[Request]]:
        return by_repeats(by_prefix(requests), self._options.repeats_per_call)

    async def generate(self, requests: Sequence[Request]) -> list[Response]:
        """One call; several requests are repeats of one prompt and share it."""
        start = time.perf_counter()
        limit = self._limit
        reply = await self._post(requests, limit)
        if wants_new_limit(reply.status, reply.body, limit):
            self._limit = "max_completion_tokens"
            reply = await self._post(requests, self._limit)
        if reply.status != 200:
            return [self._failed(reply)] * len(requests)
        answer = to_responses(reply.body, requests, time.perf_counter() - start, self._scrub)
        if answer.served_as:
            self._served_as.add(answer.served_as)
        return answer.responses

    async def close(self) -> None:
        if self._transport is not None:
            await self._transport.close()
        self._transport = None

    def _failed(self, reply: Reply) -> Response:
        """Raises, unless the provider's filter blocked the prompt: that is an outcome."""
        return failure(self.name, self._place, reply, self._scrub)

    async def _post(self, requests: Sequence[Request], limit: Limit) -> Reply:
        payload = to_payload(self.name, requests, limit)
        try:
            reply = await self._open().post(payload)
        except UnreachableError as error:
            raise self._unreachable(error) from None
        except CrowdedError as error:
            told = f"No connection to {self._place} can be opened from here: {error}."
            advice = "Ask less at once (--concurrency), or allow more open files (ulimit -n)."
            raise ModelError(f"{told} {advice}", overloaded=True) from None
        except TimeoutError:
            seconds = self._options.timeout
            told = f"No answer within {seconds:g} s (--timeout)."
            raise ModelError(told, overloaded=True) from None
        except BrokenError as error:
            self._reached = True
            told = excerpt(self._scrub(str(error)))
            raise ModelError(f"The connection broke: {told}") from None
        self._reached = True
        return reply

    def _unreachable(self, error: UnreachableError) -> ModelError:
        """Nobody there at all is a mistake in the command; a server that goes away may return."""
        what = f"Cannot reach {self._place}: {excerpt(str(error))}."
        if self._reached:
            return ModelError(what)
        return ModelRefused(
            f"{what} Is the server running? Is the address right (--base-url, --judge-base-url)?"
        )

    def _open(self) -> Transport:
        if self._transport is None:
            self._transport = self._connect()
        return self._transport

    def _connect(self) -> Transport:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"upright/{version('upright')}",
        }
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        most = self.concurrency * (1 + self.hedge)
        url, timeout = _completions(self.address), self._options.timeout
        if self._proxy is None:
            return Wire(url, headers, most, timeout)
        from upright.models._proxied import Proxied  # noqa: PLC0415 - brings aiohttp, 0.3 s

        return Proxied(url, headers, most, timeout, self._proxy)

    @property
    def _place(self) -> str:
        return _without_login(self.address)

    def _scrub(self, text: str) -> str:
        """Servers like to repeat a wrong key; it must not reach a file or a screen."""
        return text.replace(self._key, "***") if self._key else text


def open_openai(name: str, options: ModelOptions) -> "Endpoint | BatchEndpoint":
    """The address comes from --base-url or OPENAI_BASE_URL, the key from the environment."""
    address = options.base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI
    address = address.rstrip("/").removesuffix("/chat/completions")
    login = _login_of(address)
    key = os.environ.get("UPRIGHT_API_KEY") or os.environ.get("OPENAI_API_KEY") or ""
    if not key and address == OPENAI:
        raise UsageError("OpenAI needs a key: set OPENAI_API_KEY (or give another --base-url).")
    key = key.strip()
    if key and login:
        raise UsageError(
            "--base-url holds a login and the environment a key; a call carries one of them. Take "
            "the login out of the address, or unset OPENAI_API_KEY and UPRIGHT_API_KEY."
        )
    if not key.isprintable() or not key.isascii():
        raise UsageError("The API key holds characters that no header can carry: set it again.")
    endpoint = Endpoint(name, address, key, options)
    if not options.batch:
        return endpoint
    from upright.models._batch_api import open_batch  # noqa: PLC0415 - brings aiohttp, 0.3 s
    from upright.models._batch_wire import Site  # noqa: PLC0415

    # Where both words for it are known: to learn that one is refused would cost a whole batch.
    limit: Limit = "max_completion_tokens" if address == OPENAI else "max_tokens"
    shown, proxy = _without_login(address), _proxy_for(address)
    return open_batch(Site(name, endpoint.id, address, shown, key, proxy, limit), options)


def _login_of(address: str) -> str:
    """What stands before the @ of an address, which must be one."""
    _check_address(address, "--base-url, --judge-base-url")
    return urlsplit(address).netloc.rpartition("@")[0]


def _check_address(address: str, source: str) -> None:
    """Raises UsageError, without the login."""
    try:
        parts = urlsplit(address)
        (parts.hostname or "").encode("idna")
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        shown = address.rpartition("@")[2]
        raise UsageError(f"{shown!r} is not an http:// or https:// address ({source}).")


def _completions(address: str) -> str:
    """Where chats are completed: the path goes on, a query stays at the end."""
    parts = urlsplit(address)
    return parts._replace(path=f"{parts.path}/chat/completions").geturl()


def _proxy_for(address: str) -> str | None:
    """The environment's proxy (HTTPS_PROXY, NO_PROXY), looked up once and not per call."""
    parts = urlsplit(address)
    proxy = None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)
    if proxy:
        _check_address(proxy, f"{parts.scheme.upper()}_PROXY")
    return proxy


def _without_login(address: str) -> str:
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()
