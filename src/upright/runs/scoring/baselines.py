"""What responders that do not think get on the very questions of a run: how to read its numbers."""

from collections.abc import Sequence

from upright.core import Answer, Response, Scored, ScoreSet
from upright.models.mock import responder
from upright.runs.plan import Item, Plan

SHOWN = ("random", "majority", "refuse")


def baselines(plan: Plan) -> dict[str, dict[str, float | None]]:
    """By benchmark, the upright headline of each shown responder."""
    return {
        id: {name: _headline(plan.score_set(id, name_of_set), items, name) for name in SHOWN}
        for (id, name_of_set), items in plan.by_score_set().items()
        if name_of_set == "upright"
    }


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
