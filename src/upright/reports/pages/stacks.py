"""Stacks of defenses as one HTML page: which to take, what each does, what they do together.

No prompt and no answer is on it: attack strings stay in the folder.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from upright.comparisons.stacks.interaction import Reading
from upright.comparisons.stacks.result import (
    Configuration,
    Interaction,
    Kind,
    Measure,
    OrderEffect,
    Rate,
    Stacks,
)
from upright.core import Interval
from upright.reports.html import Assets, Chart, Dot, Spec, scatter_chart, shell, write
from upright.reports.pages.forest import Line, around_zero, drawn
from upright.reports.scale import Axis, number
from upright.reports.standing import Standing, compared
from upright.reports.text.comparison import p_value, signed
from upright.reports.text.stacks import (
    left_out,
    measure_name,
    sentence,
    share,
    share_of,
    stack_name,
    sure_interactions,
    told_interactions,
)

ASSETS = Assets(styles=("forest.css", "leaderboard/leaderboard.css", "stacks/stacks.css"))
SHADES = (0.02, 0.05, 0.15)
"""Excesses from which a cell is a shade darker."""
SHARES = Axis(1, 0)


class Cell(NamedTuple):
    """Of a pair, or of a defense alone; `shade` from -3, far less than expected, to 3."""

    told: str
    shade: int | None = None
    reading: str = ""
    why: str = ""


class Matrix(NamedTuple):
    """Rows are the outer defenses, columns the inner ones."""

    title: str
    id: str
    rows: list[tuple[str, list[Cell]]]


class Row(NamedTuple):
    """A configuration, its shares in the order of the measures, and its costs."""

    name: str
    front: bool
    target: str
    shares: list[tuple[str, str]]
    costs: tuple[str, ...]


def write_stacks(found: Stacks, path: Path) -> None:
    """Render and write, whole or not at all; raises StoreError where the disk will not have it."""
    write(stacks_page(found), path)


def stacks_page(found: Stacks) -> str:
    """The same result always gives the same page, byte for byte."""
    names = [one.defenses[0] for one in found.configurations if len(one.defenses) == 1]
    sure = sure_interactions(found)
    orders = _sure_orders(found)
    axis = _axis([one.excess for one in sure])
    order_axis = _axis([one.difference for one in orders])
    context = {
        "found": found,
        "model": stack_name([found.model]),
        "verdict": sentence(found),
        "told": told_interactions(found),
        "measures": [measure_name(measure) for measure in found.measures],
        "rows": [_row(one) for one in found.configurations],
        "front": _scatter(found),
        "layers": [stack_name([name], 30) for name in names],
        "matrices": list(_matrices(found, names)),
        "sure": [_sure(one, axis) for one in sure],
        "sure_ticks": drawn("", (None, None, None), axis, Standing.UNTOLD),
        "orders": [_order(one, order_axis) for one in orders],
        "order_ticks": drawn("", (None, None, None), order_axis, Standing.UNTOLD),
        "left_out": list(left_out(found)),
    }
    return shell("stacks/page.html.j2", context, ASSETS)


def _axis(found: Sequence[Interval]) -> Axis:
    """No difference in the middle, and less of what should be low on the right."""
    low, high = around_zero(end for one in found for end in (one.low, one.high))
    return Axis(high, low)


def _row(one: Configuration) -> Row:
    cost = one.cost
    return Row(
        name=stack_name(one.defenses, 120),
        front=one.front,
        target=one.target,
        shares=[(share(rate), _changed(rate, bare=not one.defenses)) for rate in one.rates],
        costs=(
            _cost(cost.calls, 1),
            _cost(cost.tokens, 0),
            _cost(cost.latency, 2),
        ),
    )


def _changed(rate: Rate, *, bare: bool) -> str:
    """Against the model without defenses, on the same requests."""
    if bare or rate.change.value is None:
        return ""
    return f"{signed(rate.change.value)}, q {p_value(rate.q)}"


def _cost(found: Interval, decimals: int) -> str:
    if found.low is None or found.high is None:
        return number(found.value, decimals)
    ends = f"{number(found.low, decimals)} – {number(found.high, decimals)}"
    return f"{number(found.value, decimals)} ({ends})"


def _scatter(found: Stacks) -> Spec:
    """The two that are traded; cost is in the table."""
    points = [
        (
            stack_name(one.defenses, 40),
            one.most(Kind.REFUSED).share.value,
            one.most(Kind.HARM).share.value,
        )
        for one in found.configurations
    ]
    known = [(name, x, y) for name, x, y in points if x is not None and y is not None]
    dots = [
        Dot(name, x, y, front=not any(_beats((a, b), (x, y)) for _, a, b in known))
        for name, x, y in known
    ]
    about = "Attack success against benign refusal, one dot for each configuration"
    return scatter_chart(dots, SHARES, SHARES, ("benign refusal", "attack success"), about)


def _beats(other: tuple[float, float], own: tuple[float, float]) -> bool:
    return other != own and other[0] <= own[0] and other[1] <= own[1]


def _matrices(found: Stacks, names: Sequence[str]) -> list[Matrix]:
    pairs = {(i.defenses, str(i.measure)): i for i in found.interactions}
    measures = dict.fromkeys(str(i.measure) for i in found.interactions)
    alone = {one.defenses: one for one in found.configurations}
    made = []
    for at, measure in enumerate(found.measures):
        if str(measure) not in measures:
            continue
        rows = []
        for outer in names:
            cells = [
                _own(alone[(outer,)], measure)
                if outer == inner
                else _cell(pairs.get(((outer, inner), str(measure))))
                for inner in names
            ]
            rows.append((stack_name([outer], 30), cells))
        made.append(Matrix(measure_name(measure), f"matrix-{at}", rows))
    return made


def _own(one: Configuration, measure: Measure) -> Cell:
    return Cell(f"alone {number(one.rate(measure).share.value, 2)}", why="this defense alone")


def _cell(one: Interaction | None) -> Cell:
    if one is None or one.excess.value is None:
        return Cell("–", why=one.excess.method if one else "not tried")
    steps = sum(abs(one.excess.value) >= least for least in SHADES)
    sure = "" if one.reading is Reading.UNSURE else one.reading
    why = f"observed {number(one.observed, 2)}, expected {number(one.expected, 2)}"
    told = f"{signed(one.excess.value)}".replace("+0.", "+.").replace("−0.", "−.")
    return Cell(told, steps if one.excess.value > 0 else -steps, sure, why)


def _sure(one: Interaction, axis: Axis) -> Line:
    q = one.undone if one.reading is Reading.UNDO else one.q
    return Line(
        label=stack_name(one.defenses),
        chart=_chart(f"excess {share_of(one.excess)}: {one.reading}", one.excess, axis),
        told=signed(one.excess.value),
        beside=f"{measure_name(one.measure)}: {number(one.observed, 2)}, "
        f"expected {number(one.expected, 2)}",
        said=f"{one.reading}, q {p_value(q)}",
    )


def _sure_orders(found: Stacks) -> list[OrderEffect]:
    """Those that can be told from no effect of the order."""
    return [one for one in found.orders if one.q is not None and one.q < 0.05]


def _order(one: OrderEffect, axis: Axis) -> Line:
    return Line(
        label=f"{stack_name([one.first], 30)} before {stack_name([one.second], 30)}",
        chart=_chart(f"difference {share_of(one.difference)}", one.difference, axis),
        told=signed(one.difference.value),
        beside=measure_name(one.measure),
        said=f"q {p_value(one.q)}",
    )


def _chart(label: str, found: Interval, on: Axis) -> Chart:
    ends = (found.value, found.low, found.high)
    return drawn(label, ends, on, compared(found, 0.0, higher_is_better=False))
