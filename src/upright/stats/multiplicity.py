"""Many numbers looked at together: p-values adjusted, intervals widened."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from upright.stats.intervals import LEVEL, Floats


def holm(p: Sequence[float] | Floats) -> Floats:
    """Adjusted p-values that bound the chance of any false alarm: Holm 1979 (Scand. J. Stat. 6).

    Under any dependence, and never larger than Bonferroni's.
    """
    raw = np.asarray(p, float)
    order = np.argsort(raw, kind="stable")
    steps = raw[order] * np.arange(len(raw), 0, -1)
    adjusted = np.empty_like(raw)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted


def benjamini_hochberg(p: Sequence[float] | Floats) -> Floats:
    """Adjusted p-values that bound the share of false alarms among alarms.

    Benjamini and Hochberg 1995 (J. R. Stat. Soc. B 57); for independent or positively dependent
    tests. For reading through many numbers; a gate wants `holm`.
    """
    raw = np.asarray(p, float)
    order = np.argsort(raw, kind="stable")[::-1]
    steps = raw[order] * len(raw) / np.arange(len(raw), 0, -1)
    adjusted = np.empty_like(raw)
    adjusted[order] = np.minimum(np.minimum.accumulate(steps), 1.0)
    return adjusted


def simultaneous_level(
    m: int, level: float = LEVEL, how: Literal["bonferroni", "sidak"] = "bonferroni"
) -> float:
    """The level at which each of `m` intervals must be made for all to hold together at `level`.

    Bonferroni's 1 - (1 - level) / m under any dependence; Sidak's level^(1/m) (1967, JASA 62)
    for independent ones, hardly shorter.
    """
    if how == "sidak":
        return float(level ** (1 / max(m, 1)))
    return 1 - (1 - level) / max(m, 1)
