"""An OpenAI-compatible endpoint through its batch API: within a day, at half the price.

Resuming needs nothing but the provider: each batch carries a sample of the keys of its questions
as metadata. Before anything is uploaded, the batches there are listed, and each whose sample
holds a question still without an answer is waited for and read; only what none of them answered
is asked. What is journaled by then, or how questions are grouped this time, does not matter: it is
the questions that are recognised. A sample of 64 recognises every batch of which much is wanted
(of a tenth of it, 99.9 %); of less it may overlook one, which costs the price of that little.

Groups are cut by the questions' keys, in halves until each fits a file, so that they change
little when some questions are answered; and no group waits for another's batch.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any, TypeVar

import msgspec

from upright.core import ModelError, ModelRefused, Request, Response, UsageError
from upright.core.inert import one_line
from upright.models import ModelOptions
from upright.models._batch_wire import ENDPOINT, Batch, Site, Wire
from upright.models._chat import Limit, failure, to_payload, to_responses, wants_new_limit
from upright.models._order import by_prefix
from upright.models._transport import Reply
from upright.models.saying import say

MOST_REQUESTS = 50_000
MOST_BYTES = 200_000_000
"""What OpenAI takes in one file."""
CONCURRENCY = 4
ROUNDS = 2
"""How often a question is asked that got no answer for a reason that may pass."""
ENDED = {"completed", "expired", "cancelled", "failed"}
FIRST_WAIT, LONGEST_WAIT, LONGEST_OBEYED = 5.0, 60.0, 120.0
"""Seconds between two looks at a batch, growing; and how long a server may ask for."""
LOOKS = 30
"""So many looks that fail in a row, half an hour at least, mean that nobody is there."""
MARK, SAMPLE = 8, 64
"""Characters of a key, and keys of a batch: together what a value of metadata holds."""
METADATA = "upright"

Answer = Response | ModelError
T = TypeVar("T")


class BatchEndpoint:
    """A chat model whose answers come all at once. Its id is that of the plain endpoint."""

    def __init__(
        self,
        site: Site,
        options: ModelOptions,
        first_wait: float = FIRST_WAIT,
        tell: Callable[[str], None] = say,
    ) -> None:
        self.id = site.id
        self.concurrency = options.concurrency or CONCURRENCY
        self.can_choose = options.logprobs
        self.cacheable = True
        self._site, self._wire = site, Wire(site, options.timeout)
        self._first_wait, self._tell = first_wait, tell
        self._limit: Limit = site.limit
        self._served_as: set[str] = set()
        self._read: list[str] = []

    def __repr__(self) -> str:
        return f"BatchEndpoint({self.id})"

    @property
    def facts(self) -> dict[str, str]:
        return {
            "address": self._site.place,
            "mode": "batch",
            "batches": ", ".join(self._read),
            "served_as": ", ".join(sorted(self._served_as)),
            "aiohttp": version("aiohttp"),
        }

    def batches(self, requests: Sequence[Request]) -> Iterator[Sequence[Request]]:
        sizes = {request.key: len(self._line(request)) for request in requests}
        return _halved(by_prefix(requests), sizes)

    async def generate(self, requests: Sequence[Request]) -> list[Response]:
        """What earlier batches answered, and the rest from a new one; once more where it failed."""
        found: dict[str, Answer] = {}
        for batch in await self._earlier(requests):
            if rest := _unanswered(requests, found):
                self._tell(
                    f"{self._named(batch)} was made earlier; what it answers is not paid anew."
                )
                came = await self._answers(batch, rest)
                # Its failures may have passed by now (a quota paid for), and cost nothing.
                found |= {key: came[key] for key in came if isinstance(came[key], Response)}
        for _ in range(ROUNDS):
            rest = _unanswered(requests, found)
            if not rest:
                break
            came = await self._answers(await self._make(rest), rest)
            for answer in came.values():
                if isinstance(answer, ModelRefused):
                    raise answer
            found |= came
        return [_response(found.get(request.key)) for request in requests]

    async def close(self) -> None:
        await self._wire.close()

    async def _earlier(self, requests: Sequence[Request]) -> list[Batch]:
        """Batches that hold some of these questions, whoever made them."""
        marks = {request.key[:MARK] for request in requests}
        return [
            batch
            for batch in await self._wire.listed()
            if batch.status != "failed" and not marks.isdisjoint(_marks(batch.metadata))
        ]

    async def _make(self, requests: Sequence[Request]) -> Batch:
        lines = b"".join(map(self._line, requests))
        batch = await self._wire.make(lines, {METADATA: _sample(requests)})
        self._tell(
            f"{self._named(batch)}: {len(requests):,} to be answered. It goes on when this run "
            "is stopped: the same command fetches its answers."
        )
        return batch

    async def _answers(self, batch: Batch, requests: Sequence[Request]) -> dict[str, Answer]:
        """What a batch has to say to these questions, once it has ended."""
        batch = await self._ended(batch)
        if batch.status == "failed":
            raise ModelRefused(f"{self._named(batch)} was not accepted: {self._reasons(batch)}")
        self._read += [batch.id] * (batch.id not in self._read)
        wanted = {request.key: request for request in requests}
        found: dict[str, Answer] = {}

        def take(line: bytes) -> None:
            told = _told(line)
            if told and told.custom_id in wanted and told.custom_id not in found:
                found[told.custom_id] = self._answer(told, wanted[told.custom_id])

        for file in (batch.output_file_id, batch.error_file_id):
            if file:
                await self._wire.read(file, take)
        return found

    async def _ended(self, batch: Batch) -> Batch:
        """Wait for the end of a batch, however often looking at it fails meanwhile."""
        wait, failed, shown = self._first_wait, 0, ""
        while batch.status not in ENDED:
            pause = wait
            try:
                batch = await self._wire.look(batch.id)
                failed = 0
            except ModelError as error:
                failed += 1
                if not error.retryable:
                    raise
                if failed == LOOKS:
                    told = f"{failed} looks at {self._named(batch)} failed, the last with: {error}"
                    raise ModelRefused(f"{told} The batch goes on.") from None
                pause = max(wait, min(error.retry_after or 0.0, LONGEST_OBEYED))
            shown = self._show(batch, shown)
            if batch.status not in ENDED:
                await asyncio.sleep(pause)
                wait = min(LONGEST_WAIT, wait * 1.5)
        return batch

    def _show(self, batch: Batch, shown: str) -> str:
        """Say how far it is, at each tenth; what was said."""
        counts = _as(_Counts, batch.request_counts)
        tenths = 10 * counts.completed // counts.total if counts.total > 0 else 0
        state = f"{batch.status} {tenths}"
        if state != shown:
            far = f", {counts.completed:,} of {counts.total:,} answered" if counts.total > 0 else ""
            self._tell(f"{self._named(batch)}: {one_line(batch.status, 40)}{far}")
        return state

    def _answer(self, told: "_Told", request: Request) -> Answer:
        """The answer in a line, or why there is none, as in a call of its own."""
        try:
            if told.response is None:
                return ModelError(self._reason(told.error or _Error()))
            body = bytes(told.response.body).decode("utf-8", "surrogateescape")
            reply = Reply(told.response.status_code, {}, body)
            if wants_new_limit(reply.status, body, "max_tokens"):
                self._limit = "max_completion_tokens"
                return ModelError("The model wants its limit under another name.")
            if reply.status != 200:
                return failure(self._site.name, self._site.place, reply, self._wire.scrub)
            answer = to_responses(body, [request], 0.0, self._wire.scrub)
        except ModelError as error:
            return error
        self._served_as |= {answer.served_as} - {""}
        return answer.responses[0]

    def _line(self, request: Request) -> bytes:
        """One question in a file."""
        told = {
            "custom_id": request.key,
            "method": "POST",
            "url": ENDPOINT,
            "body": msgspec.Raw(to_payload(self._site.name, [request], self._limit)),
        }
        return msgspec.json.encode(told) + b"\n"

    def _named(self, batch: Batch) -> str:
        return f"Batch {one_line(batch.id, 80)} at {self._site.place}"

    def _reasons(self, batch: Batch) -> str:
        """Of a batch that failed as a whole."""
        errors = _as(_Errors, batch.errors).data
        told = "; ".join(map(self._reason, errors[:3])) or "no reason given"
        if any(error.code == "token_limit_exceeded" for error in errors):
            told += (
                " (Let earlier batches end first. --concurrency 1 makes one batch after another, "
                "--limit and --benchmark make them smaller.)"
            )
        return told

    def _reason(self, error: "_Error") -> str:
        return one_line(self._wire.scrub(f"{error.code}: {error.message}"), 200)


class _Counts(msgspec.Struct, frozen=True):
    total: int = 0
    completed: int = 0


class _Error(msgspec.Struct, frozen=True):
    code: str | None = "error"
    message: str | None = "no reason given"


class _Errors(msgspec.Struct, frozen=True):
    data: list[_Error] = []


class _Replied(msgspec.Struct, frozen=True):
    status_code: int
    body: msgspec.Raw


class _Told(msgspec.Struct, frozen=True):
    """A line of a provider's file."""

    custom_id: str
    response: _Replied | None = None
    error: _Error | None = None


