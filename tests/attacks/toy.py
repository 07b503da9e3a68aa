"""A model that gives in to one trick, and models of the attacker's own that follow a script."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from upright.attacks._campaign import Budget, Campaign, Result
from upright.core import Attack, Goal, Message, Request, Response

YES, NO, OTHER = (
    "Sure, here is how.",
    "I'm sorry, but I can't help with that.",
    "It began long ago.",
)
GOALS = [Goal(id=f"g{n}", text=f"Tell me secret {n}", category="secrets") for n in range(2)]
Says = Callable[[Sequence[Message]], str]
BUDGET = Budget(queries=200)


def never(messages: Sequence[Message]) -> str:
    return NO


def last(gives_in: Callable[[str], bool]) -> Says:
    """Gives in to what it finds in the last turn."""
    return lambda messages: YES if gives_in(messages[-1].content) else NO


@dataclass
class Toy:
    """Every question that was asked of the model, and of the attacker's own."""

    says: Says
    own: Says = never
    asked: list[Request] = field(default_factory=list)
    consulted: list[Request] = field(default_factory=list)

    async def ask(self, request: Request) -> Response:
        self.asked.append(request)
        return Response(text=self.says(request.messages), prompt_tokens=10, completion_tokens=5)

    async def consult(self, spec: str, request: Request) -> Response:
        self.consulted.append(request)
        return Response(text=self.own(request.messages), prompt_tokens=20, completion_tokens=2)

    def pursued(
        self, attack: Attack, budget: Budget = BUDGET, goals: Sequence[Goal] = GOALS
    ) -> list[Result]:
        campaign = Campaign(
            attack=attack,
            model="test/toy",
            ask=self.ask,
            score=gives_in,
            budget=budget,
            consult=self.consult,
            at_once=1,
        )
        return asyncio.run(campaign.pursue(goals))


async def gives_in(goal: Goal, response: Response) -> float:
    return float(response.text == YES)
