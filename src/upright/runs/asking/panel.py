"""Judge models: one or several, asked once or several times; the majority decides."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from upright.core import (
    Answer,
    JudgeError,
    Model,
    Request,
    Response,
    Rubric,
    ScoreSet,
    Verdict,
)
from upright.judges.rubric import to_request, to_verdict
from upright.runs.asking.desk import VERDICTS, Desk
from upright.runs.items import Item
from upright.runs.plan import Plan
from upright.runs.subset import draw
from upright.stats.metrics import Mean

ROUNDS = 3
"""How often a judge model is asked before its verdict is given up as unreadable."""


TOGETHER = " + "
"""Between the names of judges that decide together."""


class Unread(NamedTuple):
    """A judge model gave no readable verdict, and why."""

    judge: str
    reason: str


Ruling = Verdict | Unread
Draws = tuple[Ruling, ...]
"""What one judge said of one answer, each time it was asked."""


class Panel(NamedTuple):
    """By item id: what was decided, and before that what each judge said, in their order.

    judge       all of them by name
    readable    how many answers there were for them, of which a sample may be all they read
    """

    rulings: Mapping[str, Ruling]
    opinions: Mapping[str, Mapping[str, Draws]]
    judge: str = ""
    readable: int = 0


NOBODY = Panel({}, {})


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


def decide(opinions: Mapping[str, Draws]) -> Ruling:
    """The majority of the judges, each speaking with the majority of its draws."""
    said = [majority(draws) for draws in opinions.values()]
    if len(said) == 1:
        return said[0]
    found = majority(said)
    name = TOGETHER.join(opinions)
    if isinstance(found, Unread):
        return Unread(name, found.reason)
    return msgspec.structs.replace(found, judge=name)


def majority(said: Sequence[Ruling]) -> Ruling:
    """The verdict whose label was given most often; in a tie the one given first.

    What could not be read has no vote.
    """
    read = [one for one in said if isinstance(one, Verdict)]
    if not read:
        return said[0]
    votes = Counter(verdict.label for verdict in read)
    # Counter keeps the order of first sight, and max takes the first of equals.
    label = max(votes, key=votes.__getitem__)
    first = next(verdict for verdict in read if verdict.label == label)
    if len(said) == 1:
        return first
    told = f"{first.reason} ({votes[label]} of {len(said)} votes)".strip()
    return msgspec.structs.replace(first, reason=told)


Cases = Mapping[str, tuple[Rubric, Answer]]


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


def needs_judge(score_set: ScoreSet, answer: Answer) -> bool:
    """Whether a judge model is to read an answer: silence and errors need none."""
    asked = score_set.rubric and answer.response.text.strip() and score_set.asks_judge(answer)
    return bool(asked)


def sample_size(score_set: ScoreSet, judge_sample: int | None) -> int | None:
    """How many answers judge models may read, None for all; 0 where that could correct nothing."""
    plain = any(isinstance(metric.compute, Mean) for metric in score_set.metrics)
    return judge_sample if judge_sample is None or (score_set.rubric and plain) else 0


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
