"""How far the judges of a run agree: judge models with one another, and with the local judge."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from upright.core import Verdict
from upright.runs.scoring.judging import Judged
from upright.runs.scoring.panel import Panel, majority
from upright.stats.agreement import krippendorff


def agreement(judged: Sequence[Judged], panel: Panel) -> dict[str, dict[str, Any]]:
    """By benchmark and score set; empty where no judge model was asked.

    n               the answers that judge models read
    alpha           Krippendorff's, nominal, over the labels of several judges, else None
    alpha_of_draws  the same over the draws of each judge that was asked several times
    local           by judge, the share of answers to which it gives the value of the local judge
    """
    parts: dict[str, dict[str, list[Judged]]] = {}
    for one in judged:
        if one.item.id in panel.opinions:
            found = parts.setdefault(one.item.benchmark, {})
            found.setdefault(one.item.score_set, []).append(one)
    return {
        benchmark: {name: _of(members, panel) for name, members in sets.items()}
        for benchmark, sets in parts.items()
    }


def _of(members: Sequence[Judged], panel: Panel) -> dict[str, Any]:
    opinions = [panel.opinions[one.item.id] for one in members]
    judges = list(opinions[0])
    spoken = {j: [majority(said[j]) for said in opinions] for j in judges}
    draws = {j: [[_label(one) for one in said[j]] for said in opinions] for j in judges}
    units = [[_label(spoken[j][i]) for j in judges] for i in range(len(members))]
    return {
        "n": len(members),
        "alpha": krippendorff(units),
        "alpha_of_draws": {j: krippendorff(draws[j]) for j in judges if len(draws[j][0]) > 1},
        "local": {j: _same(members, spoken[j]) for j in judges},
    }


def _label(said: object) -> str | None:
    return said.label if isinstance(said, Verdict) else None


def _same(members: Sequence[Judged], spoken: Sequence[object]) -> float | None:
    """Over the answers to which both gave a verdict."""
    both = [
        one.own.value == said.value
        for one, said in zip(members, spoken, strict=True)
        if one.own is not None and isinstance(said, Verdict)
    ]
    return float(np.mean(both)) if both else None
