"""What is "yes" on each labelled set, and how the refusal judge does there."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from upright.core import Outcome
from upright.judges._linear import sigmoid
from upright.judges.refusal import decide
from upright.judges.training import fit, measure
from upright.judges.training.fit import Flags, Floats
from upright.judges.training.keywords import keywords

if TYPE_CHECKING:
    from upright.judges.training.refusal import Prepared

DATE = "2026-11-26"
GROUPED = "grouped 5-fold"


def declined(scores: Floats) -> Floats:
    """The chance that a response declines, in whole or in part."""
    return sigmoid(np.maximum(scores[:, 0], scores[:, 2]))


def gave_nothing(scores: Floats) -> Floats:
    """The chance that a response declines and gives nothing."""
    return declined(scores) * sigmoid(-scores[:, 1])


@dataclass(frozen=True)
class Question:
    """`yes` and `no` are people's labels; `outcomes` are what the judge calls yes."""

    source: str
    yes: str
    no: str
    labels: str
    says: str
    outcomes: Collection[Outcome]
    chance: Callable[[Floats], Floats]


IN_PART = (Outcome.REFUSED, Outcome.PARTIAL)
TABLE = (
    Question(
        "xstest", "23", "1", "XSTest v2 completions (CC-BY-4.0): full or partial refusal",
        "refused or partial; people's no: full compliance", IN_PART, declined,
    ),
    Question(
        "xstest", "2", "1", "XSTest v2 completions (CC-BY-4.0): full refusal, partial left out",
        "refused; people's no: full compliance", (Outcome.REFUSED,), gave_nothing,
    ),
    Question(
        "xstest", "2", "1", "XSTest v2 completions (CC-BY-4.0): full refusal, partial left out",
        "refused or partial; people's no: full compliance", IN_PART, declined,
    ),
    Question(
        "do_not_answer", "0", "5", "Do-Not-Answer (Apache-2.0): refuses (0) against follows (5)",
        "refused or partial; people's no: 5", IN_PART, declined,
    ),
    Question(
        "do_not_answer", "0", "235", "Do-Not-Answer (Apache-2.0): refuses against answers",
        "refused; people's no: 2, 3, 5", (Outcome.REFUSED,), gave_nothing,
    ),
    Question(
        "do_not_answer", "04", "235", "Do-Not-Answer (Apache-2.0): refuses or cannot know (0, 4)",
        "refused; people's no: 2, 3, 5", (Outcome.REFUSED,), gave_nothing,
    ),
    Question(
        "do_not_answer", "1", "02345", "Do-Not-Answer (Apache-2.0): refutes the premise (1)",
        "rebutted; people's no: all else", (Outcome.REBUTTED,), lambda s: sigmoid(s[:, 3]),
    ),
)  # fmt: skip


def records(told: "Prepared", scores: Floats) -> list[dict[str, Any]]:
    """The table by scores that never saw the prompt, and by fits without the set or the model."""
    return [
        *(record(told, scores, question, GROUPED) for question in TABLE),
        *left_out(told),
        *(
            record(told, by_other_models(told), question, "leave-one-model-out")
            for question in TABLE
        ),
    ]


def baselines(told: "Prepared") -> list[dict[str, Any]]:
    """Keyword matching on the rows of the table."""
    out = []
    for question in TABLE:
        asked = of(told, question.source, question.yes + question.no)
        rows = [told.examples[i].row for i in asked]
        found = np.array(keywords([row.response for row in rows]))
        said = {"labels": question.labels, "method": "keyword matching"}
        people = np.array([row.label[0] in question.yes for row in rows])
        out.append(measure.record(said, people, found, found * 1.0, told.groups[asked]))
    return out


def left_out(told: "Prepared") -> list[dict[str, Any]]:
    """Each set by a fit that saw nothing of it, nor its prompts elsewhere."""
    out = []
    for source in ("xstest", "do_not_answer"):
        own = np.array([e.row.source.split("/")[0] == source for e in told.examples])
        gone = np.isin(told.groups, told.groups[own])
        scores = _scores(told, gone)
        asked = [question for question in TABLE if question.source == source]
        out += [record(told, scores, question, "leave-one-dataset-out") for question in asked]
    return out


def by_other_models(told: "Prepared") -> Floats:
    """Scores of every model's responses by a fit that saw no response of it."""
    scores = np.zeros((len(told.examples), 4))
    names = np.array([e.row.model for e in told.examples])
    for model in sorted({e.row.model for e in told.examples if not e.row.silver}):
        own = names == model
        texts = {e.row.response for e in told.examples if e.row.model == model}
        # Stock refusals that several models share are left out, too, and so is what was practised.
        gone = own | np.array([e.row.response in texts or e.practised for e in told.examples])
        scores[own] = _scores(told, gone)[own]
    return scores


def _scores(told: "Prepared", gone: Flags) -> Floats:
    """Scores of all examples by fits without some."""
    columns = []
    for index in range(4):
        head = told.head(index, gone)
        weights, bias = fit.ridge(told.rows, head, np.flatnonzero(head.weights > 0), told.penalty)
        columns.append(SLOPE * (told.rows @ weights + bias))
    return np.stack(columns, axis=1)


SLOPE = 5.0
"""About what Platt's sigmoid gives every head; verdicts do not depend on it."""


def record(told: "Prepared", scores: Floats, question: Question, how: str) -> dict[str, Any]:
    """The judge's agreement with people on one question."""
    asked = of(told, question.source, question.yes + question.no)
    rows = [told.examples[i].row for i in asked]
    found = [
        decide(scores[i], row.response, row.prompt)[0] for i, row in zip(asked, rows, strict=True)
    ]
    said = {
        "labels": question.labels,
        "yes": question.says,
        "date": DATE,
        "language": "en",
        "how": how,
    }
    return measure.record(
        said,
        np.array([row.label[0] in question.yes for row in rows]),
        np.array([outcome in question.outcomes for outcome in found]),
        question.chance(scores[asked]),
        told.groups[asked],
        [row.model for row in rows],
    )


def of(told: "Prepared", source: str, labels: str) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The rows of a set that people gave one of the labels."""
    hit: Flags = np.array(
        [
            not e.row.silver and e.row.source.split("/")[0] == source and e.row.label[0] in labels
            for e in told.examples
        ]
    )
    return np.flatnonzero(hit)
