"""Models of the attacker's own: what they say is untrusted, and read or asked for again."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from upright.core import Message, Target, UsageError, printable

Found = TypeVar("Found")
TRIES = 3
"""Replies that may be asked for until one can be read."""


async def consulted(
    target: Target,
    spec: str,
    messages: Sequence[Message],
    read: Callable[[str], Found | None],
    *,
    max_tokens: int,
) -> Found | None:
    """What `read` finds in a model's reply; None where it finds nothing in TRIES of them."""
    for _ in range(TRIES):
        seed = target.random.getrandbits(31)
        said = await target.consult(spec, messages, max_tokens=max_tokens, seed=seed)
        if (found := read(printable(said))) is not None:
            return found
        target.unread()
    return None


def needed(spec: str, attack: str, role: str) -> str:
    """The spec itself; an error that says what to name where there is none."""
    if not spec:
        raise UsageError(
            f"{attack} asks a model of the attacker's own, and none is named: "
            f"{attack}:{role}=openai/NAME, or {role}=local/DIR."
        )
    return spec


def json_in(text: str, kind: type[Found]) -> Found | None:
    """The JSON object of a printable reply, which may stand between other words."""
    start, end = text.find("{"), text.rfind("}")
    try:
        return msgspec.json.decode(text[start : end + 1].encode(), type=kind)
    except (msgspec.DecodeError, RecursionError):
        return None
