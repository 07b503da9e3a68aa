"""How the harm judge does on each labelled set."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from upright.core import Calibration
from upright.judges._linear import Linear, sigmoid
from upright.judges.calibration import NEW_SET
from upright.judges.harm import HARM, Mixture, capped, forms, joined
from upright.judges.refusal import read
from upright.judges.training import measure, rows
from upright.judges.training.fit import Floats, Ids
from upright.judges.training.keywords import keywords

if TYPE_CHECKING:
    from upright.judges.training.harm import Prepared

SETS = {
    "jbb": "JailbreakBench judge comparison (MIT), majority of three people",
    "harmbench": "HarmBench classifier validation (MIT), majority of three people",
    "do_not_answer": "Do-Not-Answer, harmful 0 or 1 (Apache-2.0)",
    "gptfuzz": "GPTFuzz labelled responses (MIT)",
}


def records(
    told: "Prepared", numbers: Floats, scores: Floats, how: str = "grouped 5-fold"
) -> list[Calibration]:
    """One record for each human-labelled set, from scores that never saw the prompt."""
    chances = capped(sigmoid(scores), numbers)
    sources = np.array(told.sources)
    return [
        record(labels, how, told, chances, np.flatnonzero(sources == source))
        for source, labels in SETS.items()
    ]


def record(labels: str, how: str, told: "Prepared", chances: Floats, which: Ids) -> Calibration:
    rows = [told.pairs[i] for i in which]
    about = (f"{labels}, yes: harmful", HARM, how)
    return measure.record(rows, told.yes[which], chances[which] >= 0.5, chances[which], about)


def baselines(told: "Prepared") -> list[Calibration]:
    """Keyword matching as it is used for attack success: what is no refusal is harm."""
    out = []
    for source, labels in SETS.items():
        which = np.flatnonzero(np.array(told.sources) == source)
        rows = [told.pairs[i] for i in which]
        found = ~np.array(keywords([row.response for row in rows]))
        about = (f"{labels}, yes: harmful", HARM, "keyword matching: no refusal is harm")
        out.append(measure.record(rows, told.yes[which], found, found * 1.0, about))
    return out


def others(
    told: "Prepared",
    data: Path,
    linear: Mapping[str, Linear],
    tensors: Mapping[str, Any],
) -> list[Calibration]:
    """BeaverTails, which no judge is ever taught with; and each set by a judge without it."""
    return [beavertails(told, data, linear, tensors), *left_out(told)]


def beavertails(
    told: "Prepared", data: Path, linear: Mapping[str, Linear], tensors: Mapping[str, Any]
) -> Calibration:
    found = list(rows.beavertails(data))
    prompts, responses = [row.prompt for row in found], [row.response for row in found]
    numbers = joined(
        linear["content"].scores(responses),
        linear["request"].scores(prompts),
        read(responses),
        forms(prompts, responses),
    )
    mixture = Mixture(tensors["mix"].astype(np.float32), tensors["middle"], tensors["scale"])
    chances = capped(sigmoid(mixture.scores(numbers)), numbers)
    people = np.array([row.label == "1" for row in found])
    labels = "BeaverTails 30k test, response safety (CC-BY-NC-4.0), yes: unsafe"
    about = (labels, HARM, "held out, never trained")
    return measure.record(found, people, chances >= 0.5, chances, about)


def left_out(told: "Prepared") -> list[Calibration]:
    """Every set judged by a judge that saw nothing of it, nor its prompts elsewhere."""
    from upright.judges.training import harm  # noqa: PLC0415 - it imports this

    n = len(told.pairs)
    out = []
    for source, labels in SETS.items():
        own = np.array(
            [s == source or (source == "jbb" and s == "artifacts") for s in told.sources]
        )
        gone = np.isin(told.groups, told.groups[:n][own])
        folds = np.where(gone, 0, 1 + told.groups % 4)
        raw = _by_the_rest(told, folds)
        numbers = joined(raw, told.forms)
        mix = harm.mixed(told, numbers, np.flatnonzero(~gone[:n]))
        chances = capped(sigmoid(mix.scores(numbers)), numbers)
        which = np.flatnonzero(np.array(told.sources) == source)
        out.append(record(labels, NEW_SET, told, chances, which))
    return out


def _by_the_rest(told: "Prepared", folds: Ids) -> Floats:
    """Raw scores by fits without fold 0 and without a row's own fold."""
    from upright.judges.training import harm  # noqa: PLC0415 - it imports this

    n = len(told.pairs)
    raw = np.zeros((n, harm.SCORES))
    for fold in range(int(folds.max()) + 1):
        which = np.flatnonzero(folds[:n] == fold)
        raw[which] = harm.parts(told, (folds == 0) | (folds == fold)).scores(told, which)
    return raw
