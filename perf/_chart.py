"""Draws speed-up over workers, both on scales that double, as an SVG."""

from collections.abc import Mapping, Sequence
from math import log2

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 720, 460, 60, 150, 24, 56
COLOURS = ("#1f6fb2", "#2e8b57", "#c0392b", "#8e44ad", "#d68910", "#566573")

Points = Sequence[tuple[int, float]]
"""Workers, and how many times as fast."""


def chart(title: str, lines: Mapping[str, Points], dots: Mapping[str, Points]) -> str:
    """`lines` are drawn through, `dots` are circles; the legend names both."""
    most = max(workers for points in lines.values() for workers, _ in points)
    least = min(min(speed for _, speed in p) for p in (*lines.values(), *dots.values()))
    low, high = log2(min(0.5, least)), log2(most)

    def x(workers: float) -> float:
        return LEFT + log2(workers) / high * (WIDTH - LEFT - RIGHT)

    def y(speed: float) -> float:
        return HEIGHT - BOTTOM - (log2(speed) - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    shapes = [_text((10, 22), title, "start")]
    for power in range(int(low), int(high) + 1):
        speed = 2.0**power
        shapes.append(_text((LEFT - 8, y(speed) + 4), f"{speed:g} x", "end"))
        shapes.append(_rule((x(1), y(speed)), (x(most), y(speed)), "#eee"))
        if power >= 0:
            shapes.append(_text((x(speed), HEIGHT - BOTTOM + 20), f"{speed:g}"))
    shapes.append(_text((x(most**0.5), HEIGHT - 14), "workers"))
    shapes.append(_rule((x(1), y(1)), (x(most), y(most)), "#bbb", dashed=True))
    for place, (name, points) in enumerate({**lines, **dots}.items()):
        colour = COLOURS[place % len(COLOURS)]
        shapes.append(_text((10, 42 + 16 * place), name, "start", colour))
        ends = [(x(workers), y(speed)) for workers, speed in points]
        if name in lines:
            through = " ".join(f"{a:.1f},{b:.1f}" for a, b in ends)
            shapes.append(
                f'<polyline points="{through}" fill="none" stroke="{colour}" stroke-width="2"/>'
            )
        size = 3 if name in lines else 6
        for (a, b), (workers, speed) in zip(ends, points, strict=True):
            shapes.append(
                f'<circle cx="{a:.1f}" cy="{b:.1f}" r="{size}" fill="{colour}"><title>{name}: '
                f"{workers} workers, {speed:.2f} times as fast</title></circle>"
            )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{title}" font-family="sans-serif" font-size="13">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>\n'
        + "\n".join(shapes)
        + "\n</svg>\n"
    )


def _rule(
    start: tuple[float, float], end: tuple[float, float], colour: str, *, dashed: bool = False
) -> str:
    ends = f'x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{end[0]:.1f}" y2="{end[1]:.1f}"'
    dashes = ' stroke-dasharray="5 4"' if dashed else ""
    return f'<line {ends} stroke="{colour}"{dashes}/>'


def _text(at: tuple[float, float], words: str, anchor: str = "middle", colour: str = "#333") -> str:
    place = f'x="{at[0]:.1f}" y="{at[1]:.1f}"'
    return f'<text {place} text-anchor="{anchor}" fill="{colour}">{words}</text>'
