"""How well a judge agrees with people."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from upright.core import Agreement, Calibration, Interval, UsageError
from upright.stats.agreement import (
    Confusion,
    auroc,
    calibration_error,
    confusion,
    hanley_mcneil,
    kappa,
    sensitivity,
    specificity,
)
from upright.stats.intervals import effective_n, wilson

NEW_SET = "leave-one-dataset-out"
"""How a trained judge was measured on a set that its training left out."""
THINNEST = 10
"""The fewest rows of a slice worth a line of its own."""


class Rated(NamedTuple):
    """What people and a judge say of one response.

    group   rows that share it are not independent: the prompt
    slices  {"model": "gpt4"}: the parts for which agreement is reported too
    """

    people: bool
    judge: bool
    probability: float | None = None
    group: str = ""
    slices: Mapping[str, str] = {}


def calibrate(
    rated: Iterable[tuple[bool, bool] | Rated],
    labels: str,
    date: str,
    event: str = "",
    language: str = "en",
    how: str = "held out",
) -> Calibration:
    """The agreement of a yes/no judge with people; both kinds must occur.

    Sensitivity is the share of people's yes that the judge finds, specificity that of people's
    no.
    """
    rows = [row if isinstance(row, Rated) else Rated(*row) for row in rated]
    part = _agreement(rows)
    if part.kappa is None or part.sensitivity is None or part.specificity is None:
        only = "yes" if part.n_yes else "no"
        raise UsageError(
            f"All {part.n} labels say {only}: agreement beyond chance needs both kinds. Add rows "
            "that people labelled the other way."
        )
    graded = all(row.probability is not None for row in rows)
    people = np.array([row.people for row in rows], float)
    scores = np.array([row.probability if graded else row.judge for row in rows], float)
    return Calibration(
        labels=labels,
        event=event,
        date=date,
        n=part.n,
        n_yes=part.n_yes,
        accuracy=part.accuracy,
        kappa=part.kappa,
        sensitivity=part.sensitivity,
        specificity=part.specificity,
        f1=confusion(people, _judged(rows)).f1,
        auroc=auroc(people, scores).value if graded else None,
        ece=calibration_error(people, scores) if graded else None,
        language=language,
        how=how,
        design_effect=_design_effect(rows),
        slices=_slices(rows),
    )


def intervals(part: Calibration | Agreement, design_effect: float = 1.0) -> dict[str, Interval]:
    """The shares of a record with their 95 % intervals, rows that share a prompt discounted."""
    yes, no = part.n_yes, part.n - part.n_yes
    hits, rejections = (part.sensitivity or 0.0) * yes, (part.specificity or 0.0) * no
    whole = Confusion(hits, no - rejections, yes - hits, rejections)
    some = Confusion(*(count / design_effect for count in whole))
    found = {
        "accuracy": Interval(
            part.accuracy, *wilson(part.accuracy, part.n / design_effect), "Wilson"
        ),
        "kappa": kappa(some),
        "sensitivity": sensitivity(some),
        "specificity": specificity(some),
    }
    if isinstance(part, Calibration) and part.auroc is not None:
        found["AUROC"] = hanley_mcneil(part.auroc, yes / design_effect, no / design_effect)
    return found


def about(calibrations: Sequence[Calibration], *events: str) -> tuple[Calibration, ...]:
    """Those of some events: a judge made of another carries only what holds for it."""
    return tuple(c for c in calibrations if c.event in events)


def _agreement(rows: Sequence[Rated]) -> Agreement:
    counts = confusion(np.array([row.people for row in rows], float), _judged(rows))
    return Agreement(
        n=len(rows),
        n_yes=int(counts.n_yes),
        accuracy=counts.accuracy if rows else 0.0,
        kappa=kappa(counts).value,
        sensitivity=sensitivity(counts).value,
        specificity=specificity(counts).value,
    )


def _slices(rows: Sequence[Rated]) -> dict[str, Agreement]:
    parts: dict[str, list[Rated]] = {}
    for row in rows:
        for name, value in row.slices.items():
            parts.setdefault(f"{name}={value}", []).append(row)
    return {name: _agreement(parts[name]) for name in sorted(parts) if len(parts[name]) >= THINNEST}


def _design_effect(rows: Sequence[Rated]) -> float:
    """How many rows count for one because they share a prompt; the worse of the two classes."""
    effects = [1.0]
    for kind in (True, False):
        right = [
            (row.judge == kind, row.group or f"#{i}")
            for i, row in enumerate(rows)
            if row.people is kind
        ]
        if right:
            values = np.array([r for r, _ in right], float)
            effects.append(len(right) / max(effective_n(values, [g for _, g in right]), 1.0))
    return max(effects)


def _judged(rows: Sequence[Rated]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([row.judge for row in rows], np.float64)