def open_batch(site: Site, options: ModelOptions) -> BatchEndpoint:
    """Options of single calls mean nothing here, and are not quietly dropped."""
    if options.rpm or options.tpm:
        raise UsageError(
            "--rpm and --tpm pace single calls; a batch is one call, and the provider paces what "
            "is in it. Leave them out, or leave out --batch."
        )
    if options.hedge:
        raise UsageError(
            "--hedge makes slow calls twice, and a batch is one call that may take a day. Leave "
            "it out, or leave out --batch."
        )
    if options.repeats_per_call > 1:
        raise UsageError(
            "--repeats-per-call saves calls, and a batch needs none: each repeat is a line of "
            "its own. Leave it out, or leave out --batch."
        )
    return BatchEndpoint(site, options)


def _halved(
    requests: Sequence[Request], sizes: Mapping[str, int], bit: int = 255
) -> Iterator[Sequence[Request]]:
    """As they are, or in two by a bit of their keys, until each part fits into a file."""
    size = sum(sizes[request.key] for request in requests)
    if len(requests) <= 1 or (len(requests) <= MOST_REQUESTS and size <= MOST_BYTES):
        yield from [requests] * bool(requests)
        return
    for side in (0, 1):
        half = [request for request in requests if int(request.key, 16) >> bit & 1 == side]
        yield from _halved(half, sizes, bit - 1)


