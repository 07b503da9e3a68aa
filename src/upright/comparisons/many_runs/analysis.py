"""What a table of models says as a whole: trust against utility, open against proprietary,
refusing too much against refusing too little, and how many things the columns are."""

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np

from upright.comparisons.many_runs.table import Column, Table
from upright.core import Interval
from upright.stats.association import (
    Association,
    correlation_matrix,
    independent_things,
    matrix_p,
    spearman,
    unrelated_things,
)
from upright.stats.contrast import Contrast, contrast
from upright.stats.intervals import LEVEL, Floats
from upright.stats.multiplicity import benjamini_hochberg

UTILITY = ("Internal", "Recog.", "AdvGLUE RS")
"""Columns that are tests of capability (research on the paper's claim that trust tracks it)."""
OVER_REFUSAL = "Exagg."
REFUSAL = ("Jailbreak", "Misuse")
FEWEST = 4


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    first: str
    second: str
    association: Association


class GroupContrast(msgspec.Struct, frozen=True, kw_only=True):
    """Proprietary (first) minus open-weight (second) models in one column."""

    column: str
    higher_is_better: bool
    contrast: Contrast


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """`on_front`: no model is better in one of the two and no worse in the other."""

    model: str
    safety: float
    over_refusal: float
    on_front: bool


class Frontier(msgspec.Struct, frozen=True, kw_only=True):
    """Refusing what should be refused against refusing what should not."""

    safety: str
    over_refusal: str
    points: tuple[Point, ...]


class Independence(msgspec.Struct, frozen=True, kw_only=True):
    """How many independent things the columns measure.

    ratio       participation ratio of the eigenvalues of the rank correlations
    unrelated   what it would be if the columns had nothing to do with each other
    values, p, q   of every pair of columns; q: p after Benjamini and Hochberg
    left_out    columns that not every model has, or in which all are equal
    """

    columns: tuple[str, ...]
    n_models: int
    ratio: Interval
    unrelated: float
    values: tuple[tuple[float, ...], ...]
    p: tuple[tuple[float, ...], ...]
    q: tuple[tuple[float, ...], ...]
    left_out: tuple[str, ...]


class Analysis(msgspec.Struct, frozen=True, kw_only=True):
    """`missing` says which part could not be computed, and why.

    higher_is_better   by column: correlations are of the raw numbers, whose direction turns signs
    """

    origin: str
    higher_is_better: dict[str, bool]
    trust_utility: tuple[Pair, ...]
    contrasts: tuple[GroupContrast, ...]
    frontiers: tuple[Frontier, ...]
    independence: Independence | None
    missing: tuple[str, ...]


def analyse(table: Table) -> Analysis:
    """All four, as far as models and columns allow."""
    pairs = tuple(_trust_utility(table))
    contrasts = tuple(_contrasts(table))
    frontiers = tuple(_frontiers(table))
    independence = _independence(table)
    missing = (
        ("trust and utility", pairs, f"needs {FEWEST} models with a utility and a safety column"),
        ("proprietary and open-weight", contrasts, "needs models known to be of either kind"),
        (
            "the over-refusal frontier",
            frontiers,
            "needs exaggerated safety and jailbreak or misuse",
        ),
        ("how many things", independence, f"needs {FEWEST} models and 2 columns that all have"),
    )
    return Analysis(
        origin=table.origin,
        higher_is_better={c.key: c.higher_is_better for c in table.columns},
        trust_utility=pairs,
        contrasts=contrasts,
        frontiers=frontiers,
        independence=independence,
        missing=tuple(f"{what}: {why}" for what, found, why in missing if not found),
    )


def _known(table: Table, keys: Sequence[str]) -> list[Column]:
    return [column for key in keys if (column := table.find(key))]


def _trust_utility(table: Table) -> Iterator[Pair]:
    safety = [column for column in table.columns if column.dimension == "safety"]
    for utility in _known(table, UTILITY):
        for column in safety:
            models, values = table.together([utility, column])
            if len(models) >= FEWEST:
                found = spearman(values[:, 0], values[:, 1])
                yield Pair(first=utility.key, second=column.key, association=found)


def _contrasts(table: Table) -> Iterator[GroupContrast]:
    for column in table.columns:
        found = contrast_of(table, column)
        if found.value is not None:
            yield GroupContrast(
                column=column.key, higher_is_better=column.higher_is_better, contrast=found
            )


def contrast_of(table: Table, column: Column, level: float = LEVEL) -> Contrast:
    """Proprietary minus open-weight models, of those known to be one or the other."""
    models, values = table.together([column])
    kinds = np.array([table.open_weight.get(model) for model in models], object)
    found = values[:, 0]
    return contrast(found[kinds == False], found[kinds == True], level)  # noqa: E712 - elementwise


def _frontiers(table: Table) -> Iterator[Frontier]:
    over = table.find(OVER_REFUSAL)
    for safety in _known(table, REFUSAL) if over else ():
        assert over is not None
        models, values = table.together([safety, over])
        signs = [1.0 if column.higher_is_better else -1.0 for column in (safety, over)]
        good = values * signs
        points = [
            Point(
                model=model,
                safety=float(value[0]),
                over_refusal=float(value[1]),
                on_front=not any(_dominates(other, own) for other in good),
            )
            for model, value, own in zip(models, values, good, strict=True)
        ]
        if len(points) > 1:
            yield Frontier(safety=safety.key, over_refusal=over.key, points=tuple(points))


def _dominates(other: Sequence[float], own: Sequence[float]) -> bool:
    pairs = list(zip(other, own, strict=True))
    return all(a >= b for a, b in pairs) and any(a > b for a, b in pairs)


def _independence(table: Table) -> Independence | None:
    whole = [column for column in table.columns if _varies(table, column)]
    if len(table.models) < FEWEST or len(whole) < 2:
        return None
    _, values = table.together(whole)
    p = matrix_p(values)
    return Independence(
        columns=tuple(column.key for column in whole),
        n_models=len(values),
        ratio=independent_things(values),
        unrelated=unrelated_things(values),
        values=_rows(correlation_matrix(values)),
        p=_rows(p),
        q=_rows(_adjusted(p)),
        left_out=tuple(column.key for column in table.columns if column not in whole),
    )


def _varies(table: Table, column: Column) -> bool:
    cells = table.cells[column.key]
    return len(cells) == len(table.models) and len({c.value for c in cells.values()}) > 1


def _adjusted(p: Floats) -> Floats:
    """Over all pairs at once (Benjamini and Hochberg 1995)."""
    upper = np.triu_indices(len(p), 1)
    adjusted: Floats = np.zeros_like(p)
    adjusted[upper] = benjamini_hochberg(p[upper])
    adjusted += adjusted.T
    return adjusted


def _rows(matrix: Floats) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(float(v) for v in row) for row in matrix)
