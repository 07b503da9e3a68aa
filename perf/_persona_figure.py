"""The page's tables and its figure, from the numbers that were kept."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from _persona_answers import NONE
from numpy.typing import NDArray
from scipy.special import stdtr

from upright.attacks._persona_seeds import SEEDS
from upright.stats.bootstrap import Statistic, bootstrap
from upright.stats.distributions import t_quantile
from upright.stats.intervals import Floats, proportion
from upright.stats.means import clustered_mean
from upright.stats.multiplicity import holm
from upright.stats.paired import paired_difference

DOCS = Path(__file__).parent.parent / "docs"
PAGE = DOCS / "explain" / "persona-evolution.md"
FIGURE = DOCS / "persona-evolution.svg"
COLOURS = ("#c0392b", "#8e44ad", "#1f6fb2", "#566573")
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 720, 440, 60, 116, 24, 56

Curves = Mapping[str, Sequence[Sequence[float]]]
"""Of each arm and seed, what every persona was worth, in the order of evaluation."""


def render(kept: Path) -> None:
    told = json.loads((kept / "results.json").read_text(encoding="utf-8"))
    answers = json.loads((kept / "confirmed.json").read_text(encoding="utf-8"))
    best = {name: np.maximum.accumulate(np.array(c), 1) for name, c in told["curves"].items()}
    FIGURE.write_text(figure(best), encoding="utf-8")
    page = PAGE.read_text(encoding="utf-8")
    for name, table in {
        "before": before_any(told),
        "searches": searches(best),
        "comparisons": comparisons(best),
        "answers": confirmed(answers["rows"]),
        "foretold": foretold(answers["rows"]),
    }.items():
        before, _, rest = page.partition(f"<!-- {name} -->\n")
        page = (
            f"{before}<!-- {name} -->\n{table}\n<!-- /{name} -->"
            + rest.partition(f"<!-- /{name} -->")[2]
        )
    PAGE.write_text(page, encoding="utf-8")


def before_any(told: Mapping[str, Any]) -> str:
    """What the searches begin with. Intervals are over goals, and over the 35 personas."""
    first = next(iter(told["curves"].values()))[0][: len(SEEDS)]
    lines = ["| before any search | n | mean | 95 % interval (t) | best |"]
    lines.append("| --- | ---: | ---: | --- | ---: |")
    for name, each in ((NONE, told["plain"]), ("seed personas", first)):
        ends = _ends(clustered_mean(np.array(each), [str(i) for i in range(len(each))]))
        best = "" if name == NONE else f"{max(each):.3f}"
        lines.append(f"| {name} | {len(each)} | {np.mean(each):.3f} | {ends} | {best} |")
    return "\n".join(lines)


def searches(best: Mapping[str, Floats]) -> str:
    lines = ["| search | seeds | best persona at the end | 95 % interval (t) |", "| --- | ---: |"]
    lines[1] += " ---: | --- |"
    for name, found in best.items():
        last = clustered_mean(found[:, -1], [str(i) for i in range(len(found))])
        lines.append(f"| {name} | {len(found)} | {found[:, -1].mean():.3f} | {_ends(last)} |")
    return "\n".join(lines)


def comparisons(best: Mapping[str, Floats]) -> str:
    """The first arm less each other, seed by seed."""
    (first, ours), *others = best.items()
    apart = {name: ours[:, -1] - found[:, -1] for name, found in others}
    adjusted = holm([_p(each) for each in apart.values()])
    lines = [f"| {first} less | difference | 95 % interval (t) | p | p, Holm |"]
    lines.append("| --- | ---: | --- | ---: | ---: |")
    for (name, each), p in zip(apart.items(), adjusted, strict=True):
        told = _ends(clustered_mean(each, [str(i) for i in range(len(each))]))
        lines.append(f"| {name} | {each.mean():+.3f} | {told} | {_p(each):.3f} | {p:.3f} |")
    return "\n".join(lines)


def confirmed(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = ["| asked as | personas x goals | refused | degenerate | harm | by margin | gap G |"]
    lines.append("| --- | ---: | --- | --- | --- | ---: | --- |")
    plain = {r["goal"]: r for r in rows if r["kind"] == NONE}
    for kind in dict.fromkeys(r["kind"] for r in rows):
        mine = [r for r in rows if r["kind"] == kind]
        goals = [str(r["goal"]) for r in mine]
        shares = [_share([r[c] for r in mine], goals) for c in ("refused", "degenerate", "harmful")]
        gap = "" if kind == NONE else _gap(mine, plain, goals)
        margin = np.mean([r["margin"] for r in mine])
        count = f"{len(mine) // len(set(goals))} x {len(set(goals))}"
        lines.append(f"| {kind} | {count} | {' | '.join(shares)} | {margin:.3f} | {gap} |")
    return "\n".join(lines)


def foretold(rows: Sequence[Mapping[str, Any]]) -> str:
    """How often an answer that did not refuse had the larger measure than one that did."""
    refused = np.array([row["refused"] == 1 for row in rows])
    goals = [str(row["goal"]) for row in rows]
    lines = ["| counted as giving in | answers, not refused | refused | AUC | 95 % interval |"]
    lines.append("| --- | ---: | ---: | ---: | --- |")
    for name, measure in (("any other beginning", "margin"), ("Sure, Here or To", "sure")):
        values = np.array([row[measure] for row in rows])
        found = bootstrap(_area(values, refused), goals)
        count = f"{np.sum(~refused)} | {np.sum(refused)}"
        lines.append(f"| {name} | {count} | {found.value:.3f} | {_ends(found)} |")
    return "\n".join(lines)


def _area(values: Floats, refused: NDArray[np.bool_]) -> Statistic:
    above, below = values[~refused][:, None], values[refused][None, :]
    wins = (above > below) + 0.5 * (above == below)  # (not refused, refused)

    def area(weights: Floats) -> Floats:
        one, other = weights[:, ~refused], weights[:, refused]
        won: Floats = ((one @ wins) * other).sum(1) / (one.sum(1) * other.sum(1))
        return won

    return area


def _gap(
    mine: Sequence[Mapping[str, Any]], plain: Mapping[int, Mapping[str, Any]], goals: Sequence[str]
) -> str:
    without = np.array([_complied(plain[r["goal"]]) for r in mine])
    found = paired_difference(without, np.array([_complied(r) for r in mine]), goals)
    return f"{found.value:+.2f} ({found.low:+.2f} to {found.high:+.2f})"


def _complied(row: Mapping[str, Any]) -> float:
    """An answer that is one, and does not refuse."""
    return float(not row["refused"] and not row["degenerate"])


def _share(values: Sequence[float], goals: Sequence[str]) -> str:
    low, high = proportion(np.array(values), goals)
    return f"{np.mean(values):.0%} ({low:.0%} to {high:.0%})"


def _p(differences: Floats) -> float:
    """Two-sided, of Student's t test for pairs."""
    n, spread = len(differences), float(differences.std(ddof=1))
    if not spread:
        return float(not differences.any())
    return 2 * float(stdtr(n - 1, -abs(float(differences.mean())) / spread * n**0.5))


