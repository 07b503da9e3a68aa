"""Any OpenAI-compatible chat endpoint, driven over plain HTTP.

Plain, because a client library costs many times the call it wraps: on one core aiohttp makes
11,700 calls a second and the openai package 590.
"""

import os
import time
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp

from upright.core import ModelError, ModelRefused, Request, Response, UsageError, excerpt
from upright.models import ModelOptions
from upright.models._batch_api import BatchEndpoint, open_batch
from upright.models._batch_wire import Site
from upright.models._chat import Limit, Reply, failure, to_payload, to_responses, wants_new_limit
from upright.models._order import by_prefix
from upright.models._repeats import by_repeats

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
        self._session: aiohttp.ClientSession | None = None
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
        return {
            "address": _without_login(self.address),
            "served_as": ", ".join(sorted(self._served_as)),
            "aiohttp": version("aiohttp"),
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
        self._served_as |= {answer.served_as} - {""}
        return answer.responses

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
        self._session = None

    def _failed(self, reply: Reply) -> Response:
        """Raises, unless the provider's filter blocked the prompt: that is an outcome."""
        return failure(self.name, self._place, reply, self._scrub)

    async def _post(self, requests: Sequence[Request], limit: Limit) -> Reply:
        payload = to_payload(self.name, requests, limit)
        url = f"{self.address}/chat/completions"
        try:
            async with self._open().post(
                url, data=payload, allow_redirects=False, proxy=self._proxy
            ) as response:
                self._reached = True
                body = (await response.read()).decode("utf-8", "surrogateescape")
                return Reply(response.status, response.headers, body)
        except aiohttp.ClientConnectorError as error:
            raise self._unreachable(error) from None
        except TimeoutError:
            seconds = self._options.timeout
            told = f"No answer within {seconds:g} s (--timeout)."
            raise ModelError(told, overloaded=True) from None
        except (aiohttp.ClientError, OSError) as error:
            told = self._scrub(str(error)) or type(error).__name__
            raise ModelError(f"The connection broke: {excerpt(told)}") from None

    def _unreachable(self, error: aiohttp.ClientConnectorError) -> ModelError:
        """Nobody there at all is a mistake in the command; a server that goes away may return."""
        what = f"Cannot reach {self._place}: {excerpt(str(error))}."
        if self._reached:
            return ModelError(what)
        return ModelRefused(f"{what} Is the server running? Is --base-url right?")

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            headers = {"Content-Type": "application/json"}
            if self._key:
                headers["Authorization"] = f"Bearer {self._key}"
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self.concurrency * (1 + self.hedge)),
                timeout=aiohttp.ClientTimeout(total=self._options.timeout),
                headers=headers,
            )
        return self._session

    @property
    def _place(self) -> str:
        return _without_login(self.address)

    def _scrub(self, text: str) -> str:
        """Servers like to repeat a wrong key; it must not reach a file or a screen."""
        return text.replace(self._key, "***") if self._key else text


def open_openai(name: str, options: ModelOptions) -> Endpoint | BatchEndpoint:
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
    # Where both words for it are known: to learn that one is refused would cost a whole batch.
    limit: Limit = "max_completion_tokens" if address == OPENAI else "max_tokens"
    shown, proxy = _without_login(address), _proxy_for(address)
    return open_batch(Site(name, endpoint.id, address, shown, key, proxy, limit), options)


def _login_of(address: str) -> str:
    """What stands before the @ of an address, which must be one."""
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        shown = address.rpartition("@")[2]
        raise UsageError(f"--base-url {shown!r} is not an http:// or https:// address.")
    return parts.netloc.rpartition("@")[0]


def _proxy_for(address: str) -> str | None:
    """The environment's proxy (HTTPS_PROXY, NO_PROXY), looked up once and not per call."""
    parts = urlsplit(address)
    return None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)


def _without_login(address: str) -> str:
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()
