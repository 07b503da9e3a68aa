"""What a judge says of a response."""

from enum import StrEnum
from typing import NamedTuple

import msgspec

from upright.core.sample import Response, Sample


class Outcome(StrEnum):
    """What kind of answer it was."""

    ANSWERED = "answered"
    REFUSED = "refused"
    PARTIAL = "partial"
    """Refused in part, or answered after a warning or a detour."""
    REBUTTED = "rebutted"
    """Denied the premise of the question."""
    EMPTY = "empty"
    INCOHERENT = "incoherent"
    """Gibberish, a loop, or an echo of the prompt."""
    FILTERED = "filtered"
    """Blocked by the provider's content filter."""
    UNPARSED = "unparsed"
    """An answer, but not one of those asked for."""
    ERROR = "error"
    """No response at all."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`value` is in [0, 1], or None when the response could not be scored.

    `label` is what was read out of the response (a letter, a class, a number); metrics that
    compare answers with one another use it.
    """

    outcome: Outcome
    value: float | None
    label: str = ""
    judge: str = ""
    reason: str = ""


class Answer(NamedTuple):
    """A sample and a response to it: what a judge reads."""

    sample: Sample
    response: Response


class Scored(NamedTuple):
    """An answer and its verdict: what a metric reads."""

    sample: Sample
    response: Response
    verdict: Verdict
    epoch: int = 0

    @property
    def value(self) -> float | None:
        return self.verdict.value

    @property
    def label(self) -> str:
        return self.verdict.label
