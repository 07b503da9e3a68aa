"""Areas, shares and differences whose intervals draw behaviours, not strings."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from upright.core import Interval
from upright.stats.bootstrap import bootstrap
from upright.stats.intervals import Floats, proportion

Numbers = Sequence[int] | NDArray[Any]
"""Of the behaviour that each value is about."""


def area(yes: Floats, no: Floats, of_yes: Numbers, of_no: Numbers) -> Interval:
    """AUROC: how often a yes is above a no, ties half."""
    above = (yes[:, None] > no) + 0.5 * (yes[:, None] == no)  # (yes, no)

    def weighted(weights: Floats) -> Floats:
        mine, theirs = weights[:, : len(yes)], weights[:, len(yes) :]
        pairs = mine.sum(axis=1) * theirs.sum(axis=1)
        found: Floats = ((mine @ above) * theirs).sum(axis=1) / np.where(pairs > 0, pairs, np.nan)
        return found

    return bootstrap(weighted, np.concatenate([of_yes, of_no]))


def difference(one: Floats, other: Floats, of_one: Numbers, of_other: Numbers) -> Interval:
    """The mean of one less that of the other."""

    def weighted(weights: Floats) -> Floats:
        parts = (weights[:, : len(one)], one), (weights[:, len(one) :], other)
        # A draw without any string of one of them says nothing.
        sums = [np.where((total := w.sum(axis=1)) > 0, total, np.nan) for w, _ in parts]
        first, second = (w @ values / s for (w, values), s in zip(parts, sums, strict=True))
        found: Floats = first - second
        return found

    return bootstrap(weighted, np.concatenate([of_one, of_other]))


def share(values: Iterable[float], of: Numbers) -> Interval:
    """The mean of values in [0, 1], with Wilson's interval."""
    found = np.array([float(value) for value in values])
    return Interval(float(found.mean()), *proportion(found, np.array(of)), "Wilson")
