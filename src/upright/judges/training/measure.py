"""How well verdicts agree with people: the figures of a card, with bootstrap intervals."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
DRAWS = 500


def figures(people: Flags, judge: Flags, chances: Floats) -> dict[str, float]:
    """Agreement of yes/no verdicts and of chances with people's yes and no."""
    both, neither = float((people & judge).sum()), float((~people & ~judge).sum())
    n, yes, said = len(people), float(people.sum()), float(judge.sum())
    accuracy = (both + neither) / n
    luck = (yes * said + (n - yes) * (n - said)) / n**2
    return {
        "accuracy": accuracy,
        "kappa": (accuracy - luck) / (1 - luck) if luck < 1 else 0.0,
        "auroc": auroc(people, chances),
        "sensitivity": both / yes if yes else 0.0,
        "specificity": neither / (n - yes) if yes < n else 0.0,
        "f1": 2 * both / (yes + said) if yes + said else 0.0,
        "ece": ece(people, chances),
    }


def auroc(people: Flags, chances: Floats) -> float:
    """The chance that a yes scores above a no; ties count half."""
    values, ranks = np.unique(chances, return_inverse=True)
    counts = np.bincount(ranks, minlength=len(values))
    middle = counts.cumsum() - (counts - 1) / 2
    yes = int(people.sum())
    if not 0 < yes < len(people):
        return 0.5
    total = middle[ranks][people].sum() - yes * (yes + 1) / 2
    return float(total / (yes * (len(people) - yes)))


def ece(people: Flags, chances: Floats, cells: int = 10) -> float:
    """Expected calibration error: the mean gap between chance and frequency in ten cells."""
    cell = np.minimum((chances * cells).astype(int), cells - 1)
    gaps = [
        abs(float(people[cell == i].mean() - chances[cell == i].mean())) * (cell == i).sum()
        for i in range(cells)
        if (cell == i).any()
    ]
    return float(sum(gaps) / len(people))


def intervals(
    people: Flags, judge: Flags, chances: Floats, groups: NDArray[np.int64], seed: int = 0
) -> dict[str, list[float]]:
    """95 % intervals from a bootstrap over prompts, not over rows."""
    random = np.random.default_rng(seed)
    _, ids = np.unique(groups, return_inverse=True)
    members = np.split(np.argsort(ids, kind="stable"), np.bincount(ids).cumsum()[:-1])
    drawn = []
    for _ in range(DRAWS):
        some = np.concatenate([members[i] for i in random.integers(0, len(members), len(members))])
        drawn.append(list(figures(people[some], judge[some], chances[some]).values()))
    names = figures(people, judge, chances).keys()
    bounds = np.quantile(np.array(drawn), (0.025, 0.975), axis=0).T
    return {n: [round(float(v), 3) for v in b] for n, b in zip(names, bounds, strict=True)}


def record(
    said: Mapping[str, str],
    people: Flags,
    judge: Flags,
    chances: Floats,
    groups: NDArray[np.int64],
    models: Sequence[str] = (),
) -> dict[str, Any]:
    """One entry of a card's `calibrations`."""
    by_model = {
        model: {
            "n": int((who == model).sum()),
            **_rounded(figures(people[who == model], judge[who == model], chances[who == model])),
        }
        for who in [np.array(models)]
        for model in sorted(set(models))
        if model
    }
    return {
        **said,
        "n": len(people),
        "n_yes": int(people.sum()),
        **_rounded(figures(people, judge, chances)),
        "intervals": intervals(people, judge, chances, groups),
        "by_model": by_model,
    }


def _rounded(found: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 3) for name, value in found.items()}
