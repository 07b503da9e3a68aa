"""Attacks and defenses by name, as one types them: `smoothllm`, `smoothllm:copies=4,share=0.2`."""

import inspect
from collections.abc import Callable
from importlib import import_module
from typing import Any

import msgspec

from upright.core.errors import UsageError, unknown
from upright.core.registry import entries


def open_named(room: str, spec: str) -> Any:
    """What has that name in a room, with these options."""
    name, _, told = spec.partition(":")
    known = entries(room)
    if name not in known:
        raise unknown(room.removesuffix("s"), name, known)
    make: Callable[..., Any] = getattr(import_module(known[name].module), name)
    allowed = inspect.signature(make).parameters
    options = dict(_option(part, spec) for part in told.split(",") if part)
    for option, value in options.items():
        if option not in allowed:
            raise unknown(f"option of {name}", option, allowed)
        wanted = type(allowed[option].default)
        if not isinstance(value, wanted) and not (wanted is float and isinstance(value, int)):
            raise UsageError(f"{name}: {option} is {KINDS[wanted]}, not {value!r}.")
        if isinstance(value, int | float) and value < 0:
            raise UsageError(f"{name}: {option} cannot be below 0, and {value!r} is.")
    return make(**options)


KINDS = {int: "a whole number", float: "a number", str: "a word", bool: "true or false"}


def _option(part: str, spec: str) -> tuple[str, Any]:
    name, equals, value = part.partition("=")
    if not equals:
        raise UsageError(f"{spec!r}: write options as NAME:option=value,option=value.")
    try:
        return name.strip(), msgspec.json.decode(value)
    except msgspec.DecodeError:
        return name.strip(), value
