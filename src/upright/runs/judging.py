"""From answers to verdicts: by the benchmark's own judge, or by a judge model."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from upright.core import (
    Answer,
    JudgeError,
    Model,
    Outcome,
    Response,
    Rubric,
    Scored,
    ScoreSet,
    Verdict,
)
from upright.judges.rubric import to_request, to_verdict
from upright.runs.desk import VERDICTS, Desk
from upright.runs.plan import Item, Plan

ROUNDS = 3
"""How often a judge model is asked before its verdict is given up as unreadable."""


class Judged(NamedTuple):
    """An item with its answer and verdict: one row of samples.parquet."""

    item: Item
    response: Response
    verdict: Verdict

    @property
    def scored(self) -> Scored:
        return Scored(self.item.sample, self.response, self.verdict, self.item.epoch)


class Unread(NamedTuple):
    """A judge model gave no readable verdict, and why."""

    judge: str
    reason: str


Rulings = Mapping[str, Verdict | Unread]
"""What a judge model said, by item id."""


def judge_all(plan: Plan, responses: Mapping[str, Response], rulings: Rulings) -> list[Judged]:
    """A verdict on every item, in the order of the plan."""
    return [
        judged
        for part, items in plan.by_score_set().items()
        for judged in _judge_part(plan.score_set(*part), items, responses, rulings)
    ]


def _judge_part(
    score_set: ScoreSet,
    items: Sequence[Item],
    responses: Mapping[str, Response],
    rulings: Rulings,
) -> list[Judged]:
    """The items of one score set. The benchmark's judge reads what no judge model has read."""
    readable = [item for item in items if responses[item.key].error is None]
    own: dict[str, Verdict] = {}
    if not all(isinstance(rulings.get(item.id), Verdict) for item in readable):
        answers = [Answer(item.sample, responses[item.key]) for item in readable]
        verdicts = score_set.judge.judge(answers)
        own = {item.id: verdict for item, verdict in zip(readable, verdicts, strict=True)}
    return [
        Judged(item, response, _verdict(response, own.get(item.id), rulings.get(item.id)))
        for item in items
        for response in [responses[item.key]]
    ]


def _verdict(response: Response, own: Verdict | None, ruling: Verdict | Unread | None) -> Verdict:
    """An unreadable ruling leaves the answer unscored; the rules still say what kind it was."""
    if isinstance(ruling, Verdict):
        return ruling
    if own is None:
        return Verdict(outcome=Outcome.ERROR, value=None, reason=response.error or "")
    if ruling is None:
        return own
    return Verdict(outcome=own.outcome, value=None, judge=ruling.judge, reason=ruling.reason)


async def ask_judge(
    plan: Plan, responses: Mapping[str, Response], desk: Desk, judge: Model
) -> dict[str, Verdict | Unread]:
    """Ask about every answer of a score set with a rubric; again where the reply is unreadable."""
    rulings: dict[str, Verdict | Unread] = {}
    unread = _cases(plan, responses)
    for replicate in range(ROUNDS):
        asked = {
            # Another seed each time: the same words again would get the same reply.
            id: replace(to_request(rubric, *answer, judge.id), replicate=replicate, seed=replicate)
            for id, (rubric, answer) in unread.items()
        }
        replies = await desk.answer(VERDICTS, judge, {r.key: r for r in asked.values()})
        for id, request in asked.items():
            rulings[id] = _ruling(unread[id][0], replies[request.key], judge.id)
        unread = {id: c for id, c in unread.items() if isinstance(rulings[id], Unread)}
    return rulings


def _cases(plan: Plan, responses: Mapping[str, Response]) -> dict[str, tuple[Rubric, Answer]]:
    """By item id, what a judge model is to read: silence and errors need no judge."""
    return {
        item.id: (score_set.rubric.about(item.sample), answer)
        for item in plan.items
        for score_set in [plan.score_set(item.benchmark, item.score_set)]
        for answer in [Answer(item.sample, responses[item.key])]
        if score_set.rubric and answer.response.text.strip() and score_set.asks_judge(answer)
    }


def _ruling(rubric: Rubric, reply: Response, judge: str) -> Verdict | Unread:
    if reply.error is not None:
        return Unread(judge, f"the judge model did not answer: {reply.error}")
    try:
        return to_verdict(rubric, reply.text, judge)
    except JudgeError as error:
        return Unread(judge, str(error))
