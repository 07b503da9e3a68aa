"""Draws values of several groups as dots on lines, with quartiles and a threshold, as an SVG."""

from collections.abc import Mapping, Sequence
from random import Random

import numpy as np

WIDTH, LEFT, TOP, RIGHT, ROW, BOTTOM = 720, 216, 44, 24, 52, 56
COLOURS = ("#566573", "#2e8b57", "#c0392b", "#1f6fb2", "#8e44ad", "#d68910")
SPREAD = 14
"""Pixels by which dots leave their line, at random, so that equal ones are seen."""


def strips(title: str, unit: str, groups: Mapping[str, Sequence[float]], threshold: float) -> str:
    """A line per group: every value, its quartiles as a bar, its median as a stroke."""
    least = min(min(values) for values in groups.values())
    most = max(threshold, *(max(values) for values in groups.values()))
    height = TOP + ROW * len(groups) + BOTTOM
    foot = height - BOTTOM

    def x(value: float) -> float:
        return LEFT + (value - least) / (most - least) * (WIDTH - LEFT - RIGHT)

    shapes = [_text((10, 22), title, "start")]
    for mark in range(int(np.ceil(least)), int(most) + 1):
        shapes.append(_rule(x(mark), (TOP, foot), "#eee"))
        shapes.append(_text((x(mark), foot + 18), str(mark)))
    shapes.append(_text(((LEFT + WIDTH - RIGHT) / 2, height - 14), unit))
    for place, (name, values) in enumerate(groups.items()):
        middle, colour = TOP + ROW * (place + 0.5), COLOURS[place % len(COLOURS)]
        shapes.append(_text((LEFT - 12, middle + 4), f"{name} ({len(values)})", "end", colour))
        shapes += _strip([x(value) for value in values], middle, colour)
    shapes.append(_rule(x(threshold), (TOP, foot), "#333", dashed=True))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{title}" font-family="sans-serif" font-size="13">'
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>\n'
        + "\n".join(shapes)
        + "\n</svg>\n"
    )


def _strip(places: Sequence[float], middle: float, colour: str) -> list[str]:
    random = Random(0)
    low, median, high = np.quantile(places, [0.25, 0.5, 0.75])
    box = f'x="{low:.1f}" y="{middle - 9:.1f}" width="{high - low:.1f}" height="18"'
    dots = "".join(
        f'<circle cx="{place:.1f}" cy="{middle + random.uniform(-SPREAD, SPREAD):.1f}" r="2"/>'
        for place in places
    )
    return [
        f'<g fill="{colour}" fill-opacity="0.35">{dots}<rect {box}/></g>',
        _rule(median, (middle - 12, middle + 12), colour, width=3),
    ]


def _rule(
    x: float, ends: tuple[float, float], colour: str, *, dashed: bool = False, width: int = 1
) -> str:
    place = f'x1="{x:.1f}" x2="{x:.1f}" y1="{ends[0]:.1f}" y2="{ends[1]:.1f}"'
    dashes = ' stroke-dasharray="5 4"' if dashed else ""
    return f'<line {place} stroke="{colour}" stroke-width="{width}"{dashes}/>'


def _text(at: tuple[float, float], words: str, anchor: str = "middle", colour: str = "#333") -> str:
    place = f'x="{at[0]:.1f}" y="{at[1]:.1f}"'
    return f'<text {place} text-anchor="{anchor}" fill="{colour}">{words}</text>'