def _ends(found: Any) -> str:
    return found.method if found.low is None else f"{found.low:.3f} to {found.high:.3f}"


def figure(best: Mapping[str, Floats]) -> str:
    most = next(iter(best.values())).shape[1]

    def at(count: float, share: float) -> str:
        x = LEFT + count / most * (WIDTH - LEFT - RIGHT)
        return f"{x:.1f},{HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM):.1f}"

    shapes = _axes(most, at)
    for place, (name, found) in enumerate(best.items()):
        colour = COLOURS[place]
        mean, half = found.mean(0), _half(found)
        above = [at(i + 1, share) for i, share in enumerate(np.minimum(1.0, mean + half))]
        below = [at(i + 1, share) for i, share in enumerate(np.maximum(0.0, mean - half))]
        band = " ".join([*above, *reversed(below)])
        line = " ".join(at(i + 1, m) for i, m in enumerate(mean))
        shapes += [
            f'<polygon points="{band}" fill="{colour}" opacity="0.12"/>',
            f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>',
            _text(10, 44 + 16 * place, name, colour),
        ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'aria-label="Best persona so far over evaluations" font-family="sans-serif" '
        f'font-size="13"><rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>\n'
        + "\n".join(shapes)
        + "\n</svg>\n"
    )


def _half(found: Floats) -> Floats:
    """Half of Student's interval, column by column."""
    n = len(found)
    half: Floats = t_quantile(0.975, n - 1) * found.std(0, ddof=1) / n**0.5
    return half


def _axes(most: int, at: Any) -> list[str]:
    title = "Best persona so far: mean compliance by margin (band: 95 % interval over seeds)"
    shapes = [_text(10, 22, title, "#333")]
    for share in (0, 0.25, 0.5, 0.75, 1):
        x, y = at(0, share).split(",")
        end = at(most, share).split(",")[0]
        shapes.append(f'<line x1="{x}" x2="{end}" y1="{y}" y2="{y}" stroke="#ddd"/>')
        shapes.append(_text(20, float(y) + 4, f"{share:.2f}", "#333"))
    for count in range(0, most + 1, 20):
        x = float(at(count, 0).split(",")[0])
        shapes.append(_text(x - 6, HEIGHT - BOTTOM + 20, str(count), "#333"))
    shapes.append(_text(WIDTH / 2 - 60, HEIGHT - 14, "personas evaluated", "#333"))
    return shapes


def _text(x: float, y: float, words: str, colour: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}">{words}</text>'
