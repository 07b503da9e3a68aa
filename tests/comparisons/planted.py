"""Pairs of run directories with a known difference between them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.reports.stored import Stored, estimate, sample
from upright.runs.storing.store import Run, open_run

MISUSE, EXTERNAL = "safety/misuse", "truthfulness/external"


def stored(
    path: Path,
    values: Iterable[float | None],
    benchmark: str = "plugin/safety",
    prefix: str = "s",
    run: dict[str, Any] | None = None,
    **changed: Any,
) -> Path:
    """A run of one benchmark that is not installed: its headline is the mean value."""
    rows = [
        sample(
            benchmark, value, **{"sample_id": f"{prefix}{at}", "response": f"r{value}", **changed}
        )
        for at, value in enumerate(values)
    ]
    told = estimate(benchmark, dimension="safety")
    return Stored([told], rows, run=run or {}).write(path)


def pair_of(
    tmp_path: Path, a: Iterable[float | None], b: Iterable[float | None], **changed: Any
) -> tuple[Run, Run]:
    return (
        open_run(stored(tmp_path / "a", a, **changed)),
        open_run(stored(tmp_path / "b", b, **changed)),
    )


def answers(n: int, share: float, seed: int = 0) -> NDArray[np.float64]:
    """Right answers to some of n questions."""
    found = np.zeros(n)
    found[: round(n * share)] = 1.0
    np.random.default_rng(seed).shuffle(found)
    return found


def dropped(values: NDArray[np.float64], points: float, noise: float, seed: int) -> Any:
    """The same answers a seed later: `noise` of them turn, and `points` more are lost than won."""
    random, n = np.random.default_rng(seed), len(values)
    right, wrong = np.flatnonzero(values == 1), np.flatnonzero(values == 0)
    lost = round(n * (noise + points) / 2)
    won = round(n * (noise - points) / 2)
    after = values.copy()
    after[random.choice(right, lost, replace=False)] = 0
    after[random.choice(wrong, won, replace=False)] = 1
    return after
