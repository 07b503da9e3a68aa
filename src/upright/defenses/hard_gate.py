"""Hard gate: a request that a guardian flags is refused, and the model never sees it.

What most guardrails do, and what "Guardian-as-an-Advisor" (arXiv 2604.07655) is measured beside.
"""

from dataclasses import dataclass, field
from dataclasses import replace as changed

from upright.core import Ask, Card, Closing, Dimension, Open, Request, Response, Share
from upright.defenses import FINISH, PASSED, REFUSAL, REFUSED, noted
from upright.defenses._guardians import WORDS, ByWords, Guardian, consulting, guardian_of, id_of

CARD = Card(
    title="Hard gate",
    paper="2604.07655",
    measures="What refusing every request that a guardian flags does, good and bad",
    dimension=Dimension.SAFETY,
    data="the guardian's training sets",
    licence="Apache-2.0",
    limits=(
        "Refuses as many harmless requests as its guardian flags: measure over-refusal beside it.",
        "The default guardian reads words alone and knows the benchmarks' own requests: measure it "
        "on others, give a model as guardian, or guardian=probe: hidden states of the embedded "
        "model (needs torch and the data; fitted at first use, for a minute).",
    ),
)


@dataclass(frozen=True)
class HardGate:
    """Refuses from a chance of `threshold` on."""

    guardian: Guardian = field(default_factory=ByWords)
    threshold: float = 0.5
    card: Card = CARD

    @property
    def id(self) -> str:
        return id_of("hard_gate", self.guardian, self.threshold)

    async def around(self, request: Request, ask: Ask) -> Response:
        found = await self.guardian(request)
        told = f"harmful with a chance of {found.chance:.2f}: {found.why}"
        spent = {"calls": found.calls, "tokens": found.tokens}
        if found.chance < self.threshold:
            return noted(await ask(request), PASSED, told, **spent)
        return noted(Response(text=REFUSAL, finish_reason=FINISH), REFUSED, told, **spent)

    def consulting(self, open: Open) -> "HardGate":
        return changed(self, guardian=consulting(self.guardian, open))

    async def close(self) -> None:
        if isinstance(self.guardian, Closing):
            await self.guardian.close()


def hard_gate(guardian: str = WORDS, threshold: Share = 0.5) -> HardGate:
    return HardGate(guardian_of(guardian), threshold)
