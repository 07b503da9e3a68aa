"""The HTTP of a batch API: files up and down, batches made, listed and looked at.

What a server sends is untrusted: an id is checked before it becomes part of an address, and lines
and files have bounds.
"""

import io
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, TypeVar

import aiohttp
import msgspec

from upright.core import ModelError, ModelRefused, excerpt
from upright.models._chat import Limit, failure
from upright.models._transport import Reply

ID = re.compile(r"[\w=:-]{1,512}", re.ASCII)
"""No dots and no slashes: it stays the part of an address that it is."""
NO_BATCH_API = {404, 405, 501}
MOST_TOLD = 64 * 2**20
"""Bytes of one description: a page of a hundred batches has some 100 KB."""
MOST_LINE = 16 * 2**20
MOST_FILE = 8 * 2**30
MOST_PAGES = 10
"""Of a hundred batches each; the latest come first."""
ENDPOINT = "/v1/chat/completions"

T = TypeVar("T")


class Site(NamedTuple):
    """Whom to ask for what. `place` is the address as it may be shown, `id` the model's, `limit`
    the word for the longest answer that is surest to be known there."""

    name: str
    id: str
    address: str
    place: str
    key: str
    proxy: str | None
    limit: Limit


class Batch(msgspec.Struct, frozen=True):
    """What a provider tells of a batch. Only what is needed must have its form."""

    id: str
    status: str
    output_file_id: str | None = None
    error_file_id: str | None = None
    metadata: Any = None
    request_counts: Any = None
    errors: Any = None


class Page(msgspec.Struct, frozen=True):
    data: list[Any]
    has_more: bool = False


class File(msgspec.Struct, frozen=True):
    id: str


class Wire:
    """Plain calls, each of which may fail: ModelError where it may be tried again."""

    def __init__(self, site: Site, timeout: float) -> None:
        self._site, self._timeout = site, timeout
        self._session: aiohttp.ClientSession | None = None
        self._reached = False

    async def listed(self) -> list[Batch]:
        """Every batch there is, the latest first."""
        found: list[Batch] = []
        after: dict[str, str] = {}
        for _ in range(MOST_PAGES):
            page = await self._told(Page, "GET", "/batches", params={"limit": "100", **after})
            batches = [batch for told in page.data if (batch := _batch_of(told))]
            found += batches
            if not page.has_more or not batches:
                break
            after = {"after": batches[-1].id}
        return found

    async def make(self, lines: bytes, metadata: Mapping[str, str]) -> Batch:
        """Upload the questions and have them worked on."""
        form = aiohttp.FormData({"purpose": "batch"})
        form.add_field("file", io.BytesIO(lines), filename="upright.jsonl")
        file = await self._told(File, "POST", "/files", form)
        asked = {
            "input_file_id": file.id,
            "endpoint": ENDPOINT,
            "completion_window": "24h",
            "metadata": metadata,
        }
        return await self._told(Batch, "POST", "/batches", msgspec.json.encode(asked))

    async def look(self, id: str) -> Batch:
        """How a batch is getting on."""
        return await self._told(Batch, "GET", f"/batches/{self._checked(id)}")

    async def read(self, file: str, take: Callable[[bytes], None]) -> None:
        """Hand over the lines of a file one by one; none where the provider has it no more."""
        left, size = b"", 0
        async with self._reply("GET", f"/files/{self._checked(file)}/content") as response:
            if response.status in NO_BATCH_API:
                return
            async for chunk in response.content.iter_any():
                *whole, left = (left + chunk).split(b"\n")
                size += len(chunk)
                if size > MOST_FILE or len(left) > MOST_LINE:
                    raise ModelRefused(f"{self._site.place} sends answers without end.")
                for line in whole:
                    take(line)
        take(left)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
        self._session = None

    def scrub(self, text: str) -> str:
        """Servers like to repeat a key; it must not reach a file or a screen."""
        return text.replace(self._site.key, "***") if self._site.key else text

    async def _told(
        self,
        kind: type[T],
        method: str,
        path: str,
        data: object = None,
        params: Mapping[str, str] | None = None,
    ) -> T:
        """What a call returns, read as such a thing."""
        async with self._reply(method, path, data, params) as response:
            body = await _all_of(response)
            if response.status in NO_BATCH_API:
                raise ModelRefused(
                    f"{self._site.place} has no batch API (HTTP {response.status} for "
                    f"{path}): run without --batch."
                )
        try:
            return msgspec.json.decode(body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError):
            shown = excerpt(self.scrub(body[:1000].decode("utf-8", "replace"))) or "nothing"
            raise ModelError(f"{self._site.place} answers {path} with: {shown}") from None

    @asynccontextmanager
    async def _reply(
        self,
        method: str,
        path: str,
        data: object = None,
        params: Mapping[str, str] | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """A good reply, or one that says that there is nothing."""
        headers = {"Content-Type": "application/json"} if isinstance(data, bytes) else None
        try:
            async with self._open().request(
                method,
                f"{self._site.address}{path}",
                data=data,
                params=params,
                headers=headers,
                allow_redirects=False,
                proxy=self._site.proxy,
            ) as response:
                self._reached = True
                if response.status // 100 != 2 and response.status not in NO_BATCH_API:
                    body = (await _all_of(response)).decode("utf-8", "replace")
                    raise self._failed(Reply(response.status, response.headers, body))
                yield response
        except aiohttp.ClientConnectorError as error:
            raise self._unreachable(error) from None
        except TimeoutError:
            raise ModelError(f"Nothing came for {self._timeout:g} s (--timeout).") from None
        except (aiohttp.ClientError, OSError) as error:
            told = self.scrub(str(error)) or type(error).__name__
            raise ModelError(f"The connection broke: {excerpt(told)}") from None

    def _failed(self, reply: Reply) -> ModelError:
        """A batch that is not taken now for a reason that stays will never be."""
        try:
            failure(self._site.name, self._site.place, reply, self.scrub)
        except ModelError as error:
            if isinstance(error, ModelRefused) or error.retryable:
                return error
            return ModelRefused(f"{self._site.place} takes no batch: {error}")
        return ModelRefused(f"{self._site.place} takes no batch: its filter blocks the call.")

    def _unreachable(self, error: aiohttp.ClientConnectorError) -> ModelError:
        """Nobody there at all is a mistake in the command; a server that goes away may return."""
        what = f"Cannot reach {self._site.place}: {excerpt(str(error))}."
        if self._reached:
            return ModelError(what)
        return ModelRefused(f"{what} Is the server running? Is --base-url right?")

    def _checked(self, id: str) -> str:
        if not ID.fullmatch(id):
            raise ModelRefused(f"{self._site.place} gives an id that is none: {excerpt(id)}")
        return id

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            key = self._site.key
            self._session = aiohttp.ClientSession(
                # Files take as long as they take; only silence is a failure.
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=self._timeout, sock_read=self._timeout
                ),
                headers={"Authorization": f"Bearer {key}"} if key else None,
            )
        return self._session


async def _all_of(response: aiohttp.ClientResponse) -> bytes:
    """A short body, whole."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MOST_TOLD:
            raise ModelRefused("The server's description of its batches does not end.")
    return bytes(body)


def _batch_of(told: object) -> Batch | None:
    try:
        return msgspec.convert(told, Batch)
    except msgspec.ValidationError:
        return None
