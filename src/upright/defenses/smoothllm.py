"""SmoothLLM: disturbed copies of the question are asked, and the majority decides.

Robey, Wong, Hassani and Pappas 2023 (arXiv 2310.03684), Algorithm 1. A suffix that was searched
for character by character rarely survives the disturbance; a question that means something does.
"""

import asyncio
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from msgspec.structs import replace

from upright.core import (
    Ask,
    Card,
    Count,
    Dimension,
    Message,
    Request,
    Response,
    Share,
    UsageError,
    unknown,
)
from upright.defenses import CHANGED, REFUSED, noted
from upright.judges import turned_down

CARD = Card(
    title="SmoothLLM",
    paper="2310.03684",
    measures="Whether an attack survives random disturbances of its characters",
    dimension=Dimension.SAFETY,
    data="none",
    licence="Apache-2.0",
    limits=(
        "Each question takes as many calls as there are copies.",
        "Whether a copy was broken into is told by our refusal judge: the paper looks for the "
        "beginnings of refusals.",
        "Disturbs the user's last turn alone.",
    ),
)


def swap(text: str, share: float, random: Random) -> str:
    """RandomSwapPerturbation: so many characters become others."""
    characters = list(text)
    for at in random.sample(range(len(text)), _count(text, share)):
        characters[at] = random.choice(string.printable)
    return "".join(characters)


def patch(text: str, share: float, random: Random) -> str:
    """RandomPatchPerturbation: so many characters in a row become others."""
    width = _count(text, share)
    start = random.randrange(max(1, len(text) - width + 1))
    made = "".join(random.choice(string.printable) for _ in range(width))
    return text[:start] + made + text[start + width :]


def insert(text: str, share: float, random: Random) -> str:
    """RandomInsertPerturbation: so many characters more."""
    characters = list(text)
    for at in sorted(random.sample(range(len(text)), _count(text, share)), reverse=True):
        characters.insert(at, random.choice(string.printable))
    return "".join(characters)


DISTURBANCES: Mapping[str, Callable[[str, float, Random], str]] = {
    "swap": swap,
    "patch": patch,
    "insert": insert,
}


@dataclass(frozen=True)
class SmoothLLM:
    """N `copies`, a `share` q of each one's characters disturbed (0.1 is the paper's 10 %)."""

    copies: int = 10
    share: float = 0.1
    disturbance: str = "swap"
    seed: int = 0
    card: Card = CARD

    @property
    def id(self) -> str:
        mine = (self.copies, self.share, self.disturbance, self.seed)
        told = "" if mine == (10, 0.1, "swap", 0) else "({}, {:g}, {}, {})".format(*mine)
        return f"smoothllm{told}"

    async def around(self, request: Request, ask: Ask) -> Response:
        """Algorithm 1: a response of the majority's kind, drawn at random; a tie is broken into."""
        random = Random(f"{self.seed} {request.key}")
        copies = [self._disturbed(request, random) for _ in range(self.copies)]
        responses = await asyncio.gather(*map(ask, copies))
        broken = [r for r in responses if not turned_down(r.text)]
        safe = [r for r in responses if turned_down(r.text)]
        through = 2 * len(broken) > len(responses)
        told = f"{len(broken)} of {len(responses)} copies were answered"
        if through:
            return noted(random.choice(broken), CHANGED, told)
        return noted(random.choice(safe), REFUSED, told)

    def _disturbed(self, request: Request, random: Random) -> Request:
        *earlier, asked = request.messages
        text = DISTURBANCES[self.disturbance](asked.content, self.share, random)
        return replace(request, messages=(*earlier, Message(asked.role, text)))


def smoothllm(
    copies: Count = 10, share: Share = 0.1, disturbance: str = "swap", seed: int = 0
) -> SmoothLLM:
    if disturbance not in DISTURBANCES:
        raise unknown("disturbance of smoothllm", disturbance, DISTURBANCES)
    # Also where it is called from Python, which no signature stops: no copy would be no answer.
    if copies < 1 or not 0 <= share <= 1:
        raise UsageError(f"smoothllm: 1 <= copies and 0 <= share <= 1, not {copies} and {share:g}.")
    return SmoothLLM(copies, share, disturbance, seed)


def _count(text: str, share: float) -> int:
    return int(len(text) * share)
