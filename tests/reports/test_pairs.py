"""Planes and squares: models in two columns at once, and names that cover nothing."""

import json

import pytest

from tests.reports.test_specs import TRICKS, strings
from upright.reports.html import Dot, Pairing, matrix_chart, scatter_chart
from upright.reports.html.labels import HIGH, WIDE, sides
from upright.reports.scale import Axis


@pytest.mark.parametrize("trick", TRICKS)
def test_what_others_wrote_is_data_and_nothing_else(trick: str) -> None:
    dots = [Dot(trick, 0.5, 0.5, front=True), Dot("b", 0.2, 0.1)]
    pairs = [Pairing(trick, "b", 0.5, 0.1, 0.01, sure=True)]
    for spec in (
        scatter_chart(dots, Axis(0, 1), Axis(0, 1), ("x", "y"), "about"),
        matrix_chart(pairs, "about"),
    ):
        assert not [text for text in strings(spec) if trick in text]
        assert json.dumps(trick) in json.dumps(spec)


def test_up_and_right_are_better_also_where_lower_is() -> None:
    spec = scatter_chart([Dot("a", 0.1, 0.9)], Axis(1, 0), Axis(0, 1), ("x", "y"), "")
    x, y = (spec["encoding"][name]["scale"] for name in "xy")
    assert (x["domain"], x["reverse"]) == ([0, 1], True)
    assert (y["domain"], y["reverse"]) == ([0, 1], False)


def test_the_front_is_one_line_and_named() -> None:
    dots = [Dot("a", 0.1, 0.9, front=True), Dot("b", 0.9, 0.1, front=True), Dot("c", 0.1, 0.1)]
    layers = scatter_chart(dots, Axis(0, 1), Axis(0, 1), ("x", "y"), "")["layer"]
    assert [layer["mark"]["type"] for layer in layers] == ["point", "line", "point", "text", "text"]
    assert [row["label"] for row in layers[1]["data"]["values"]] == ["a", "b"]


def test_a_matrix_has_its_columns_in_one_order_on_both_sides() -> None:
    pairs = [Pairing(a, b, 0.5, 0.1, 0.2, sure=False) for a in "xyz" for b in "xyz" if a != b]
    first, squares = matrix_chart(pairs, "")["layer"]
    assert [row["column"] for row in first["data"]["values"]] == ["x", "y", "z"]
    assert squares["encoding"]["color"]["scale"]["domain"] == [-1, 0, 1]
    sure = [pair._replace(sure=True) for pair in pairs[:2]]
    assert len(matrix_chart(sure, "")["layer"][2]["data"]["values"]) == 2


def test_names_stay_inside_and_apart() -> None:
    places = [(0.95, 0.5), (0.96, 0.52), (0.05, 1.0)]
    names = ["Koala-13b", "Vicuna-33b", "Llama2-70b"]
    first, second, third = sides(places, [0, 1, 2], names)
    assert {first.align, second.align} == {"right"} and third.align == "left"
    assert first != second
    assert WIDE > HIGH > 0
