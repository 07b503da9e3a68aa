"""From answers to verdicts: by the benchmark's own judge, or by a judge model."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat
from typing import NamedTuple

from upright.core import Answer, Outcome, Response, Scored, ScoreSet, Verdict
from upright.runs.items import Item
from upright.runs.pieces import pieces
from upright.runs.scoring.panel import Ruling

AT_ONCE = 5_000
"""Answers that are in memory together."""


class Judged(NamedTuple):
    """An item with its answer and verdict: one row of samples.parquet."""

    item: Item
    response: Response
    verdict: Verdict
    own: Verdict | None = None
    """What the benchmark's own judge says, where it read the answer."""

    @property
    def scored(self) -> Scored:
        return Scored(self.item.sample, self.response, self.verdict, self.item.epoch)


Rulings = Mapping[str, Ruling]
"""What judge models decided, by item id."""
ReadEarly = Sequence[Judged | None]
"""What benchmarks' own judges read already, item by item."""


def judge_in_pieces(
    score_set: ScoreSet,
    items: Sequence[Item],
    responses: Mapping[str, Response],
    rulings: Rulings,
    early: ReadEarly = (),
) -> Iterator[list[Judged]]:
    """The items of one score set: together where its judge compares answers. `early` has all of
    them or is empty."""
    size = AT_ONCE if apart(score_set) else len(items)

    def judged(some: Sequence[Item], sooner: ReadEarly) -> list[Judged]:
        return judge_part(score_set, some, responses, rulings, sooner)

    return map(judged, pieces(items, size), pieces(early, size) if early else repeat(()))


def apart(score_set: ScoreSet) -> bool:
    """Whether the benchmark's own judge says that it reads each answer by itself."""
    return bool(getattr(score_set.judge, "one_by_one", False))


def judge_part(
    score_set: ScoreSet,
    items: Sequence[Item],
    responses: Mapping[str, Response],
    rulings: Rulings,
    early: ReadEarly = (),
) -> list[Judged]:
    """Items of one score set. The benchmark's own judge reads all: it is cheap, decides where
    no judge model did, and shows how far the two agree."""
    left = [item for item, one in zip(items, early, strict=True) if one is None] if early else items
    late = iter(judged_alone(score_set, [(item, responses[item.key]) for item in left]))
    judged = [one or next(late) for one in early] if early else list(late)
    return [_ruled(one, rulings.get(one.item.id)) for one in judged] if rulings else judged


def judged_alone(score_set: ScoreSet, given: Sequence[tuple[Item, Response]]) -> list[Judged]:
    """What the benchmark's own judge says of answers."""
    unread = [Answer(item.sample, response) for item, response in given if response.error is None]
    verdicts = iter(score_set.judge.judge(unread))
    judged = []
    for item, response in given:
        own = next(verdicts) if response.error is None else None
        judged.append(Judged(item, response, own or _missing(response), own))
    return judged


def _missing(response: Response) -> Verdict:
    return Verdict(outcome=Outcome.ERROR, value=None, reason=response.error or "")


def _ruled(one: Judged, ruling: Ruling | None) -> Judged:
    """An unreadable ruling leaves the answer unscored; the rules still say what kind it was."""
    if isinstance(ruling, Verdict):
        return one._replace(verdict=ruling)
    if ruling is None or one.own is None:
        return one
    outcome, reason = one.own.outcome, ruling.reason
    unread = Verdict(outcome=outcome, value=None, judge=ruling.judge, reason=reason)
    return one._replace(verdict=unread)
