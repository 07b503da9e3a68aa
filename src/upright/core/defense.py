"""What stands before a model or around it. A defense ends as a model: see `upright.defenses`."""

from collections.abc import Awaitable, Callable
from typing import Protocol, Self, runtime_checkable

from upright.core.card import Card
from upright.core.model import Model
from upright.core.sample import Request, Response

Ask = Callable[[Request], Awaitable[Response]]
"""Asks what lies behind: the model itself, or the next defense."""


Open = Callable[[str], Model]
"""Opens the model that a spec names."""


class Before(Protocol):
    """Looks at what goes in.

    `id` is part of the defended model's: it names the defense, and whatever differs from its
    defaults. Raises ModelError where a model that it needs does not answer.
    """

    @property
    def id(self) -> str: ...

    @property
    def card(self) -> Card: ...

    async def before(self, request: Request) -> Request | Response:
        """The request as it goes on, changed or not; or the answer, and nobody is asked."""
        ...


class Around(Protocol):
    """Decides what is asked, how often, and what of it is answered."""

    @property
    def id(self) -> str: ...

    @property
    def card(self) -> Card: ...

    async def around(self, request: Request, ask: Ask) -> Response: ...


@runtime_checkable
class Closing(Protocol):
    """What has a model of its own, or another thing to give back: a defense, or its guardian."""

    async def close(self) -> None: ...


@runtime_checkable
class Consulting(Protocol):
    """What asks a model of its own, which it names by a spec: a defense, or its guardian."""

    def consulting(self, open: Open) -> Self:
        """The same, whose model `open` opens: reached and limited as the model under test is."""
        ...


Defense = Before | Around
