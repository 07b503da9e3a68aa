"""A comparison of two runs as one HTML page: what the gate says, and everything behind it."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from upright.comparisons.two_runs.gate import Decision
from upright.comparisons.two_runs.result import (
    Comparison,
    Difference,
    DimensionGain,
    Flip,
    Gap,
    SliceGain,
)
from upright.core import Dimension, Interval
from upright.core.inert import one_line
from upright.reports.html import Assets, Chart, shell, write
from upright.reports.pages.forest import Line, around_zero, drawn
from upright.reports.scale import Axis, number
from upright.reports.standing import Standing as Shape
from upright.reports.standing import compared
from upright.reports.text.comparison import gain, name, p_value, pairing_notes, sentence, signed
from upright.stats.equivalence import Standing

ASSETS = Assets(
    styles=("forest.css", "comparison/comparison.css"),
    scripts=("comparison/flips.js",),
    charts=False,
)
MOST_FLIPS = 500
"""Answers a page carries: more are for --json."""

SHAPES: Mapping[Standing, Shape] = {
    Standing.WORSE: Shape.WORSE,
    Standing.BETTER: Shape.BETTER,
    Standing.NOT_WORSE: Shape.ALONE,
    Standing.EQUIVALENT: Shape.ALONE,
    Standing.CANNOT_TELL: Shape.UNSURE,
}
Ends = tuple[float | None, float | None, float | None]


class Group(NamedTuple):
    """A dimension's benchmarks, and their mean gain where there is one."""

    name: str
    mean: Line | None
    lines: tuple[Line, ...]


class Detail(NamedTuple):
    """One benchmark with its three intervals, drawn on an axis of its own."""

    difference: Difference
    gain: str
    rows: tuple[Line, ...]
    p: str
    p_unpaired: str
    notes: tuple[str, ...]


def write_comparison(comparison: Comparison, decision: Decision, path: Path) -> None:
    """Render and write, whole or not at all; raises StoreError where the disk will not have it."""
    write(comparison_page(comparison, decision), path)


def comparison_page(comparison: Comparison, decision: Decision) -> str:
    """The same comparison always gives the same page, byte for byte."""
    axis = _axis(comparison)
    slice_axis = around_zero(end for s in comparison.slices for end in (s.low, s.high))
    flips = comparison.flips[:MOST_FLIPS]
    context = {
        "comparison": comparison,
        "decision": decision,
        "names": (name(comparison.candidate), name(comparison.baseline)),
        "verdict": sentence(comparison, decision),
        "summary": _summary(comparison),
        "groups": _groups(comparison, axis),
        "ticks": drawn("", (None, None, None), axis, Shape.UNTOLD),
        "details": [_detail(d, comparison.margin) for d in comparison.differences],
        "slices": [_slice(found, slice_axis) for found in comparison.slices],
        "slice_ticks": drawn("", (None, None, None), slice_axis, Shape.UNTOLD),
        "flips": flips,
        "flips_total": len(comparison.flips) + comparison.flips_left_out,
        "flip_benchmarks": list(dict.fromkeys(flip.benchmark for flip in flips)),
        "disagreeing": [d for d in comparison.differences if d.pairing.same_text_other_verdict],
        "lost_or_gained": _lost_or_gained,
        "command": _command(comparison, strict=decision.strict),
    }
    return shell("comparison/page.html.j2", context, ASSETS)


def _summary(comparison: Comparison) -> str:
    found = comparison.differences
    pairs = sum(d.pairing.paired for d in found)
    counts = [(len(comparison.standing(s)), s) for s in Standing]
    told = ", ".join(f"{s} on {n}" for n, s in counts if n)
    many = "benchmark" if len(found) == 1 else "benchmarks"
    return f"{pairs:,} answers pair on {len(found)} {many}: the candidate is {told}."


def _axis(comparison: Comparison) -> Axis:
    ends = [end for d in comparison.differences for end in gain(d)]
    means = [end for d in comparison.dimensions for end in (d.low, d.high)]
    return around_zero([*ends, *means, comparison.margin])