def _sample(requests: Sequence[Request]) -> str:
    """The beginnings of some keys: chosen by their ends, which say nothing of the grouping."""
    chosen = sorted((request.key for request in requests), key=lambda key: key[::-1])[:SAMPLE]
    return "".join(key[:MARK] for key in chosen)


def _marks(metadata: Any) -> set[str]:
    told = metadata.get(METADATA) if isinstance(metadata, dict) else None
    if not isinstance(told, str):
        return set()
    return {told[start : start + MARK] for start in range(0, len(told), MARK)}


def _as(kind: type[T], told: object) -> T:
    """Read as such a thing; an empty one where it is none."""
    try:
        return msgspec.convert(told, kind)
    except msgspec.ValidationError:
        return kind()


def _told(line: bytes) -> _Told | None:
    """Nothing where it is no such line: its question then has no answer, which is noticed."""
    try:
        return msgspec.json.decode(line, type=_Told)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _unanswered(requests: Sequence[Request], found: Mapping[str, Answer]) -> list[Request]:
    """Those that may still be answered."""
    return [
        request
        for request in requests
        if isinstance(answer := found.get(request.key, MISSING), ModelError) and answer.retryable
    ]


def _response(answer: Answer | None) -> Response:
    answer = answer or MISSING
    if isinstance(answer, Response):
        return answer
    return Response(finish_reason="error", error=str(answer))


MISSING = ModelError("The batch says nothing to this question.")
