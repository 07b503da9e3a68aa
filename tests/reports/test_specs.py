"""Charts, data blocks and the vendored scripts: what others wrote stays data."""

import hashlib
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reports.reading import blocks
from upright.core import Outcome
from upright.reports import load_profile, render_page
from upright.reports.html import Part, Point, interval_chart, share_chart
from upright.reports.html.embed import json_block, pack
from upright.reports.html.library import EXPORT, IMPORT, ORDER, VENDOR, library
from upright.reports.scale import Axis

TRICKS = (
    "</script><script>alert(1)</script>",
    "datum.x",
    '{"signal": "alert(1)"}',
    '{"expr": "datum.label"}',
    "\u202egnp.exe \u2028 \x1b[31m",
    "'] + alert(1) + datum['",
)


def strings(value: Any) -> Iterator[str]:
    """All texts of a specification but those of its data."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            if key != "values":
                yield from (key, *strings(each))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from strings(each)


@pytest.mark.parametrize("trick", TRICKS)
def test_what_others_wrote_is_data_and_nothing_else(trick: str) -> None:
    points = [Point(trick, 0.5, 0.2, 0.8, 0.5, group, trick) for group in (trick, "b")]
    for spec in (
        interval_chart(points, Axis(0, 1), "about"),
        share_chart([Part(trick, trick, 3)], "about"),
    ):
        assert not [text for text in strings(spec) if trick in text]
        assert trick in json.dumps(spec["data"], ensure_ascii=False).encode().decode() or any(
            trick == row["label"] for row in spec["data"]["values"]
        )


def test_no_specification_has_expressions_addresses_or_sorts_by_text(nasty: Path) -> None:
    specs = [block for block in blocks(render_page(load_profile(nasty))) if "$schema" in block]
    assert specs
    for spec in specs:
        keys = set(strings(spec))
        assert not keys & {"expr", "signal", "calculate", "filter", "url", "href", "labelExpr"}
        assert set(spec["data"]) == {"values"}


def test_further_right_is_better_also_where_lower_is() -> None:
    up = interval_chart([Point("a", 0.1)], Axis(0, 1), "")["layer"][-1]["encoding"]["x"]["scale"]
    down = interval_chart([Point("a", 0.1)], Axis(1, 0), "")["layer"][-1]["encoding"]["x"]["scale"]
    assert up["domain"] == down["domain"] == [0, 1]
    assert (up["reverse"], down["reverse"]) == (False, True)


def test_groups_get_places_and_colours() -> None:
    points = [Point("a", 0.1, group="raw"), Point("a", 0.2, group="corrected")]
    spec = interval_chart(points, Axis(0, 1), "")
    assert spec["encoding"]["yOffset"]["field"] == "group"
    assert spec["layer"][-1]["encoding"]["color"]["field"] == "group"
    assert "color" not in interval_chart(points[:1], Axis(0, 1), "")["layer"][-1]["encoding"]


def test_shares_are_of_known_outcomes_in_their_order() -> None:
    spec = share_chart([Part("a", "refused", 1), Part("a", "answered", 3), Part("a", "?", 1)], "")
    scale = spec["encoding"]["color"]["scale"]
    assert scale["domain"] == ["answered", "refused", "other"]
    assert scale["range"] == ["var:--answered", "var:--refused", "var:--other"]
    assert [row["share"] for row in spec["data"]["values"]] == ["20 %", "60 %", "20 %"]


def test_every_outcome_has_a_colour() -> None:
    style = (VENDOR.parent / "templates" / "shell.css").read_text()
    for kind in (*Outcome, "other"):
        assert f"--{kind}:" in style and f".k-{kind} " in style


@settings(max_examples=40)
@given(
    st.recursive(
        st.text() | st.floats() | st.none(), lambda s: st.lists(s) | st.dictionaries(st.text(), s)
    )
)
def test_a_data_block_cannot_be_closed_and_is_valid(value: Any) -> None:
    block = str(json_block(value))
    head, tail = '<script type="application/json">', "</script>"
    inside = block.removeprefix(head).removesuffix(tail)
    assert not re.search("[<>&\u2028\u2029\x00-\x1f\u202a-\u202e]", inside)
    json.loads(inside)


def test_what_is_not_finite_is_null() -> None:
    assert (
        json_block([math.nan, math.inf]) == '<script type="application/json">[null,null]</script>'
    )


def test_the_same_bytes_are_packed_the_same() -> None:
    assert pack(b"abc") == pack(b"abc")


def test_the_vendored_scripts_are_those_of_the_readme() -> None:
    told = (VENDOR / "README.md").read_text()
    found = dict(re.findall(r"\| (\S+\.js) \| .*? \| ([0-9a-f]{64}) \|", told))
    assert set(found) == set(ORDER) == {path.name for path in VENDOR.glob("*.js")}
    for name, digest in found.items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest, name


def test_the_interpreter_becomes_a_plain_script() -> None:
    module = (VENDOR / ORDER[-1]).read_text()
    assert module.count(IMPORT) == module.count(EXPORT) == 1
    script = library()[-1]
    assert "import {" not in script and "export {" not in script
    assert "sourceMappingURL" not in "".join(library())


def test_no_script_of_ours_makes_markup_of_text() -> None:
    for path in (VENDOR.parent / "templates").rglob("*.js"):
        code = path.read_text()
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert word not in code, path
