"""Draws docs/judge-error.svg: how often 95 % intervals hold the truth when the judge errs.

    python perf/judge_error.py

The judge finds 85 % of what happened and 90 % of what did not (each from 200 labels, drawn anew
for every run); 2,000 runs of 500 answers at each true rate, seed 7. About 20 seconds.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from upright.core import Interval
from upright.stats.correction import Errors, delta, prediction_powered
from upright.stats.intervals import Floats, wilson

SENSITIVITY, SPECIFICITY, CALIBRATED, RUN, RUNS, LABELLED = 0.85, 0.9, 200, 500, 2000, 100
TRUTHS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
OUT = Path(__file__).parent.parent / "docs" / "judge-error.svg"

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 720, 440, 70, 112, 30, 64


def rates(truth: float, rng: np.random.Generator) -> Floats:
    said = truth * SENSITIVITY + (1 - truth) * (1 - SPECIFICITY)
    return np.asarray(rng.binomial(RUN, said, RUNS) / RUN)


def raw(truth: float, rng: np.random.Generator) -> float:
    ends = [wilson(float(rate), RUN) for rate in rates(truth, rng)]
    return float(np.mean([e.low <= truth <= e.high for e in ends]))


def corrected(truth: float, rng: np.random.Generator) -> float:
    se = rng.binomial(CALIBRATED, SENSITIVITY, RUNS) / CALIBRATED
    sp = rng.binomial(CALIBRATED, SPECIFICITY, RUNS) / CALIBRATED
    errors = Errors(se, CALIBRATED, sp, CALIBRATED)  # type: ignore[arg-type]  # delta broadcasts
    _, low, high = delta(rates(truth, rng), RUN, errors)
    return float(np.mean((low <= truth) & (truth <= high)))


def labelled(truth: float, rng: np.random.Generator) -> float:
    names, hit = [str(i) for i in range(RUN)], 0
    for _ in range(RUNS):
        people = (rng.random(RUN) < truth).astype(float)
        right = rng.random(RUN) < np.where(people == 1, SENSITIVITY, SPECIFICITY)
        labels = np.where(np.arange(RUN) < LABELLED, people, np.nan)
        found = prediction_powered(np.where(right, people, 1 - people), labels, names)
        assert isinstance(found, Interval) and found.low is not None and found.high is not None
        hit += found.low <= truth <= found.high
    return hit / RUNS


LINES: Sequence[tuple[str, str, Callable[[float, np.random.Generator], float]]] = (
    ("raw: as the judge counts", "#c0392b", raw),
    ("corrected: Rogan-Gladen, 2 x 200 labels elsewhere", "#1f6fb2", corrected),
    (f"corrected: prediction-powered, {LABELLED} labels on the run", "#2e8b57", labelled),
)


def x(truth: float) -> float:
    return LEFT + truth * (WIDTH - LEFT - RIGHT)


def y(coverage: float) -> float:
    return HEIGHT - BOTTOM - coverage * (HEIGHT - TOP - BOTTOM)


def text(at: tuple[float, float], words: str, anchor: str = "middle", colour: str = "#333") -> str:
    place = f'x="{at[0]:.1f}" y="{at[1]:.1f}"'
    return f'<text {place} text-anchor="{anchor}" fill="{colour}">{words}</text>'


def line(colour: str, coverage: Sequence[float]) -> list[str]:
    points = " ".join(f"{x(t):.1f},{y(c):.1f}" for t, c in zip(TRUTHS, coverage, strict=True))
    dots = [
        f'<circle cx="{x(t):.1f}" cy="{y(c):.1f}" r="3.5" fill="{colour}"><title>true rate {t}: '
        f"{c:.1%} of intervals hold it</title></circle>"
        for t, c in zip(TRUTHS, coverage, strict=True)
    ]
    return [f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>', *dots]


def axes() -> list[str]:
    band = f'width="{x(1) - x(0)}" height="{y(0.93) - y(0.97):.1f}"'
    shapes = [
        f'<rect x="{x(0)}" y="{y(0.97):.1f}" {band} fill="#ddd"/>',
        f'<line x1="{x(0)}" x2="{x(1)}" y1="{y(0)}" y2="{y(0)}" stroke="#888"/>',
    ]
    for share in (0, 0.25, 0.5, 0.75, 0.95):
        shapes.append(text((LEFT - 8, y(share) + 4), f"{share:.0%}", "end"))
    for truth in (0, 0.2, 0.4, 0.6, 0.8, 1):
        shapes.append(text((x(truth), y(0) + 20), f"{truth:g}"))
    shapes.append(text((x(0.5), HEIGHT - 18), "true rate"))
    title = "Intervals that hold the true rate (95 % ought to; grey: 93 to 97 %)"
    shapes.append(text((LEFT - 50, 22), title, "start"))
    return shapes


def main() -> None:
    shapes = axes()
    for place, (name, colour, simulate) in enumerate(LINES):
        coverage = [simulate(truth, np.random.default_rng(7)) for truth in TRUTHS]
        print(name, *(f"{t}:{c:.3f}" for t, c in zip(TRUTHS, coverage, strict=True)))
        shapes += line(colour, coverage)
        shapes.append(text((LEFT - 50, 44 + 18 * place), name, "start", colour))
    OUT.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'aria-label="Coverage of raw and corrected intervals" font-family="sans-serif" '
        f'font-size="13"><rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>\n'
        + "\n".join(shapes)
        + "\n</svg>\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
