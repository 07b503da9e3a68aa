"""From answers to verdicts: by the benchmark's own judge, or by a judge model."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from upright.core import Answer, Outcome, Response, Scored, ScoreSet, Verdict
from upright.runs.asking.panel import Ruling
from upright.runs.items import Item
from upright.runs.pieces import pieces

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


NOTHING: Mapping[str, Verdict] = MappingProxyType({})
Rulings = Mapping[str, Ruling]
"""What judge models decided, by item id."""


def judge_in_pieces(
    score_set: ScoreSet,
    items: Sequence[Item],
    responses: Mapping[str, Response],
    rulings: Rulings,
    known: Mapping[str, Verdict],
) -> Iterator[list[Judged]]:
    """The items of one score set: together where its judge compares answers. `known` are verdicts
    of that judge, by item id, which it gave earlier."""

    def judged(some: Sequence[Item]) -> list[Judged]:
        return judge_part(score_set, some, responses, rulings, known)

    return map(judged, pieces(items, AT_ONCE if apart(score_set) else len(items)))


def apart(score_set: ScoreSet) -> bool:
    """Whether the benchmark's own judge says that it reads each answer by itself."""
    return bool(getattr(score_set.judge, "one_by_one", False))


def judge_part(
    score_set: ScoreSet,
    items: Sequence[Item],
    responses: Mapping[str, Response],
    rulings: Rulings,
    known: Mapping[str, Verdict] = NOTHING,
) -> list[Judged]:
    """Items of one score set. The benchmark's own judge reads all: it is cheap, decides where
    no judge model did, and shows how far the two agree."""
    # Once each: they come from the disk.
    given = [responses[item.key] for item in items]
    found = [known.get(item.id) for item in items] if known else [None] * len(items)
    unread = [
        Answer(item.sample, response)
        for item, response, verdict in zip(items, given, found, strict=True)
        if response.error is None and verdict is None
    ]
    verdicts = iter(score_set.judge.judge(unread))
    judged = []
    for item, response, verdict in zip(items, given, found, strict=True):
        own = None if response.error is not None else verdict or next(verdicts)
        ruling = rulings.get(item.id) if rulings else None
        judged.append(Judged(item, response, _verdict(response, own, ruling), own))
    return judged


def _verdict(response: Response, own: Verdict | None, ruling: Ruling | None) -> Verdict:
    """An unreadable ruling leaves the answer unscored; the rules still say what kind it was."""
    if isinstance(ruling, Verdict):
        return ruling
    if own is None:
        return Verdict(outcome=Outcome.ERROR, value=None, reason=response.error or "")
    if ruling is None:
        return own
    return Verdict(outcome=own.outcome, value=None, judge=ruling.judge, reason=ruling.reason)