def _groups(comparison: Comparison, axis: Axis) -> list[Group]:
    means = {d.dimension: d for d in comparison.dimensions}
    order = [*map(str, Dimension), *(d.dimension for d in comparison.differences)]
    found = []
    for dimension in dict.fromkeys(order):
        own = [d for d in comparison.differences if d.dimension == dimension]
        if own:
            lines = tuple(_line(d, axis, comparison.margin) for d in own)
            mean = means.get(dimension)
            found.append(Group(dimension, _mean(mean, axis) if mean else None, lines))
    return found


def _line(difference: Difference, axis: Axis, margin: float) -> Line:
    ends = gain(difference)
    return Line(
        label=one_line(difference.benchmark.split("/", 1)[-1], 60).replace("_", " "),
        chart=_chart(ends, axis, difference.standing, margin),
        told=signed(ends[0]),
        beside="" if ends[0] is None else _change(difference),
        said=difference.standing,
        href=f"of/{difference.benchmark}",
    )


def _change(found: Difference | SliceGain) -> str:
    return f"{number(found.baseline)} → {number(found.candidate)}"


def _mean(found: DimensionGain, axis: Axis) -> Line:
    ends = (found.gain, found.low, found.high)
    shape = compared(Interval(*ends, ""), 0.0, higher_is_better=True)
    label = f"mean gain {signed(found.gain)}, 95 % interval {_between(ends)}"
    of = f"mean of {found.benchmarks}" if found.benchmarks > 1 else "mean"
    return Line(of, drawn(label, ends, axis, shape), signed(found.gain), said=_between(ends))


def _chart(ends: Ends, axis: Axis, standing: Standing, margin: float) -> Chart:
    label = f"gain {signed(ends[0])}, joint 95 % interval {_between(ends)}: {standing}"
    return drawn(label, ends, axis, SHAPES[standing], _margin(margin))


def _margin(margin: float) -> dict[str, float]:
    return {"margin": -margin} if margin else {}


def _between(ends: Ends) -> str:
    return f"{signed(ends[1])} – {signed(ends[2])}" if ends[1] is not None else "none"


def _detail(difference: Difference, margin: float) -> Detail:
    up, gap, unpaired = difference.higher_is_better, difference.gap, difference.unpaired
    rows = {
        "joint": gain(difference),
        "alone": _turned(gap, up=up),
        "unpaired": _turned(unpaired, up=up),
    }
    axis = around_zero([margin, *(end for ends in rows.values() for end in ends)])
    lines = [
        Line(
            kind,
            drawn(
                f"{kind}: {_between(ends)}", ends, axis, _shape(kind, difference), _margin(margin)
            ),
            _between(ends),
        )
        for kind, ends in rows.items()
    ]
    return Detail(
        difference=difference,
        gain=signed(rows["joint"][0]),
        rows=tuple(lines),
        p=p_value(gap.p_holm),
        p_unpaired=p_value(unpaired.p_holm),
        notes=(*difference.notes, *pairing_notes(difference)),
    )


def _shape(kind: str, difference: Difference) -> Shape:
    return SHAPES[difference.standing] if kind == "joint" else Shape.ALONE


def _turned(gap: Gap, *, up: bool) -> Ends:
    """An interval by itself, with above 0 being better."""
    ends = (gap.value, gap.low, gap.high)
    if up:
        return ends
    value, low, high = (None if end is None else -end for end in ends)
    return value, high, low


def _slice(found: SliceGain, axis: Axis) -> Line:
    ends = (found.gain, found.low, found.high)
    label = f"gain {signed(found.gain)}, 95 % interval {_between(ends)}"
    shape = compared(Interval(*ends, ""), 0.0, higher_is_better=True)
    return Line(
        label=f"{one_line(found.benchmark, 60).replace('_', ' ')} · {one_line(found.slice, 60)}",
        chart=drawn(label, ends, axis, shape),
        told=signed(found.gain),
        beside=_change(found),
        said=f"n = {found.n}",
    )


def _lost_or_gained(flip: Flip) -> str:
    return "lost" if flip.gain < 0 else "gained"


def _command(comparison: Comparison, *, strict: bool) -> str:
    words = ["upright", "compare", comparison.baseline.path, comparison.candidate.path]
    words += [f"--margin={comparison.margin:g}"] if comparison.margin else []
    words += [f"--score-set={comparison.score_set}"]
    words += ["--fail-if-worse", "--strict"] if strict else []
    return shlex.join(words)
