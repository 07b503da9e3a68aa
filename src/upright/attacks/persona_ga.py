"""Persona-GA: personas from a plain genetic algorithm, what PLE is compared with.

The baseline of Li et al. 2026 (arXiv 2605.01899): a population of 35, five crossovers and five
mutations in each generation, nothing remembered of who came from whom.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from upright.attacks._persona_search import ELITES, Search
from upright.attacks._persona_target import check, search_on, told
from upright.core import Card, Count, Dimension, Target

CARD = Card(
    title="Persona-GA",
    paper="2605.01899",
    measures="Whether a genetic algorithm finds a persona that makes a model answer",
    dimension=Dimension.SAFETY,
    data="35 seed personas of our own writing",
    licence="Apache-2.0",
    limits=(
        "Who mates is drawn evenly from the best 35: how the paper draws them we do not know.",
        "Grammar, goals and judge as in ple.",
    ),
)
CROSSOVERS = MUTATIONS = 5


@dataclass(frozen=True)
class PersonaGa:
    """Until `evaluations` personas were tried; `fitness` and `rewriter` as of ple."""

    evaluations: int = 435
    fitness: str = "answers"
    rewriter: str = "grammar"
    card: Card = CARD

    @property
    def id(self) -> str:
        own = "" if self.evaluations == 435 else f"({self.evaluations})"
        return f"persona_ga{own}" + told(self.fitness, self.rewriter)

    async def pursue_all(self, targets: Sequence[Target], random: Random) -> None:
        await self.search(search_on(targets, self.fitness, self.rewriter, random, self.evaluations))

    async def search(self, search: Search) -> None:
        """Ends early where a generation has no new child."""
        await search.begin()
        before = 0
        while search.left and len(search.done) > before:
            before = len(search.done)
            population = [one.persona for one in search.elites(ELITES)]
            for place in range(min(CROSSOVERS + MUTATIONS, search.left)):
                one, other = search.random.sample(population, 2)
                child = await (
                    search.crossed(one, other) if place < CROSSOVERS else search.mutated(one)
                )
                if child:
                    await search.evaluate(child)


def persona_ga(
    evaluations: Count = 435, fitness: str = "answers", rewriter: str = "grammar"
) -> PersonaGa:
    check(fitness, rewriter)
    return PersonaGa(evaluations, fitness, rewriter)
