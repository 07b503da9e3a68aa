"""How many samples it takes to see a drop, and what drop so many samples can see.

`paired_n(0.03)` is the number of samples on which to compare two models so that a drop of three
points is seen with 80 % power. A drop is a size; its sign does not matter here.

`design_effect` is what clustering costs: 1 + (cluster size - 1) x intra-cluster correlation
(Kish 1965); `samples / effective_n` of a former run is an estimate of it.
"""

from collections.abc import Callable
from math import ceil, sqrt

from scipy.optimize import brentq

from upright.core import UsageError
from upright.stats.distributions import normal_below, normal_quantile
from upright.stats.intervals import LEVEL, wilson

DISCORDANCE = 0.1
"""The share of samples of which exactly one of two runs is right, if nothing better is known:
two versions of one model mostly agree. Ask an earlier comparison for its own."""
POWER = 0.8


def paired_n(
    drop: float,
    discordance: float = DISCORDANCE,
    power: float = POWER,
    level: float = LEVEL,
    design_effect: float = 1.0,
) -> int:
    """Samples for a paired comparison of two runs, by McNemar's test.

    Connor 1987 (Biometrics 43): n = [z_a sqrt(psi) + z_b sqrt(psi - drop^2)]^2 / drop^2, psi the
    discordance. The exact test needs about 2 / drop more (the continuity correction).
    """
    _check(drop, discordance)
    a, b = _quantiles(level, power)
    n = (a * sqrt(discordance) + b * sqrt(discordance - drop**2)) ** 2 / drop**2
    return _whole(n * design_effect)


def paired_power(
    n: int,
    drop: float,
    discordance: float = DISCORDANCE,
    level: float = LEVEL,
    design_effect: float = 1.0,
) -> float:
    """The power of McNemar's test on `n` samples: Connor's equation solved for z_b."""
    _check(drop, discordance)
    a, _ = _quantiles(level, POWER)
    spread = discordance - drop**2
    distance = drop * sqrt(n / design_effect) - a * sqrt(discordance)
    if spread == 0:
        return float(distance > 0)
    return normal_below(distance / sqrt(spread))


def paired_detectable(
    n: int,
    discordance: float = DISCORDANCE,
    power: float = POWER,
    level: float = LEVEL,
    design_effect: float = 1.0,
) -> float | None:
    """The least drop that `n` samples show with this power; None where no drop is large enough.

    A drop cannot exceed the discordance.
    """
    return _least(
        lambda drop: paired_power(n, drop, discordance, level, design_effect) - power, discordance
    )


def unpaired_n(
    baseline: float,
    drop: float,
    power: float = POWER,
    level: float = LEVEL,
    design_effect: float = 1.0,
) -> int:
    """Samples in each of two runs on samples of their own (Fleiss, Levin and Paik 2003, ch. 4).

    n = [z_a sqrt(2 p q) + z_b sqrt(p1 q1 + p2 q2)]^2 / drop^2, p and q the mean shares.
    """
    _check(drop, baseline)
    a, b = _quantiles(level, power)
    null, alternative = _spreads(baseline, drop)
    return _whole((a * sqrt(null) + b * sqrt(alternative)) ** 2 / drop**2 * design_effect)


def unpaired_power(
    n: int, baseline: float, drop: float, level: float = LEVEL, design_effect: float = 1.0
) -> float:
    """The power of the two-proportion test with `n` samples in each run."""
    _check(drop, baseline)
    a, _ = _quantiles(level, POWER)
    null, alternative = _spreads(baseline, drop)
    distance = drop * sqrt(n / design_effect) - a * sqrt(null)
    return normal_below(distance / sqrt(alternative)) if alternative else float(distance > 0)


def unpaired_detectable(
    n: int,
    baseline: float,
    power: float = POWER,
    level: float = LEVEL,
    design_effect: float = 1.0,
) -> float | None:
    """The least drop that two runs of `n` samples show; None where a drop to 0 stays unseen."""
    return _least(
        lambda drop: unpaired_power(n, baseline, drop, level, design_effect) - power, baseline
    )


def interval_n(
    half_width: float, share: float = 0.5, level: float = LEVEL, design_effect: float = 1.0
) -> int:
    """Samples after which Wilson's interval for a share reaches `half_width` either way.

    Wilson's half-width solved for n. A share of one half needs most: the default is safe.
    """
    if not 0 < half_width < 0.5:
        raise UsageError(f"A half-width lies between 0 and 0.5, not at {half_width:g}.")
    z = normal_quantile(0.5 + level / 2)
    pq = share * (1 - share)
    total = z**2 * (pq + sqrt(pq**2 + half_width**2 * (1 - 4 * pq))) / (2 * half_width**2)
    return _whole((total - z**2) * design_effect)


def interval_half_width(
    n: int, share: float = 0.5, level: float = LEVEL, design_effect: float = 1.0
) -> float:
    """Half the width of Wilson's interval for a share after `n` samples."""
    ends = wilson(share, n / design_effect, level)
    return (ends.high - ends.low) / 2


def _quantiles(level: float, power: float) -> tuple[float, float]:
    return normal_quantile(0.5 + level / 2), normal_quantile(power)


def _spreads(baseline: float, drop: float) -> tuple[float, float]:
    """Twice the variance of one answer under no drop, and the sum of both under the drop."""
    after = baseline - drop
    mean = (baseline + after) / 2
    return 2 * mean * (1 - mean), baseline * (1 - baseline) + after * (1 - after)


def _whole(n: float) -> int:
    """Rounded up, but not by rounding error."""
    return max(1, ceil(n - 1e-9))


def _check(drop: float, most: float) -> None:
    if not 0 < drop <= most <= 1:
        raise UsageError(
            f"A drop of {drop:g} cannot be: it is more than 0, and at most the share of samples "
            f"that can change, {most:g}."
        )


def _least(surplus: Callable[[float], float], most: float) -> float | None:
    """Where a surplus of power that grows with the drop crosses 0."""
    if surplus(most) < 0:
        return None
    return float(brentq(surplus, 1e-9, most))
