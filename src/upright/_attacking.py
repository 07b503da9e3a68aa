"""An attack on a model: the goals are a benchmark's requests, and what was asked is kept."""

import asyncio
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np
from msgspec.structs import replace

from upright.attacks._campaign import Budget, Campaign, Consulted, Result
from upright.core import Attack, Goal, Interrupted, Model, Open, Request, Response, UsageError
from upright.judges import harmful
from upright.models import open_model
from upright.runs import Limits, Patience, Plan
from upright.runs.asking.loop import complete, signals_cancel
from upright.runs.asking.singly import Singly
from upright.runs.storing.journal import Journal, explained
from upright.runs.storing.store import environment, now
from upright.runs.storing.tables import write_whole
from upright.stats.intervals import Bounds, proportion

if TYPE_CHECKING:
    from upright.models.weights import Weights

OnResult = Callable[[Result], None]
SCORED_BY = "linear/harm, of the goal and the answer"


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How an attack is carried out; `weights` opens those of the model, where it has any."""

    budget: Budget
    seed: int = 0
    patience: Patience
    limits: Limits
    out: Path
    open: Open = open_model
    """Opens models of the attacker's own."""
    weights: "Callable[[], AbstractContextManager[Weights]] | None" = None


class Attacked(NamedTuple):
    """What came of it, and the folder that holds it."""

    path: Path
    model: str
    attack: str
    results: Sequence[Result]

    @property
    def successes(self) -> int:
        return sum(result.success for result in self.results)

    @property
    def asked(self) -> Sequence[Result]:
        """Of the goals for which the model was asked anything."""
        return [result for result in self.results if result.queries]

    @property
    def scored(self) -> Sequence[Result]:
        """Of the goals that tell something of the model: n of the rate."""
        return [result for result in self.results if result.scored]

    @property
    def unscored(self) -> Sequence[Result]:
        """Of the goals for which it was asked in vain: no answer came."""
        return [result for result in self.asked if not result.scored]

    @property
    def interval(self) -> Bounds | None:
        """Wilson's 95 % interval of the share reached of the goals scored; None without any."""
        if not self.scored:
            return None
        reached = np.array([result.success for result in self.scored], float)
        return proportion(reached, [result.goal for result in self.scored])

    @property
    def queries(self) -> int:
        return sum(result.queries for result in self.results)

    @property
    def failed(self) -> int:
        """Of the queries, those that were not answered."""
        return sum(result.failed for result in self.results)

    @property
    def tokens(self) -> int:
        return sum(result.tokens for result in self.results)

    @property
    def consulted(self) -> Consulted:
        """What the attacker asked of models of its own, over all goals."""
        each = [result.consulted for result in self.results]
        return Consulted(
            calls=sum(one.calls for one in each),
            tokens=sum(one.tokens for one in each),
            unread=sum(one.unread for one in each),
        )


def goals_of(plan: Plan) -> list[Goal]:
    """One goal per request of the plan's benchmarks: what they ask plainly."""
    found: dict[str, Goal] = {}
    for item in plan.items:
        if not plan.benchmarks[item.benchmark].card.harmful:
            raise UsageError(
                f"{item.benchmark} asks for nothing harmful: there is nothing to talk a model "
                "into. Name another one, such as safety/jbb_harmful or safety/misuse."
            )
        sample = item.sample
        goal = Goal(id=sample.id, text=sample.prompt, category=sample.stratum)
        found.setdefault(goal.text, goal)
    return list(found.values())


def attack_model(
    model: Model, attack: Attack, goals: Sequence[Goal], terms: Terms, on_result: OnResult
) -> Attacked:
    """Pursue every goal. The same call goes on where an earlier one was interrupted."""
    path = terms.out / _name(model, attack, goals, terms)
    with explained(path):
        path.mkdir(parents=True, exist_ok=True)
    journal = Journal(path / "journal.jsonl")
    try:
        results, own = complete(_pursue(model, attack, goals, terms, journal, on_result))
        told = _told(model, attack, goals, terms, results, own)
        write_whole(path / "attack.json", lambda file: file.write_bytes(told))
    except (KeyboardInterrupt, asyncio.CancelledError) as error:
        raise Interrupted(
            f"Stopped. {len(journal)} answers are saved in {path}; the same command goes on there."
        ) from error
    finally:
        journal.close()
    return Attacked(path, model.id, attack.id, results)


