"""The wire format of chat completions: request out, responses in, and what can go wrong."""

import json
import math
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from upright.core import ModelError, ModelRefused, Request, Response, excerpt, printable
from upright.models._transport import Reply
from upright.models._waiting import asked_to_wait, seconds

Limit = Literal["max_tokens", "max_completion_tokens"]

NEVER = {
    401: "refused the key: set OPENAI_API_KEY to a valid one",
    403: "forbids this key to use {name}: check the key's rights and the region",
    404: "knows no {name} at this address: check the model's name and --base-url (does it end "
    "in /v1?)",
}
PASSING = {408, 409, 425, 429}
OVERLOADED = {408, 429, 503, 504, 529}
MALFORMED = (ValueError, LookupError, TypeError, AttributeError, RecursionError, OverflowError)
"""What reading a body of any shape may raise."""
MOST_TOKENS = 2**31
MOST_ALTERNATIVES = 20
"""How many likely tokens OpenAI reports at most."""


class Answer(NamedTuple):
    """The responses of one call, and the name the server gave its model."""

    responses: list[Response]
    served_as: str


def to_payload(name: str, requests: Sequence[Request], limit: Limit) -> bytes:
    """The body of one call. Several requests are repeats of the first."""
    first = requests[0]
    body: dict[str, Any] = {
        "model": name,
        "messages": first.messages,
        "temperature": first.temperature,
        limit: first.max_tokens,
        "seed": first.seed,
    }
    if len(requests) > 1:
        body["n"] = len(requests)
    if first.options:
        body |= {limit: 1, "logprobs": True, "top_logprobs": MOST_ALTERNATIVES}
    return msgspec.json.encode(body)


def to_responses(
    body: str, requests: Sequence[Request], latency: float, scrub: Callable[[str], str]
) -> Answer:
    """Read a 200. Whatever is not a chat completion is a passing failure: ask again."""
    try:
        told = _decoded(body)
        choices = told["choices"]
        usage = told.get("usage")
        served_as = printable(str(told.get("model") or ""))
        if len(choices) < len(requests):
            raise _too_few(len(choices), len(requests))
        responses = [
            # The usage of a call belongs to all its repeats: count it once.
            _to_response(choice, request, usage if choice is choices[0] else None, latency)
            for choice, request in zip(choices, requests, strict=False)
        ]
    except MALFORMED:
        shown = excerpt(scrub(body)) or "nothing"
        raise ModelError(f"The server's answer is not a chat completion: {shown}") from None
    return Answer(responses, served_as)


def _decoded(body: str) -> Any:
    """JSON, quickly; and where that fails leniently: some servers send raw NUL bytes and line
    feeds inside strings, or half of a surrogate pair."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return json.loads(body, strict=False)


def failure(name: str, place: str, reply: Reply, scrub: Callable[[str], str]) -> Response:
    """The error that a status stands for, raised; a blocked prompt is returned instead."""
    status, headers = reply.status, reply.headers
    code, message = _error_of(reply.body)
    message = scrub(message)  # after decoding: JSON may spell a key's "/" as "\\/"
    if code == "content_filter":
        return Response(finish_reason="content_filter")
    told = f"HTTP {status}: {excerpt(message) or 'no reason given'}"
    if status in NEVER:
        raise ModelRefused(f"{place} {NEVER[status].format(name=name)}. ({told})")
    if code == "insufficient_quota":
        raise ModelRefused(f"{place} says the quota of this key is used up. ({told})")
    raise ModelError(
        told,
        retryable=status in PASSING or status >= 500,
        # Some servers tell the state of their quotas with every reply: it says nothing elsewhere.
        retry_after=(
            asked_to_wait(headers) if status == 429 else seconds(headers.get("retry-after", ""))
        ),
        overloaded=status in OVERLOADED,
    )


def wants_new_limit(status: int, body: str, limit: Limit) -> bool:
    """Whether the server asks for `max_completion_tokens`, as newer models do."""
    return status == 400 and limit == "max_tokens" and "max_completion_tokens" in body


def _to_response(
    choice: dict[str, Any], request: Request, usage: object, latency: float
) -> Response:
    message = choice["message"]
    text = _text_of(message["content"]) or message.get("refusal") or ""
    response = Response(
        text=printable(text),
        finish_reason=printable(str(choice.get("finish_reason") or "stop")),
        prompt_tokens=_count(usage, "prompt_tokens"),
        completion_tokens=_count(usage, "completion_tokens"),
        latency=latency,
    )
    return _choose(response, choice, request.options) if request.options else response


def _text_of(content: Any) -> str:
    """Text, or the texts of a list of parts, as some servers send it."""
    if isinstance(content, list):
        return "".join(part["text"] for part in content if part.get("type") == "text")
    if not isinstance(content, str | None):
        raise TypeError("content is not text")
    return content or ""


def _count(usage: object, name: str) -> int | None:
    """A number of tokens, where the server gives a sensible one: an answer is worth more."""
    count = usage.get(name) if isinstance(usage, dict) else None
    return int(count) if isinstance(count, int | float) and 0 <= count < MOST_TOKENS else None


def _choose(response: Response, choice: dict[str, Any], options: tuple[str, ...]) -> Response:
    """The option whose first token is likeliest. One not listed gets the least listed value."""
    first = choice["logprobs"]["content"][0]["top_logprobs"]
    floor = min(float(t["logprob"]) for t in first)
    likelihoods = [_starts(option, first) for option in options]
    if not any(likelihoods):
        return response
    if likelihoods.count(max(likelihoods)) > 1:
        raise ModelError(
            f"The options {', '.join(options)} begin with the same token, and an endpoint tells "
            "only the first: have it write its answers (--choices text).",
            retryable=False,
        )
    scores = tuple(math.log(p) if p else floor for p in likelihoods)
    best = options[scores.index(max(scores))]
    return msgspec.structs.replace(
        response, text=best, finish_reason="choice", option_logprobs=scores
    )


def _starts(option: str, tokens: Sequence[dict[str, Any]]) -> float:
    """The probability of the listed tokens that an option starts with."""
    start = option.casefold()
    return sum(
        math.exp(t["logprob"])
        for t in tokens
        if t["token"].strip() and start.startswith(t["token"].strip().casefold())
    )


def _error_of(body: str) -> tuple[str, str]:
    """Code and message of an error body, whatever its shape."""
    try:
        error = json.loads(body, strict=False)["error"]
        return str(error.get("code") or ""), str(error.get("message") or body)
    except MALFORMED:
        return "", body


def _too_few(got: int, asked: int) -> Exception:
    if got and asked > 1:
        return ModelError(
            f"The server gave {got} of {asked} repeats: it does not support `n`. "
            "Ask one repeat per call.",
            retryable=False,
        )
    return LookupError("no choices")
