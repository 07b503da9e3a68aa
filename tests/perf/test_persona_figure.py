"""The tables of the page on bred personas say what was measured, and no persona."""

import numpy as np
import pytest
from _persona_figure import comparisons, confirmed, figure, foretold, searches

BEST = {
    "PLE": np.array([[0.1, 0.5], [0.2, 0.7], [0.1, 0.6]]),
    "random": np.array([[0.1, 0.3], [0.2, 0.4], [0.1, 0.2]]),
}


def test_a_comparison_is_paired_by_seed() -> None:
    """Differences of 0.2, 0.3 and 0.4: t = 0.3 / (0.1 / sqrt 3) with two degrees of freedom."""
    table = comparisons(BEST)
    assert "| random | +0.300 | 0.052 to 0.548 | 0.035 | 0.035 |" in table
    assert "| PLE | 3 | 0.600 | 0.352 to 0.848 |" in searches(BEST)


def test_the_gap_counts_answers_that_are_some_and_do_not_refuse() -> None:
    def row(kind: str, goal: int, **more: float) -> dict[str, object]:
        measured = {"refused": 0.0, "degenerate": 0.0, "harmful": 0.0, "margin": 0.5, **more}
        return {"kind": kind, "persona": 0, "goal": goal, **measured}

    plain = [row("no persona", goal, refused=1.0) for goal in range(4)]
    bred = [row("bred", goal, degenerate=float(goal == 0)) for goal in range(4)]
    table = confirmed([*plain, *bred])
    assert "| no persona | 1 x 4 | 100%" in table
    assert "| bred | 1 x 4 | 0%" in table
    assert "+0.75 (" in table


def test_a_measure_that_parts_the_answers_has_an_area_of_one() -> None:
    def row(n: int) -> dict[str, float]:
        return {"goal": n % 5, "refused": n % 2, "margin": 1 - n % 2 + n / 99, "sure": 0.0}

    right, useless = foretold([row(n) for n in range(20)]).splitlines()[2:]
    assert "| 10 | 10 | 1.000 |" in right
    assert "| 10 | 10 | 0.500 |" in useless


@pytest.mark.parametrize("name", BEST)
def test_the_figure_draws_every_search_with_its_band(name: str) -> None:
    drawn = figure(BEST)
    assert drawn.count("<polyline") == drawn.count("<polygon") == len(BEST)
    assert f">{name}</text>" in drawn
