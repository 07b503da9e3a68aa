"""The graph of personas: who came from whom, and what the children say of their ancestors."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import log, sqrt


@dataclass
class Node:
    """Answers that gave in and answers in all: a persona's own, and with its descendants' share."""

    parents: tuple[int, ...]
    own: tuple[float, float]
    successes: float
    answers: float


@dataclass
class Lineage:
    """`share` is beta: what of a child's counts its ancestor at a distance of d is credited with,
    beta^d. `curiosity` is c."""

    share: float = 0.3
    curiosity: float = 0.1
    nodes: list[Node] = field(default_factory=list)

    def add(self, results: Sequence[float], parents: Sequence[int] = ()) -> int:
        """A persona with how far each goal gave in, in [0, 1]; its number. Credits its ancestors,
        each once, by the shortest way to it."""
        gained, answers = float(sum(results)), float(len(results))
        self.nodes.append(Node(tuple(parents), (gained, answers), gained, answers))
        credit = self.share
        for ancestors in self._generations(tuple(parents)):
            for ancestor in ancestors:
                self.nodes[ancestor].successes += credit * gained
                self.nodes[ancestor].answers += credit * answers
            credit *= self.share
        return len(self.nodes) - 1

    def rate(self, node: int) -> float:
        """The propagated success rate: (direct + propagated successes) / (the same of answers)."""
        return self.nodes[node].successes / self.nodes[node].answers

    def score(self, node: int) -> float:
        """Propagated success rate + c sqrt(2 ln N / (answers + 1)), N the size of the graph."""
        unsure = 2 * log(len(self.nodes)) / (self.nodes[node].answers + 1)
        return self.rate(node) + self.curiosity * sqrt(unsure)

    def best(self, most: int) -> list[int]:
        """By score; the earlier one of equals."""
        return sorted(range(len(self.nodes)), key=lambda node: -self.score(node))[:most]

    def _generations(self, parents: tuple[int, ...]) -> list[set[int]]:
        """The ancestors at a distance of 1, 2 and so on; none twice."""
        found: list[set[int]] = []
        seen: set[int] = set()
        level = set(parents)
        while level:
            found.append(level)
            seen |= level
            level = {p for node in level for p in self.nodes[node].parents} - seen
        return found
