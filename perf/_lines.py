"""Draws lines over a plain scale, as an SVG; a dashed line beside each, if there is one."""

from collections.abc import Mapping, Sequence

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 720, 480, 56, 130, 20, 52
COLOURS = ("#1f6fb2", "#2e8b57", "#c0392b", "#8e44ad", "#d68910", "#566573")


def lines(
    title: str,
    axes: tuple[str, str],
    solid: Mapping[str, Sequence[float]],
    dashed: Mapping[str, Sequence[float]],
    *,
    first: int,
    low: float,
) -> str:
    """Each line is its values at `first` and the numbers after it, on a scale from `low` to 1;
    `axes` name across and up."""
    count = max(len(values) for values in solid.values())

    def at(place: int, value: float) -> tuple[float, float]:
        across = LEFT + place / (count - 1) * (WIDTH - LEFT - RIGHT)
        return across, HEIGHT - BOTTOM - (value - low) / (1 - low) * (HEIGHT - TOP - BOTTOM)

    shapes = [_text((10, 22), title, "start"), _text((10, 40), axes[1], "start", "#666")]
    for step in range(round((1 - low) * 10) + 1):
        value = low + step / 10
        left, right = at(0, value), at(count - 1, value)
        colour = "#999" if abs(value - 0.5) < 1e-9 else "#e8e8e8"
        shapes.append(_path([left, right], colour, 1, False))
        shapes.append(_text((LEFT - 8, left[1] + 4), f"{value:.1f}", "end"))
    for place in range(-first % 5, count, 5):
        shapes.append(_text((at(place, low)[0], HEIGHT - BOTTOM + 20), str(first + place)))
    shapes.append(_text((WIDTH / 2, HEIGHT - 10), axes[0]))
    for number, (name, values) in enumerate(solid.items()):
        colour = COLOURS[number % len(COLOURS)]
        column, row = divmod(number, 3)
        shapes.append(_text((10 + 300 * column, 62 + 18 * row), name, "start", colour))
        for drawn, dash in ((values, False), (dashed.get(name, ()), True)):
            if drawn:
                points = [at(place, max(low, value)) for place, value in enumerate(drawn)]
                shapes.append(_path(points, colour, 2, dash))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{title}" font-family="sans-serif" font-size="13">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>\n'
        + "\n".join(shapes)
        + "\n</svg>\n"
    )


def _path(points: Sequence[tuple[float, float]], colour: str, width: int, dashed: bool) -> str:
    through = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dashes = ' stroke-dasharray="5 4"' if dashed else ""
    return (
        f'<polyline points="{through}" fill="none" stroke="{colour}" stroke-width="{width}"'
        f"{dashes}/>"
    )


def _text(at: tuple[float, float], words: str, anchor: str = "middle", colour: str = "#333") -> str:
    place = f'x="{at[0]:.1f}" y="{at[1]:.1f}"'
    return f'<text {place} text-anchor="{anchor}" fill="{colour}">{words}</text>'
