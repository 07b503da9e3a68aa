"""What searches for personas have in common: a number of evaluations, and each persona once."""

from collections.abc import Awaitable, Callable, Sequence
from random import Random
from typing import NamedTuple, Protocol

from upright.attacks import _persona_grammar as grammar
from upright.attacks._persona_seeds import SEEDS

SHORTEST, LONGEST = 20, 100
"""Words of a persona: a shorter one is expanded next, a longer one contracted."""
ELITES = 35
TRIES = 20
"""At a persona that nobody has evaluated yet."""

Fitness = Callable[[str], Awaitable[Sequence[float]]]
"""Of a persona, how far each goal gave in to it, in [0, 1]."""


class Rewriter(Protocol):
    """Makes personas of personas. What it cannot make is ""."""

    async def mutate(self, persona: str, move: str, random: Random) -> str: ...

    async def cross(self, one: str, other: str, random: Random) -> str: ...


class Grammar:
    """The one that needs no model."""

    async def mutate(self, persona: str, move: str, random: Random) -> str:
        return grammar.MOVES[move](persona, random)

    async def cross(self, one: str, other: str, random: Random) -> str:
        return grammar.crossover(one, other, random)


class Evaluated(NamedTuple):
    """A persona, and how far each goal gave in."""

    persona: str
    results: Sequence[float]

    @property
    def rate(self) -> float:
        return sum(self.results) / len(self.results)


class Search:
    """Up to `most` evaluations in the order in which they were made; those of the seeds first."""

    def __init__(self, fitness: Fitness, rewriter: Rewriter, random: Random, most: int) -> None:
        self._fitness, self._rewriter, self.random, self._most = fitness, rewriter, random, most
        self.done: list[Evaluated] = []
        self._known: set[str] = set()

    @property
    def left(self) -> int:
        """Evaluations."""
        return self._most - len(self.done)

    async def evaluate(self, persona: str) -> Evaluated:
        found = Evaluated(persona, await self._fitness(persona))
        self.done.append(found)
        self._known.add(persona)
        return found

    async def begin(self) -> None:
        for seed in SEEDS[: self._most]:
            await self.evaluate(seed)

    def elites(self, most: int = ELITES) -> list[Evaluated]:
        """By success rate; the earlier one of equals."""
        return sorted(self.done, key=lambda one: -one.rate)[:most]

    async def mutated(self, persona: str) -> str:
        """A child of one; "" where no new one was found."""

        async def make() -> str:
            move = move_for(persona, self.random)
            return await self._rewriter.mutate(persona, move, self.random)

        return await self.new(make)

    async def crossed(self, one: str, other: str) -> str:
        """A child of two; "" where no new one was found."""
        return await self.new(lambda: self._rewriter.cross(one, other, self.random))

    async def new(self, make: Callable[[], Awaitable[str]]) -> str:
        for _ in range(TRIES):
            made = await make()
            if made and made not in self._known:
                return made
        return ""


def move_for(persona: str, random: Random) -> str:
    """One of the four moves; where a persona is too long or too short, the one that mends it."""
    words = grammar.count(persona)
    if words > LONGEST:
        return "Contraction"
    return "Expansion" if words < SHORTEST else random.choice(list(grammar.MOVES))
