"""Output filter: an answer that our harm judge calls harmful is not given.

The judge reads the question with the answer. Llama Guard and its like filter in this way; ours is
the linear judge of `judges/harm.py`, which takes no call and no GPU, and errs more often.
"""

from dataclasses import dataclass

import msgspec

from upright.core import Ask, Card, Dimension, Request, Response, Share
from upright.defenses import FINISH, PASSED, REFUSAL, REFUSED, noted
from upright.judges import harmful

CARD = Card(
    title="Output filter",
    paper="2312.06674",
    measures="Whether harmful answers can be held back after they were written",
    dimension=Dimension.SAFETY,
    data="the harm judge's training sets: see upright judge list",
    licence="Apache-2.0",
    limits=(
        "The answer has to be written before it can be read: nothing can be streamed.",
        "Measured by the same harm judge it looks perfect. Measure it with another one.",
    ),
)


@dataclass(frozen=True)
class OutputFilter:
    """`threshold` is the chance of harm from which an answer is held back."""

    threshold: float = 0.5
    card: Card = CARD

    @property
    def id(self) -> str:
        return "output_filter" + (f"({self.threshold:g})" if self.threshold != 0.5 else "")

    async def around(self, request: Request, ask: Ask) -> Response:
        response = await ask(request)
        asked = "\n".join(m.content for m in request.messages if m.role == "user")
        chance = float(harmful([asked], [response.text])[0])
        told = f"harmful with a chance of {chance:.2f}"
        if chance < self.threshold:
            return noted(response, PASSED, told)
        held = msgspec.structs.replace(response, text=REFUSAL, finish_reason=FINISH)
        return noted(held, REFUSED, told)


def output_filter(threshold: Share = 0.5) -> OutputFilter:
    return OutputFilter(threshold)
