"""Attacks and defenses by name, as one types them: `smoothllm`, `smoothllm:copies=4,share=0.2`.

What a number may be stands in the signature of the function that makes them: `copies: Count = 10`.
"""

import inspect
from collections.abc import Callable
from importlib import import_module
from typing import Annotated, Any, NamedTuple

import msgspec

from upright.core.errors import UsageError, unknown
from upright.core.registry import entries


class Range(NamedTuple):
    """What a number may be, both ends included; without an end, as large as one likes."""

    least: float
    most: float | None = None

    def __contains__(self, value: object) -> bool:
        if not isinstance(value, int | float):
            return False
        return self.least <= value and (self.most is None or value <= self.most)

    def __str__(self) -> str:
        if self.most is None:
            return f"{self.least:g} or more"
        return f"between {self.least:g} and {self.most:g}"


Share = Annotated[float, Range(0, 1)]
"""Of a whole, or a probability."""
Count = Annotated[int, Range(1)]
"""Of what there must be at least one of."""
ANY = Range(0)
"""Any other number: a seed, a size of which 0 means none."""


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
        _check(name, allowed[option], value)
    return make(**options)


def _check(name: str, option: inspect.Parameter, value: Any) -> None:
    """Whether the option may be this: of its default's kind, and within its range."""
    kind = type(option.default)
    told = (int, float) if kind is float else (kind,)
    if type(value) not in told:
        raise UsageError(f"{name}: {option.name} is {KINDS[kind]}, not {value!r}.")
    if kind not in (int, float):
        return
    noted = getattr(option.annotation, "__metadata__", ())
    allowed = next((each for each in noted if isinstance(each, Range)), ANY)
    if value not in allowed:
        raise UsageError(f"{name}: {option.name} is {KINDS[kind]}, {allowed}, not {value!r}.")


KINDS = {int: "a whole number", float: "a number", str: "a word", bool: "true or false"}


def _option(part: str, spec: str) -> tuple[str, Any]:
    name, equals, value = part.partition("=")
    if not equals:
        raise UsageError(f"{spec!r}: write options as NAME:option=value,option=value.")
    try:
        return name.strip(), msgspec.json.decode(value)
    except msgspec.DecodeError:
        return name.strip(), value
