"""Defenses by name, as one types them: `smoothllm` or `smoothllm:copies=4,share=0.2`."""

import inspect
from collections.abc import Callable
from importlib import import_module
from typing import Any, cast

import msgspec

from upright.core import Defense, UsageError, registry, unknown


def open_defense(spec: str) -> Defense:
    """The defense of that name with these options."""
    name, _, told = spec.partition(":")
    known = registry.entries("defenses")
    if name not in known:
        raise unknown("defense", name, known)
    make: Callable[..., Any] = getattr(import_module(known[name].module), name)
    allowed = inspect.signature(make).parameters
    options = dict(_option(part, spec) for part in told.split(",") if part)
    for option, value in options.items():
        if option not in allowed:
            raise unknown(f"option of {name}", option, allowed)
        wanted = type(allowed[option].default)
        if not isinstance(value, wanted) and not (wanted is float and isinstance(value, int)):
            raise UsageError(f"{name}: {option} is {_article(wanted)}, not {value!r}.")
    return cast(Defense, make(**options))


def _option(part: str, spec: str) -> tuple[str, Any]:
    name, equals, value = part.partition("=")
    if not equals:
        raise UsageError(f"{spec!r}: write options as NAME:option=value,option=value.")
    try:
        return name.strip(), msgspec.json.decode(value)
    except msgspec.DecodeError:
        return name.strip(), value


def _article(wanted: type) -> str:
    return {int: "a whole number", float: "a number", str: "a word", bool: "true or false"}.get(
        wanted, wanted.__name__
    )
