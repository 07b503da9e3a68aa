"""What another tool recorded, before it is a run: its benchmarks, their answers, its verdicts."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from upright.core import Message, Response

Values = Mapping[str, float | None]
"""Of one answer, by metric; None where the tool reached no verdict."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """One answer and what the tool said of it.

    key     what the tool knows the question by, the same in each of its runs
    group   the questions that share a source, as `Sample.group`
    """

    key: str
    messages: tuple[Message, ...]
    values: Values
    response: Response
    epoch: int = 0
    target: str = ""
    options: tuple[str, ...] = ()
    group: str = ""
    label: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Foreign:
    """One benchmark as a tool ran it. Its first metric that is a rate is its headline.

    metrics     by name, what the metric is called where it decides: the judge
    lower       metrics of which less is better
    file        where it was read, for messages
    """

    name: str
    measures: str
    metrics: Mapping[str, str]
    answers: Sequence[Told]
    lower: frozenset[str] = frozenset()
    version: str = ""
    file: str = ""


@dataclass(frozen=True, kw_only=True)
class Log:
    """What one tool's files say of one model."""

    tool: str
    version: str
    model: str
    benchmarks: Sequence[Foreign]
    started: str = ""
    finished: str = ""


def number(value: object) -> float | None:
    """A tool's verdict as a number; NaN, which some tools write for "no verdict", is None."""
    if isinstance(value, bool | int | float):
        try:
            found = float(value)
        except OverflowError:
            return math.inf
        return None if math.isnan(found) else found
    return None
