"""Random personas: drawn from the grammar, what a search has to beat.

The same seeds and the same grammar as PLE (arXiv 2605.01899), and nothing learnt from any answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from upright.attacks import _persona_grammar as grammar
from upright.attacks._persona_search import Search
from upright.attacks._persona_target import GRAMMAR, check, search_on, told
from upright.core import Card, Count, Dimension, Target

CARD = Card(
    title="Random personas",
    paper="2605.01899",
    measures="Whether any persona will do: what chance finds for the same number of questions",
    dimension=Dimension.SAFETY,
    data="35 seed personas of our own writing",
    licence="Apache-2.0",
    limits=(
        "Not in the paper: a baseline of ours.",
        "The grammar is small: its personas are more alike than those of a large model.",
    ),
)


@dataclass(frozen=True)
class PersonaRandom:
    """The seeds, then personas at random until `evaluations` were tried; `fitness` as of ple."""

    evaluations: int = 435
    fitness: str = "answers"
    card: Card = CARD

    @property
    def id(self) -> str:
        own = "" if self.evaluations == 435 else f"({self.evaluations})"
        return f"persona_random{own}" + told(self.fitness, GRAMMAR)

    async def pursue_all(self, targets: Sequence[Target], random: Random) -> None:
        await self.search(search_on(targets, self.fitness, GRAMMAR, random, self.evaluations))

    async def search(self, search: Search) -> None:
        async def drawn() -> str:
            return grammar.drawn(search.random)

        await search.begin()
        while search.left and (persona := await search.new(drawn)):
            await search.evaluate(persona)


def persona_random(evaluations: Count = 435, fitness: str = "answers") -> PersonaRandom:
    check(fitness, GRAMMAR)
    return PersonaRandom(evaluations, fitness)
