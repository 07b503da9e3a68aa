"""What responders that do not think get on the very questions of a run: how to read its numbers."""

from collections.abc import Generator, Mapping, Sequence
from math import ceil
from types import MappingProxyType
from typing import TypeVar

from upright.core import Answer, Response, Scored, ScoreSet, Verdict
from upright.models.mock import responder
from upright.runs.items import Item
from upright.runs.pieces import pieces
from upright.runs.plan import Plan
from upright.runs.scoring.judging import AT_ONCE, apart

SHOWN = ("random", "majority", "refuse")
ENOUGH = 2000
"""Questions of a benchmark that tell it: to a percent, where half are right."""
PIECE = 100
"""Answers that are judged in one go while others may want their turn: milliseconds of work."""


Headlines = Mapping[str, float | None]
"""The headline of each shown responder."""
NONE: Mapping[str, Headlines] = MappingProxyType({})
T = TypeVar("T")
InPieces = Generator[bool, None, T]
"""Work that may be interrupted wherever it yields: True, for it did something."""


def baselines(plan: Plan, known: Mapping[str, Headlines] = NONE) -> dict[str, Headlines]:
    """By benchmark, the upright headlines; `known` are those computed earlier."""
    return {
        id: known.get(id) or _at_once(headlines(plan.score_set(id, name), items, AT_ONCE))
        for (id, name), items in plan.parts.items()
        if name == "upright"
    }


def headlines(
    score_set: ScoreSet, items: Sequence[Item], piece: int = PIECE
) -> InPieces[Headlines]:
    """Of one benchmark; so many answers are judged in one go, if its judge allows it."""
    chosen, found = some(items), {}
    for name in SHOWN:
        found[name] = yield from _headline(score_set, chosen, name, piece)
    return found


def some(items: Sequence[Item]) -> list[Item]:
    """Each question once, and of a large benchmark every k-th cluster: whole, spread evenly."""
    # The last item is the last repeat of the last question.
    questions = len(items) // (items[-1].epoch + 1)
    step, numbers = max(1, ceil(questions / ENOUGH)), dict[str, int]()
    return [
        item
        for item in items
        if item.epoch == 0 and numbers.setdefault(item.sample.cluster, len(numbers)) % step == 0
    ]


def _headline(
    score_set: ScoreSet, items: Sequence[Item], name: str, size: int
) -> InPieces[float | None]:
    respond = responder(name)
    answers = [Answer(item.sample, Response(text=respond(item.sample))) for item in items]
    verdicts: list[Verdict] = []
    for piece in pieces(answers, size if apart(score_set) else len(answers)):
        verdicts += score_set.judge.judge(piece)
        yield True
    scored = [
        Scored(*answer, verdict, item.epoch)
        for answer, verdict, item in zip(answers, verdicts, items, strict=True)
        if verdict.value is not None
    ]
    return score_set.metrics[0].value(scored)


def _at_once(work: InPieces[T]) -> T:
    while True:
        try:
            next(work)
        except StopIteration as end:
            found: T = end.value
            return found
