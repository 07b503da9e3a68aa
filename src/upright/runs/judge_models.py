"""Asks judge models about answers: all of them, or a random sample."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from upright.core import Answer, JudgeError, Model, Request, Response, Rubric
from upright.judges.rubric import to_request, to_verdict
from upright.runs.asking.desk import VERDICTS, Desk
from upright.runs.items import Item
from upright.runs.plan import Plan
from upright.runs.scoring.panel import (
    NOBODY,
    ROUNDS,
    TOGETHER,
    Draws,
    Panel,
    Ruling,
    Unread,
    decide,
    needs_judge,
    sample_size,
)
from upright.runs.subset import draw

Cases = Mapping[str, tuple[Rubric, Answer]]


async def ask_panel(
    plan: Plan, responses: Mapping[str, Response], desk: Desk, judges: Sequence[Model]
) -> Panel:
    """Ask every judge about the answers of score sets with a rubric: all, or a random sample."""
    if not judges:
        return NOBODY
    readable = _cases(plan, responses)
    drawn = _drawn(plan)
    cases = {id: case for id, case in readable.items() if id in drawn}
    draws = {judge.id: await _ask(cases, desk, judge, plan, judges) for judge in judges}
    opinions = {id: {judge.id: draws[judge.id][id] for judge in judges} for id in cases}
    rulings = {id: decide(said) for id, said in opinions.items()}
    return Panel(rulings, opinions, TOGETHER.join(j.id for j in judges), len(readable))


def stage(judge: Model, judges: Sequence[Model]) -> str:
    """The name of a judge's part of the work; several judges are told apart."""
    return VERDICTS if len(judges) == 1 else f"{VERDICTS} of {judge.id}"


async def _ask(
    cases: Cases, desk: Desk, judge: Model, plan: Plan, judges: Sequence[Model]
) -> dict[str, Draws]:
    """One judge on everything; again where a reply is unreadable."""
    votes = plan.settings.judge_votes
    said: dict[tuple[str, int], Ruling] = {}
    unread = [(id, draw) for id in cases for draw in range(votes)]
    for attempt in range(ROUNDS):
        asked = {at: _request(cases[at[0]], judge, at[1], attempt, votes) for at in unread}
        wanted = {request.key: request for request in asked.values()}
        replies = await desk.answer(stage(judge, judges), judge, list(wanted.values()))
        for at, request in asked.items():
            said[at] = _ruling(cases[at[0]][0], replies[request.key], judge.id)
        unread = [at for at in unread if isinstance(said[at], Unread)]
    return {id: tuple(said[id, draw] for draw in range(votes)) for id in cases}


def _request(
    case: tuple[Rubric, Answer], judge: Model, draw: int, attempt: int, votes: int
) -> Request:
    """Another seed each time: the same words again would get the same reply."""
    rubric, answer = case
    request = replace(to_request(rubric, *answer, judge.id), replicate=attempt, seed=attempt)
    if votes == 1:
        return request
    return replace(request, temperature=1.0, epoch=draw, seed=attempt * votes + draw)


def _drawn(plan: Plan) -> set[str]:
    """The ids of the items that judge models may read; drawn before anything is answered."""
    return {
        id
        for part, items in plan.parts.items()
        for id in _sample(
            items, sample_size(plan.score_set(*part), plan.settings.judge_sample), plan
        )
    }


def _sample(items: Sequence[Item], most: int | None, plan: Plan) -> list[str]:
    ids = {(item.sample.id, item.epoch): item.id for item in items}
    places = ids if most is None else draw(ids, most, plan.settings.seed)
    return [ids[place] for place in places]


def _cases(plan: Plan, responses: Mapping[str, Response]) -> Cases:
    """By item id, what a judge model is to read."""
    return {
        item.id: (score_set.rubric.about(item.sample), answer)
        for item in plan.items
        for score_set in [plan.score_set(item.benchmark, item.score_set)]
        for answer in [Answer(item.sample, responses[item.key])]
        if score_set.rubric and needs_judge(score_set, answer)
    }


def _ruling(rubric: Rubric, reply: Response, judge: str) -> Ruling:
    if reply.error is not None:
        return Unread(judge, f"the judge model did not answer: {reply.error}")
    try:
        return to_verdict(rubric, reply.text, judge)
    except JudgeError as error:
        return Unread(judge, str(error))
