"""Answers without their words: what a large benchmark's own hold in memory for its metrics."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from sys import intern
from types import MappingProxyType
from typing import Any

from upright.core import Response, Sample, Scored, ScoreSet, Verdict

Keep = Callable[[Scored], Scored]
NOTHING: Mapping[str, Any] = MappingProxyType({})
FEW = 1_000
"""Verdicts of which equal ones are looked for: of yes and no there are not so many."""


def keeper(score_set: ScoreSet) -> Keep:
    """What to keep of answers: all, unless every metric says that it is `wordless`."""
    return Brief() if all(metric.wordless for metric in score_set.metrics) else whole


def whole(one: Scored) -> Scored:
    return one


class Brief:
    """What such metrics read, a fifth of an answer. What many answers share is there once."""

    def __init__(self) -> None:
        self._slices: dict[tuple[tuple[str, str], ...], Mapping[str, str]] = {}
        self._responses: dict[str, Response] = {}
        self._first_of_equal: Callable[[Verdict], Verdict] = lru_cache(FEW)(lambda verdict: verdict)

    def __call__(self, one: Scored) -> Scored:
        sample, reason = one.sample, one.response.finish_reason
        slices = self._slices.setdefault(tuple(sample.slices.items()), sample.slices)
        # Its cluster for a group: an id of its own takes more room than all the others.
        brief = Sample(
            messages=(),
            target=intern(sample.target),
            group=sample.cluster,
            slices=slices,
            facts=NOTHING,
        )
        response = self._responses.setdefault(reason, Response(finish_reason=reason))
        return Scored(brief, response, self._first_of_equal(one.verdict), one.epoch)
