"""Erase-and-check: a question is refused if it, or what is left of it without its end, is harmful.

Kumar, Agarwal, Srinivas, Li, Feizi and Lakkaraju 2023, "Certifying LLM Safety against Adversarial
Prompting" (arXiv 2309.02705), suffix mode. The certificate: a question that the filter flags as it
stands is refused whatever up to `most` words stand behind it, because one of the versions that are
checked is the question itself. It holds for any filter, and says nothing of what the filter misses.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from upright.core import Card, Dimension, Request, Response, Share
from upright.defenses import refused
from upright.judges.request import risk

Filter = Callable[[Sequence[str]], Iterable[float]]
"""For every text a chance that it asks for something harmful."""
WORD = re.compile(r"\s*\S+")
CARD = Card(
    title="Erase-and-check (suffix)",
    paper="2309.02705",
    measures="Whether no short suffix can hide a harmful question from a filter",
    dimension=Dimension.SAFETY,
    data="the filter's training sets",
    licence="Apache-2.0",
    limits=(
        "Erases words, not a model's tokens: the certificate is for suffixes of so many words "
        "that begin with a space.",
        "The filter is the part of our harm judge that reads requests, and was taught on the "
        "benchmarks' own requests: measure it on others.",
        "Every version that is checked is one more chance to flag a harmless question, and this "
        "filter flags many: it was taught on few of them.",
        "Suffixes alone: the paper's insertion and infusion modes are not built.",
    ),
)


@dataclass(frozen=True)
class EraseAndCheck:
    """Checks the last turn with its last 0 to `most` words erased; flagged from `threshold` on."""

    most: int = 20
    threshold: float = 0.5
    filter: Filter = risk
    card: Card = CARD

    @property
    def id(self) -> str:
        mine = (self.most, self.threshold)
        return "erase_and_check" + ("" if mine == (20, 0.5) else "({}, {:g})".format(*mine))

    async def before(self, request: Request) -> Request | Response:
        erased = self.flagged(request.messages[-1].content)
        if erased is None:
            return request
        return refused(f"harmful without its last {erased} words" if erased else "harmful as it is")

    def flagged(self, text: str) -> int | None:
        """The fewest words without which the text is flagged; None if it never is."""
        versions = list(self.versions(text))
        chances = self.filter(versions)
        return next((n for n, c in enumerate(chances) if c >= self.threshold), None)

    def versions(self, text: str) -> Sequence[str]:
        """The text itself, then without its last word, its last two, and so on; never nothing."""
        ends = [match.end() for match in WORD.finditer(text)]
        shorter = [text[:end] for end in reversed(ends[:-1])]
        return [text, *shorter[: self.most]]


def erase_and_check(most: int = 20, threshold: Share = 0.5) -> EraseAndCheck:
    return EraseAndCheck(most, threshold)
