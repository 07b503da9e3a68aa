"""Judge models: one or several, asked once or several times; the majority decides."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from upright.core import Answer, ScoreSet, Verdict
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


def needs_judge(score_set: ScoreSet, answer: Answer) -> bool:
    """Whether a judge model is to read an answer: silence and errors need none."""
    asked = score_set.rubric and answer.response.text.strip() and score_set.asks_judge(answer)
    return bool(asked)


def sample_size(score_set: ScoreSet, judge_sample: int | None) -> int | None:
    """How many answers judge models may read, None for all; 0 where that could correct nothing."""
    plain = any(isinstance(metric.compute, Mean) for metric in score_set.metrics)
    return judge_sample if judge_sample is None or (score_set.rubric and plain) else 0
