"""What tries to make a model do what it should not. An attack ends as samples."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol, runtime_checkable

import msgspec

from upright.core.card import Card
from upright.core.sample import Message, Response


@dataclass(frozen=True, kw_only=True)
class Goal:
    """What an attacker wants to be told.

    target      how an answer that gives in begins ("Sure, here is ..."); "" if unknown
    """

    id: str
    text: str
    target: str = ""
    category: str = ""


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One question in pursuit of a goal, and what came of it.

    score       in [0, 1], by the judge of the campaign: how far the answer gives in
    success     whether it does
    judged      what the judge read, where that was not the answer as it stands
    queries     to the model under attack so far, this one included
    """

    goal: str
    messages: tuple[Message, ...]
    response: Response
    score: float
    success: bool
    queries: int
    judged: str = ""


class Spent(Exception):
    """Raised by a target whose budget is used up; whoever runs the attack keeps the best."""


Reader = Callable[[str], Awaitable[str]]
"""What makes a readable text of an answer, such as its translation."""


class Target(Protocol):
    """The model under attack and one goal, as an attack sees them. Every question counts.

    All randomness comes from `random`, and every question is kept: an attack that is interrupted
    runs again from its start and gets the same answers without asking for them.
    """

    @property
    def goal(self) -> Goal: ...

    @property
    def random(self) -> Random: ...

    @property
    def best(self) -> Attempt | None:
        """The attempt with the highest score so far; the first of equals."""
        ...

    async def attempt(self, messages: Sequence[Message], read: Reader | None = None) -> Attempt:
        """Ask, and judge the answer, or what `read` makes of it. Raises Spent, and ModelRefused."""
        ...

    async def likelihood(
        self, messages: Sequence[Message], beginnings: Sequence[str]
    ) -> list[float]:
        """Log-likelihood in nats of each beginning of an answer. Raises UsageError where the model
        cannot tell."""
        ...

    async def say(self, messages: Sequence[Message], *, max_tokens: int) -> str:
        """The answer alone, as a turn of a conversation: counted, but not judged."""
        ...

    async def consult(
        self,
        spec: str,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        seed: int,
        temperature: float = 1.0,
    ) -> str:
        """What a model of the attacker's own says: kept as every answer is, and counted apart.
        Raises Spent where the budget for it is used up, and ModelError where it does not answer."""
        ...

    def unread(self) -> None:
        """Count a reply of such a model that could not be read."""
        ...

    def weights(self) -> Any:
        """The model itself, for attacks that need gradients. Raises UsageError where nobody has
        them."""
        ...


class OneByOne(Protocol):
    """Pursues each goal for itself.

    `id` names it, and whatever differs from the defaults of its paper.
    """

    @property
    def id(self) -> str: ...

    @property
    def card(self) -> Card: ...

    async def pursue(self, target: Target) -> None:
        """Try, until an attempt succeeds or nothing is left to try."""
        ...


@runtime_checkable
class AllAtOnce(Protocol):
    """Pursues all goals with the same means: what is tried is tried on every one of them.

    Its randomness comes from `random`, not from the targets. The first target whose budget is used
    up ends it for all of them: what was tried on some goals only could not be compared.
    """

    @property
    def id(self) -> str: ...

    @property
    def card(self) -> Card: ...

    async def pursue_all(self, targets: Sequence[Target], random: Random) -> None:
        """Try, until nothing is left to try."""
        ...


Attack = OneByOne | AllAtOnce
