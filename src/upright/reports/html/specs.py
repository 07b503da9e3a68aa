"""Charts as Vega-Lite specifications, built as plain dicts.

Three marks and a table of rows need no library to build them. Whatever others wrote stands in
`data.values` only, where Vega reads values and never expressions; names of fields, titles and
scales are ours. Colours come from the page's style (`charts.js`), so that one specification serves
light and dark: a mark's `style` names its part.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from upright.core import Outcome
from upright.reports.html.drawing import OTHER, Point, outcome_kind
from upright.reports.scale import Axis, number

Spec = dict[str, Any]
SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
KINDS = (*map(str, Outcome), OTHER)
STEP, GROUPED, SHARE = 24, 15, 20
"""Pixels per row; per member of a group in a row; per bar."""


class Part(NamedTuple):
    """How many of a label's things are of a kind."""

    label: str
    kind: str
    n: int


def interval_chart(
    points: Sequence[Point], axis: Axis, about: str, title: str = "worse  →  better"
) -> Spec:
    """One row per label: a dot, its interval, and chance as a tick; further right is better."""
    groups = list(dict.fromkeys(point.group for point in points))
    place = {"field": "label", "type": "nominal", "sort": None, "title": None}
    reach = layer("rule", "reach", {"x": position(axis, "low", title), "x2": {"field": "high"}})
    value = layer("point", "value", {"x": position(axis, "value", title)})
    chance = layer("tick", "chance", {"x": position(axis, "chance", title)})
    known = any(point.chance is not None for point in points)
    shared: Spec = {"y": place, "tooltip": _tooltip(grouped=len(groups) > 1)}
    if len(groups) > 1:
        shared["yOffset"] = {"field": "group", "type": "nominal", "sort": None}
        colour = {"field": "group", "type": "nominal", "sort": None, "title": None}
        for part in (reach, value):
            part["encoding"]["color"] = colour
    return {
        "$schema": SCHEMA,
        "description": about,
        "width": "container",
        "height": {"step": GROUPED if len(groups) > 1 else STEP},
        "autosize": {"type": "fit-x", "contains": "padding"},
        "data": {"values": [_row(point) for point in points]},
        "encoding": shared,
        "layer": [reach, chance, value] if known else [reach, value],
    }


def share_chart(parts: Sequence[Part], about: str) -> Spec:
    """One bar per label, divided by outcome in shares of the whole."""
    totals: Counter[str] = Counter()
    for part in parts:
        totals[part.label] += part.n
    rows = [
        {
            "label": part.label,
            "kind": outcome_kind(part.kind),
            "order": KINDS.index(outcome_kind(part.kind)),
            "n": part.n,
            "share": f"{100 * part.n / totals[part.label]:.0f} %",
        }
        for part in parts
    ]
    return {
        "$schema": SCHEMA,
        "description": about,
        "width": "container",
        "height": {"step": SHARE},
        "autosize": {"type": "fit-x", "contains": "padding"},
        "data": {"values": rows},
        "mark": {"type": "bar", "style": "share"},
        "encoding": {
            "y": {"field": "label", "type": "nominal", "sort": None, "title": None},
            "x": {
                "field": "n",
                "type": "quantitative",
                "stack": "normalize",
                "axis": {"format": ".0%"},
                "title": "share of the answers",
            },
            "order": {"field": "order"},
            "color": _colours({outcome_kind(part.kind) for part in parts}),
            "tooltip": [
                {"field": "label", "title": "Of"},
                {"field": "kind", "title": "Answers"},
                {"field": "n", "title": "Count"},
                {"field": "share", "title": "Share"},
            ],
        },
    }


def layer(mark: str, style: str, encoding: Spec) -> Spec:
    """A mark that the page's style colours."""
    return {"mark": {"type": mark, "style": style}, "encoding": encoding}


def position(axis: Axis, field: str, title: str) -> Spec:
    """A place along an axis whose end is the better one."""
    ends = sorted((axis.worse, axis.better))
    return {
        "field": field,
        "type": "quantitative",
        "title": title,
        "scale": {"domain": ends, "reverse": axis.worse > axis.better, "nice": False},
    }


def _tooltip(grouped: bool) -> list[Spec]:
    names = {"label": "Of", "group": "Which", "told": "Value", "reach": "95 % interval"}
    told = [{"field": k, "title": v} for k, v in names.items() if k != "group" or grouped]
    return [*told, {"field": "guess", "title": "Chance"}, {"field": "note", "title": "Based on"}]


def _row(point: Point) -> Spec:
    """The numbers to draw, and as texts to read."""
    whole = point.low is not None and point.high is not None
    drawn = {"value": point.value, "low": point.low, "high": point.high, "chance": point.chance}
    return {
        "label": point.label,
        "group": point.group,
        **{name: round(at, 4) for name, at in drawn.items() if at is not None},
        "told": number(point.value),
        "reach": f"{number(point.low)} – {number(point.high)}" if whole else "–",
        "guess": number(point.chance),
        "note": point.note,
    }


def _colours(kinds: Collection[str]) -> Spec:
    """By names that the page's style knows; the legend lists only what occurs."""
    domain = [kind for kind in KINDS if kind in kinds]
    return {
        "field": "kind",
        "type": "nominal",
        "title": None,
        "scale": {"domain": domain, "range": [f"var:--{kind}" for kind in domain]},
    }
