"""A judge made of one function that reads one response."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import msgspec

from upright.core import Answer, Calibration, Outcome, Response, Sample, Verdict
from upright.judges._together import in_rounds

FILTERED = "content_filter"


@dataclass(frozen=True)
class RuleJudge:
    """`read` decides by rule; `empty` and `filtered` are the values of no text at all.

    None leaves such a response unscored; 0 makes silence as bad as a wrong answer, which is
    the rule here: abstaining must never raise a score.
    """

    id: str
    read: Callable[[Sample, Response], Verdict]
    empty: float | None = 0.0
    filtered: float | None = 0.0
    calibrations: tuple[Calibration, ...] = ()
    one_by_one: ClassVar[bool] = True

    def judge(self, answers: Sequence[Answer]) -> list[Verdict]:
        found = in_rounds(lambda place: self._one(answers[place]), len(answers))
        return [msgspec.structs.replace(verdict, judge=self.id) for verdict in found]

    def _one(self, answer: Answer) -> Verdict:
        aside = set_aside(answer.response, self.empty, self.filtered)
        return aside or self.read(answer.sample, answer.response)


@dataclass(frozen=True)
class TogetherJudge:
    """A judge whose verdicts need all answers of the benchmark at once."""

    id: str
    read: Callable[[Sequence[Answer]], list[Verdict]]
    calibrations: tuple[Calibration, ...] = ()

    def judge(self, answers: Sequence[Answer]) -> list[Verdict]:
        return [msgspec.structs.replace(v, judge=self.id) for v in self.read(answers)]


def set_aside(response: Response, empty: float | None, filtered: float | None) -> Verdict | None:
    """The verdict on a response without a text; None where there is one to read."""
    if response.finish_reason == FILTERED:
        return Verdict(outcome=Outcome.FILTERED, value=filtered, reason="content filter")
    if not response.text.strip():
        return Verdict(outcome=Outcome.EMPTY, value=empty, reason="empty response")
    return None


def right_or_wrong(said: str, sample: Sample) -> Verdict:
    """The verdict on an answer from a closed set."""
    right = said == sample.target
    reason = f"said {said!r}" + ("" if right else f", right is {sample.target!r}")
    return Verdict(outcome=Outcome.ANSWERED, value=float(right), label=said, reason=reason)


def unparsed(why: str) -> Verdict:
    """An answer none of the allowed ones can be read from: wrong, and counted as such."""
    return Verdict(outcome=Outcome.UNPARSED, value=0.0, reason=why)
