"""What a table of models says as a whole, as drawings: the same part for the paper's table and
for what was measured here."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from upright.comparisons.many_runs.analysis import (
    Analysis,
    Frontier,
    GroupContrast,
    Independence,
    Pair,
)
from upright.core import Interval
from upright.core.inert import one_line
from upright.reports.html import Dot, Pairing, Spec, matrix_chart, scatter_chart
from upright.reports.pages.forest import Line, around_zero, drawn
from upright.reports.scale import Axis, number
from upright.reports.standing import Standing, compared
from upright.reports.text.analysis import chance, frontier_sentence, independence_sentence
from upright.reports.text.comparison import signed

DISCOVERIES = 0.05
WHOLE = Axis(-1, 1)
Values = Mapping[str, Mapping[str, float]]
"""By column and model."""


class Figure(NamedTuple):
    """A chart, what it is of, and what it says."""

    title: str
    told: str
    spec: Spec


class Drawn(NamedTuple):
    """`matrix` is the chart of all pairs, `table` the same as numbers."""

    correlations: list[Line]
    planes: list[Figure]
    contrasts: list[Line]
    contrast_axis: Axis
    frontiers: list[Figure]
    independence: str
    matrix: Spec | None
    columns: tuple[str, ...]
    table: list[tuple[str, list[str]]]
    missing: tuple[str, ...]


def analyses(analysis: Analysis, values: Values) -> Drawn:
    """`values` are those that the analysis was made of."""
    found = analysis.independence
    shares = [c.contrast for c in analysis.contrasts if _is_share(c)]
    axis = around_zero(end for one in shares for end in (one.low, one.high))
    return Drawn(
        correlations=[_correlation(pair, analysis) for pair in analysis.trust_utility],
        planes=[_plane(pair, analysis, values) for pair in analysis.trust_utility],
        contrasts=[_contrast(one, axis) for one in analysis.contrasts],
        contrast_axis=axis,
        frontiers=[_frontier(one, analysis) for one in analysis.frontiers],
        independence=independence_sentence(found) if found else "",
        matrix=_matrix(found) if found else None,
        columns=found.columns if found else (),
        table=_table(found) if found else [],
        missing=analysis.missing,
    )


def _sign(pair: Pair, analysis: Analysis) -> int:
    up = analysis.higher_is_better
    return 1 if up[pair.first] == up[pair.second] else -1


def _turned(
    sign: int, value: float | None, low: float | None, high: float | None
) -> tuple[float | None, float | None, float | None]:
    ends = [None if end is None else sign * end for end in (value, low, high)]
    return (ends[0], ends[1], ends[2]) if sign > 0 else (ends[0], ends[2], ends[1])


def _between(low: float | None, high: float | None) -> str:
    return f"{number(low, 2)} – {number(high, 2)}" if low is not None else "no interval"


def _correlation(pair: Pair, analysis: Analysis) -> Line:
    """Above 0: who is better in one is better in the other."""
    found = pair.association
    value, low, high = _turned(_sign(pair, analysis), found.value, found.low, found.high)
    shape = compared(Interval(value, low, high, ""), 0.0, higher_is_better=True)
    told = number(value, 2)
    return Line(
        label=f"{_name(pair.first)} and {_name(pair.second)}",
        chart=drawn(f"correlation {told}, {_between(low, high)}", (value, low, high), WHOLE, shape),
        told=told,
        beside=_between(low, high),
        said=f"p {chance(found.p)}, n {found.n}",
    )


def _plane(pair: Pair, analysis: Analysis, values: Values) -> Figure:
    across, up = values.get(pair.first, {}), values.get(pair.second, {})
    dots = [Dot(model, x, up[model]) for model, x in across.items() if model in up]
    value, low, high = _turned(
        _sign(pair, analysis),
        pair.association.value,
        pair.association.low,
        pair.association.high,
    )
    spec = scatter_chart(
        dots,
        _tight((dot.x for dot in dots), up=analysis.higher_is_better[pair.first]),
        _tight((dot.y for dot in dots), up=analysis.higher_is_better[pair.second]),
        ("utility", "trust"),
        f"{len(dots)} models by a test of utility and one of trust",
    )
    told = f"ρ {number(value, 2)} ({_between(low, high)})"
    return Figure(f"{_name(pair.first)} and {_name(pair.second)}", told, spec)


def _tight(values: Iterable[float], *, up: bool) -> Axis:
    """Around what there is: the models lie close together."""
    known = list(values) or [0.0]
    room = 0.07 * (max(known) - min(known)) or 0.05
    low, high = round(min(known) - room, 3), round(max(known) + room, 3)
    return Axis(low, high) if up else Axis(high, low)


def _is_share(one: GroupContrast) -> bool:
    """Whether it may stand on one axis with the others: some columns are per cent."""
    means = (one.contrast.first, one.contrast.second)
    return all(mean is not None and abs(mean) <= 1 for mean in means)


def _contrast(one: GroupContrast, axis: Axis) -> Line:
    """Right: proprietary models are better."""
    found = one.contrast
    sign = 1 if one.higher_is_better else -1
    ends = _turned(sign, found.value, found.low, found.high)
    marks = ends if _is_share(one) else (None, None, None)
    shape = compared(Interval(*ends, ""), 0.0, higher_is_better=True)
    label = f"proprietary ahead by {signed(ends[0])}, {_between(*ends[1:])}"
    return Line(
        label=_name(one.column),
        chart=drawn(label, marks, axis, Standing.ALONE if found.low is None else shape),
        told=signed(ends[0]),
        beside=f"{number(found.first)}, {number(found.second)}",
        said=f"p {chance(found.p)}, n {found.n_first}+{found.n_second}",
    )


def _frontier(one: Frontier, analysis: Analysis) -> Figure:
    dots = [Dot(_name(p.model), p.over_refusal, p.safety, p.on_front) for p in one.points]
    spec = scatter_chart(
        dots,
        _tight((dot.x for dot in dots), up=analysis.higher_is_better[one.over_refusal]),
        _tight((dot.y for dot in dots), up=analysis.higher_is_better[one.safety]),
        ("answers what is harmless", "refuses what is harmful"),
        f"{len(dots)} models by over-refusal and safety; those that no other beats in both joined",
    )
    return Figure(
        f"{_name(one.safety)} against {_name(one.over_refusal)}", frontier_sentence(one), spec
    )


def _matrix(found: Independence) -> Spec:
    names = [_name(column) for column in found.columns]
    pairs = [
        Pairing(
            row,
            column,
            found.values[i][j],
            found.p[i][j],
            found.q[i][j],
            sure=found.q[i][j] < DISCOVERIES,
        )
        for i, row in enumerate(names)
        for j, column in enumerate(names)
        if i != j
    ]
    return matrix_chart(pairs, f"Rank correlations of {len(names)} columns with each other")


def _table(found: Independence) -> list[tuple[str, list[str]]]:
    return [
        (_name(column), [number(v, 2) if i != j else "" for j, v in enumerate(found.values[i])])
        for i, column in enumerate(found.columns)
    ]


def _name(text: str) -> str:
    return one_line(text, 60)
