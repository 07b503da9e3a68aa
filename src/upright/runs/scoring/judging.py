"""From answers to verdicts: by the benchmark's own judge, or by a judge model."""

from collections.abc import Iterator, Mapping, Sequence
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


Rulings = Mapping[str, Ruling]
"""What judge models decided, by item id."""


def judge_in_pieces(
    score_set: ScoreSet,
    items: Sequence[Item],
    responses: Mapping[str, Response],
    rulings: Rulings,
) -> Iterator[list[Judged]]:
    """The items of one score set: together where its judge compares answers."""
    apart = getattr(score_set.judge, "one_by_one", False)
    for some in pieces(items, AT_ONCE) if apart else [items]:
        yield judge_part(score_set, some, responses, rulings)


def judge_part(
    score_set: ScoreSet,
    items: Sequence[Item],
    responses: Mapping[str, Response],
    rulings: Rulings,
) -> list[Judged]:
    """Items of one score set. The benchmark's own judge reads all: it is cheap, decides where
    no judge model did, and shows how far the two agree."""
    items = list(items)  # from the disk, perhaps
    # Once each: they come from the disk.
    given = [responses[item.key] for item in items]
    readable = [
        Answer(item.sample, response)
        for item, response in zip(items, given, strict=True)
        if response.error is None
    ]
    verdicts = iter(score_set.judge.judge(readable))
    judged = []
    for item, response in zip(items, given, strict=True):
        own = next(verdicts) if response.error is None else None
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
