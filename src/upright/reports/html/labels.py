"""Where names stand beside their dots, so that none covers another more than it must."""

from collections.abc import Sequence
from typing import NamedTuple

WIDE, HIGH = 400, 260
"""Pixels of the plane for which names are placed; on wider ones they have more room."""
LETTER, LINE, AWAY = 6.5, 13, 6

Place = tuple[float, float]
Box = tuple[float, float, float, float]


class Side(NamedTuple):
    """Beside a dot, in Vega's words: y runs down."""

    align: str
    baseline: str
    dx: int
    dy: int


SIDES = (
    Side("left", "bottom", 0, -AWAY),
    Side("right", "bottom", 0, -AWAY),
    Side("right", "top", 0, AWAY),
    Side("left", "top", 0, AWAY),
    Side("right", "middle", -9, 0),
    Side("left", "middle", 9, 0),
)


def sides(dots: Sequence[Place], named: Sequence[int], labels: Sequence[str]) -> list[Side]:
    """For each named dot the side that covers least. `dots` lie between 0 and 1, up being 1."""
    points = [(WIDE * x, HIGH * (1 - y)) for x, y in dots]
    taken: list[Box] = [(x - 4, y - 4, x + 4, y + 4) for x, y in points]
    found = []
    for at, label in zip(named, labels, strict=True):
        boxes = {side: _box(points[at], side, LETTER * len(label)) for side in SIDES}
        best = min(SIDES, key=lambda side: _covered(boxes[side], taken))
        taken.append(boxes[best])
        found.append(best)
    return found


def _box(point: Place, side: Side, width: float) -> Box:
    x, y = point[0] + side.dx, point[1] + side.dy
    left = x - width if side.align == "right" else x
    top = y - {"bottom": LINE, "middle": LINE / 2, "top": 0}[side.baseline]
    return left, top, left + width, top + LINE


def _covered(box: Box, taken: Sequence[Box]) -> float:
    """Square pixels of others' boxes, and of what lies outside the plane, which counts most."""
    inside = _shared(box, (0, -LINE, WIDE, HIGH + LINE))
    whole = (box[2] - box[0]) * (box[3] - box[1])
    return 10 * (whole - inside) + sum(_shared(box, other) for other in taken)


def _shared(one: Box, other: Box) -> float:
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, wide) * max(0.0, high)