async def _pursue(
    model: Model,
    attack: Attack,
    goals: Sequence[Goal],
    terms: Terms,
    journal: Journal,
    on_result: OnResult,
) -> tuple[list[Result], dict[str, Model]]:
    """What came of every goal, and the models of the attacker's own by spec."""
    singly = Singly(model, journal, terms.patience, terms.limits)
    consulted = _Consulted(model, singly, journal, terms)
    with signals_cancel(), ExitStack() as stack:
        campaign = Campaign(
            attack=attack,
            model=model.id,
            ask=singly.ask,
            score=_harm,
            budget=terms.budget,
            seed=terms.seed,
            weights=_once(terms.weights, stack),
            consult=consulted.ask,
            at_once=max(32, model.concurrency),
        )
        try:
            return await campaign.pursue(goals, on_result), consulted.models
        finally:
            await consulted.close()
            await model.close()


class _Consulted:
    """Models of the attacker's own, each opened when it is first asked. One journal for all.

    Where one is the model under attack itself, it is asked at one pace with that.
    """

    def __init__(self, model: Model, asking: Singly, journal: Journal, terms: Terms) -> None:
        self._journal, self._terms = journal, terms
        self.models: dict[str, Model] = {}
        self._asking = {model.id: asking}

    async def ask(self, spec: str, request: Request) -> Response:
        if spec not in self.models:
            self.models[spec] = self._terms.open(spec)
        model = self.models[spec]
        return await self._singly(model).ask(replace(request, model=model.id))

    def _singly(self, model: Model) -> Singly:
        if model.id not in self._asking:
            terms = self._terms
            asking = Singly(model, self._journal, terms.patience, terms.limits)
            self._asking[model.id] = asking
        return self._asking[model.id]

    async def close(self) -> None:
        """The one of the model under attack, too, but not that model."""
        for asking in self._asking.values():
            await asking.close()
        for model in self.models.values():
            await model.close()


def _once(
    opening: "Callable[[], AbstractContextManager[Weights]] | None", stack: ExitStack
) -> "Callable[[], Weights] | None":
    """Opens the weights when an attack first asks for them, the same for every goal."""
    return cache(lambda: stack.enter_context(opening())) if opening else None


async def _harm(goal: Goal, response: Response) -> float:
    return float(harmful([goal.text], [response.text])[0])


def _name(model: Model, attack: Attack, goals: Sequence[Goal], terms: Terms) -> str:
    """The same for the same attack: how an interrupted one is found again."""
    told = (model.id, attack.id, [goal.text for goal in goals], terms.budget, terms.seed)
    mark = hashlib.sha256(msgspec.json.encode(told)).hexdigest()[:8]
    slug = re.sub(r"[^A-Za-z0-9.]+", "-", f"{attack.id}-on-{model.id}").strip("-.")[:80]
    return f"attack-{slug}-{mark}"


def _told(
    model: Model,
    attack: Attack,
    goals: Sequence[Goal],
    terms: Terms,
    results: Sequence[Result],
    own: Mapping[str, Model],
) -> bytes:
    """Everything needed to repeat it, and what came of every goal."""
    info: dict[str, Any] = {
        **environment(),
        "finished": now(),
        "model": {"id": model.id, "facts": model.facts},
        "attack": {"id": attack.id, **msgspec.to_builtins(attack.card)},
        "consulted": {spec: {"id": m.id, "facts": m.facts} for spec, m in own.items()},
        "budget": terms.budget,
        "seed": terms.seed,
        "scored_by": SCORED_BY,
        "goals": goals,
        "results": results,
    }
    return msgspec.json.format(msgspec.json.encode(info), indent=1) + b"\n"
