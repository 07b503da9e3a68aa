"""OpenAI's chat completions as a server sees them: bodies in, completions and errors out."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from secrets import randbelow, token_hex
from typing import Any

import msgspec

from upright.core import Message, Request, Response, Sample, excerpt

SPOKEN = frozenset({"stop", "length", "content_filter"})
"""Finish reasons that clients know; a defense's refusal is told as a filter's."""
ROLES: Mapping[str, str] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
}
WITHOUT_EFFECT = frozenset(
    {"user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key"}
)
"""Parameters that change no answer."""
NEUTRAL: Mapping[str, tuple[Any, ...]] = {
    "n": (1,),
    "top_p": (1,),
    "presence_penalty": (0,),
    "frequency_penalty": (0,),
    "logprobs": (False,),
    "logit_bias": ({},),
    "tools": ([],),
    "functions": ([],),
    "stop": ([],),
    "response_format": ({"type": "text"},),
    "modalities": (["text"],),
}
"""Parameters that a guarded model does not know, and the values at which that does not matter."""
PIECE = 64
"""Characters of one piece of a streamed answer."""


class BadRequestError(Exception):
    """The client's mistake: `param` is the field at fault."""

    def __init__(self, message: str, param: str | None = None, *, status: int = 400) -> None:
        super().__init__(message)
        self.param, self.status = param, status


class Turn(msgspec.Struct):
    role: str
    content: str | list[dict[str, Any]] | None = None


class Body(msgspec.Struct):
    """The fields that are understood."""

    model: str
    messages: list[Turn]
    temperature: float | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    seed: int | None = None
    stream: bool | None = None
    stream_options: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question to the guarded model, and how its answer is wanted."""

    request: Request
    model: str
    stream: bool
    include_usage: bool


def to_asked(content: bytes, model: str, max_tokens: int) -> Asked:
    """Raises BadRequestError. No answer has more than `max_tokens`, whatever is asked."""
    try:
        told = msgspec.json.decode(content)
        if not isinstance(told, dict):
            raise BadRequestError("The body must be a JSON object.")
        _check_parameters(told)
        body = msgspec.convert(told, Body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequestError(f"The body cannot be read: {excerpt(str(error))}") from None
    messages = tuple(_message(turn) for turn in body.messages)
    if not messages or messages[-1].role != "user":
        raise BadRequestError("The last message must be the user's: it is answered.", "messages")
    request = Request(
        model=model,
        messages=messages,
        temperature=_between(body.temperature, 1.0, (0.0, 2.0), "temperature"),
        max_tokens=_limit(body, max_tokens),
        # Without a seed every answer is drawn anew, as at OpenAI.
        seed=randbelow(2**31) if body.seed is None else body.seed & 0x7FFFFFFF,
        sample=Sample(messages=messages),
    )
    usage = bool((body.stream_options or {}).get("include_usage"))
    return Asked(request=request, model=body.model, stream=bool(body.stream), include_usage=usage)


def _check_parameters(told: Mapping[str, Any]) -> None:
    """What would be ignored and matters is refused: a silent difference is worse than an error."""
    for name, value in told.items():
        if name in Body.__struct_fields__ or name in WITHOUT_EFFECT or value is None:
            continue
        if value not in NEUTRAL.get(name, ()):
            raise BadRequestError(
                f"{excerpt(name)} is not supported by this server: the measured model knows "
                "messages, temperature, max_tokens and seed.",
                excerpt(name),
            )


def _message(turn: Turn) -> Message:
    role = ROLES.get(turn.role)
    if role is None:
        raise BadRequestError(f"There is no role {excerpt(turn.role)!r} here.", "messages")
    if isinstance(turn.content, list):
        parts = [part.get("text") if part.get("type") == "text" else None for part in turn.content]
        if not all(isinstance(part, str) for part in parts):
            raise BadRequestError("Only parts of type text are understood.", "messages")
        return Message(role, "".join(map(str, parts)))
    return Message(role, turn.content or "")


def _limit(body: Body, most: int) -> int:
    """The newer name wins, as at OpenAI."""
    asked = body.max_tokens
    if body.max_completion_tokens is not None:
        asked = body.max_completion_tokens
    if asked is not None and asked < 1:
        raise BadRequestError("At least one token must be asked for.", "max_tokens")
    return most if asked is None else min(asked, most)


def _between(value: float | None, default: float, bounds: tuple[float, float], name: str) -> float:
    if value is None:
        return default
    if not bounds[0] <= value <= bounds[1]:
        raise BadRequestError(f"{name} must lie between {bounds[0]:g} and {bounds[1]:g}.", name)
    return value


def to_completion(response: Response, asked: Asked) -> dict[str, Any]:
    """A whole answer."""
    message = {"role": "assistant", "content": response.text}
    return {
        **_head("chat.completion", asked),
        "choices": [{"index": 0, "message": message, "finish_reason": _finish(response)}],
        "usage": _usage(response),
    }


def to_chunks(response: Response, asked: Asked) -> Iterator[dict[str, Any]]:
    """The same answer in pieces."""
    head = _head("chat.completion.chunk", asked)

    def chunk(delta: Mapping[str, str], finish: str | None = None) -> dict[str, Any]:
        return {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    yield chunk({"role": "assistant", "content": ""})
    for start in range(0, len(response.text), PIECE):
        yield chunk({"content": response.text[start : start + PIECE]})
    yield chunk({}, _finish(response))
    if asked.include_usage:
        yield {**head, "choices": [], "usage": _usage(response)}


def to_error(message: str, kind: str, code: str | None, param: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def _head(kind: str, asked: Asked) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{token_hex(12)}",
        "object": kind,
        "created": int(time.time()),
        "model": asked.model,
    }


def _finish(response: Response) -> str:
    return response.finish_reason if response.finish_reason in SPOKEN else "content_filter"


def _usage(response: Response) -> dict[str, int]:
    """Of all calls that the answer took, the defenses' included."""
    read, written = response.prompt_tokens or 0, response.completion_tokens or 0
    return {
        "prompt_tokens": read,
        "completion_tokens": written,
        "total_tokens": read + written,
    }
