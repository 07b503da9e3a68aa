"""Two columns at once: models as dots in a plane, and a square for every pair of columns.

As in `specs`, what others wrote stands in data only; titles are the callers' own words.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from upright.reports.html.labels import sides
from upright.reports.html.specs import SCHEMA, Spec, layer, position
from upright.reports.scale import Axis, number

HEIGHT, SQUARE = 260, 17
"""Pixels of a plane, and of one row of squares."""


class Dot(NamedTuple):
    """A model by two values; `front` ones are joined by a line and named."""

    label: str
    x: float
    y: float
    front: bool = False


class Pairing(NamedTuple):
    """How far two columns go together; `sure` ones carry a mark."""

    row: str
    column: str
    value: float
    p: float
    q: float
    sure: bool


def scatter_chart(
    dots: Sequence[Dot], x: Axis, y: Axis, titles: tuple[str, str], about: str
) -> Spec:
    """Up and to the right is better."""
    front = sorted((dot for dot in dots if dot.front), key=lambda dot: dot.x)
    rest = [dot for dot in dots if not dot.front]
    layers = [_dots(rest, "dominated" if front else "value")] if rest else []
    if front:
        layers += [
            {"data": {"values": [_row(dot) for dot in front]}, **layer("line", "front", {})},
            _dots(front, "value"),
            *_names(dots, front, x, y),
        ]
    return {
        "$schema": SCHEMA,
        "description": about,
        "width": "container",
        "height": HEIGHT,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "data": {"values": []},
        "encoding": {
            "x": position(x, "x", f"{titles[0]}: worse  →  better"),
            "y": position(y, "y", f"{titles[1]}: worse  →  better"),
            "tooltip": [
                {"field": "label", "title": "Model"},
                {"field": "across", "title": titles[0].capitalize()},
                {"field": "up", "title": titles[1].capitalize()},
            ],
        },
        "layer": layers,
    }


def matrix_chart(pairs: Sequence[Pairing], about: str) -> Spec:
    """Blue: they rise together; vermilion: one rises as the other falls. Told apart by every
    kind of colour vision."""
    place = {"type": "nominal", "sort": None, "title": None}
    scale = {
        "domain": [-1, 0, 1],
        "range": ["var:--second", "var:--tint", "var:--first"],
        "interpolate": "lab",
    }
    colour = {"field": "value", "type": "quantitative", "title": "rank correlation", "scale": scale}
    told = {"row": "Of", "column": "And", "told": "Correlation", "p": "p", "q": "p, corrected"}
    return {
        "$schema": SCHEMA,
        "description": about,
        "width": "container",
        "height": {"step": SQUARE},
        "autosize": {"type": "fit-x", "contains": "padding"},
        "data": {"values": [_square(pair) for pair in pairs]},
        "encoding": {
            "x": {"field": "column", **place, "axis": {"labelAngle": -90}},
            "y": {"field": "row", **place},
            "tooltip": [{"field": field, "title": title} for field, title in told.items()],
        },
        "layer": [
            # First, so that both axes have the columns in one order.
            {"data": {"values": _selves(pairs)}, **layer("rect", "self", {})},
            layer("rect", "cell", {"color": colour}),
            *_sure(pairs),
        ],
    }


def _sure(pairs: Sequence[Pairing]) -> Iterator[Spec]:
    """A layer without marks would be a picture without a name."""
    found = [_square(pair) for pair in pairs if pair.sure]
    if found:
        yield {"data": {"values": found}, **layer("point", "sure", {})}


def _dots(dots: Sequence[Dot], style: str) -> Spec:
    return {"data": {"values": [_row(dot) for dot in dots]}, **layer("point", style, {})}


def _names(dots: Sequence[Dot], front: Sequence[Dot], x: Axis, y: Axis) -> Iterator[Spec]:
    """The names of the front, each where it covers least."""
    places = [(x.place(dot.x), y.place(dot.y)) for dot in dots]
    for dot, side in zip(
        front, sides(places, [dots.index(d) for d in front], [d.label for d in front]), strict=True
    ):
        mark = {"type": "text", "style": "name", "align": side.align, "baseline": side.baseline}
        text = {"text": {"field": "label", "type": "nominal"}}
        yield {
            "data": {"values": [_row(dot)]},
            "mark": {**mark, "dx": side.dx, "dy": side.dy},
            "encoding": text,
        }


def _row(dot: Dot) -> Spec:
    return {
        "label": dot.label,
        "x": dot.x,
        "y": dot.y,
        "across": number(dot.x),
        "up": number(dot.y),
    }


def _square(pair: Pairing) -> Spec:
    return {
        "row": pair.row,
        "column": pair.column,
        "value": round(pair.value, 3),
        "told": number(pair.value, 2),
        "p": number(pair.p),
        "q": number(pair.q),
    }


def _selves(pairs: Sequence[Pairing]) -> list[Spec]:
    """Every column with itself, which says nothing."""
    names = dict.fromkeys(pair.row for pair in pairs)
    return [{"row": name, "column": name, "told": "–", "p": "–", "q": "–"} for name in names]
