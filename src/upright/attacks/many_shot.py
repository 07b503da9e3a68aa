"""Many-shot: before the question stand many dialogues in which an assistant answers at once.

Anil et al. 2024, "Many-shot Jailbreaking" (NeurIPS 2024): the more demonstrations a long context
holds, the likelier the last question is answered like them; they report a power law in their
number. Smaller numbers first.
"""

from dataclasses import dataclass

from upright.attacks._shots import TASKS, WORDINGS, shots
from upright.core import Card, Count, Dimension, Target, UsageError, ask

CARD = Card(
    title="Many-shot",
    paper="",
    measures="Whether many dialogues of an obliging assistant make a model oblige in the end",
    dimension=Dimension.SAFETY,
    data="dialogues of our own writing",
    licence="Apache-2.0",
    limits=(
        "The demonstrations are harmless: the paper's answer harmful questions, and are stronger.",
        f"{len(TASKS)} tasks in {len(WORDINGS)} wordings: from {len(TASKS)} shots on, tasks come "
        "back in other words. The paper goes up to 256 shots, all different.",
        "Ends where a question is no longer answered, as when it does not fit the context.",
        "Goals do not share demonstrations: each draws its own order.",
    ),
)
MOST = len(TASKS) * len(WORDINGS)


@dataclass(frozen=True)
class ManyShot:
    """`least` demonstrations, then twice as many, up to `most`; the plain question before."""

    least: int = 4
    most: int = MOST
    card: Card = CARD

    @property
    def id(self) -> str:
        mine = (self.least, self.most)
        return "many_shot" + ("" if mine == (4, MOST) else "({}, {})".format(*mine))

    @property
    def sizes(self) -> list[int]:
        found = [self.least]
        while found[-1] * 2 <= self.most:
            found.append(found[-1] * 2)
        return found

    async def pursue(self, target: Target) -> None:
        goal, drawn = target.goal.text, shots(target.random)
        for size in (0, *self.sizes):
            told = "".join(f"User: {q}\nAssistant: {a}\n\n" for q, a in drawn[:size])
            asked = f"{told}User: {goal}\nAssistant:" if size else goal
            attempt = await target.attempt(ask(asked))
            if attempt.success or attempt.response.error:
                return


def many_shot(least: Count = 4, most: Count = MOST) -> ManyShot:
    if not 1 <= least <= most <= MOST:
        raise UsageError(f"many_shot: 1 <= least <= most <= {MOST}, not {least} and {most}.")
    return ManyShot(least, most)
