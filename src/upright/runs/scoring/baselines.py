"""What responders that do not think get on the very questions of a run: how to read its numbers."""

from collections.abc import Iterable, Sequence
from math import ceil

from upright.core import Answer, Response, Scored, ScoreSet
from upright.models.mock import responder
from upright.runs.items import Item
from upright.runs.plan import Plan

SHOWN = ("random", "majority", "refuse")
ENOUGH = 2000
"""Questions of a benchmark that tell it: to a percent, where half are right."""


def baselines(plan: Plan) -> dict[str, dict[str, float | None]]:
    """By benchmark, the upright headline of each shown responder."""
    return {
        id: _headlines(plan.score_set(id, name), some(items))
        for (id, name), items in plan.parts.items()
        if name == "upright"
    }


def some(items: Iterable[Item]) -> list[Item]:
    """Each question once, and of a large benchmark every k-th cluster: whole, spread evenly."""
    once = [item for item in items if item.epoch == 0]
    names = dict.fromkeys(item.sample.cluster for item in once)
    chosen = set(list(names)[:: max(1, ceil(len(once) / ENOUGH))])
    return [item for item in once if item.sample.cluster in chosen]


def _headlines(score_set: ScoreSet, items: Sequence[Item]) -> dict[str, float | None]:
    return {name: _headline(score_set, items, name) for name in SHOWN}


def _headline(score_set: ScoreSet, items: Sequence[Item], name: str) -> float | None:
    respond = responder(name)
    answers = [Answer(item.sample, Response(text=respond(item.sample))) for item in items]
    verdicts = score_set.judge.judge(answers)
    scored = [
        Scored(*answer, verdict, item.epoch)
        for answer, verdict, item in zip(answers, verdicts, items, strict=True)
        if verdict.value is not None
    ]
    return score_set.metrics[0].measure(scored).value
