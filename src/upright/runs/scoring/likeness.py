"""What a reference got on all that is planned, and what follows for what was asked: `--like`.

The reference's verdicts are known on all planned samples. What all of them would give the model is
what it got on those asked, less a share of what the reference got too much on the same ones: the
difference estimator (Cochran 1977, section 7.2). Right whatever the reference is worth, and sure
the sooner, the better the one foretells the other (`stats/sequential.py`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from upright.runs.subset import Place
from upright.stats.intervals import LEVEL, Bounds, wilson, worth
from upright.stats.sequential import Aim, Beside, Draws, estimate_of_whole, of_whole

HALF = (1 + LEVEL) / 2
"""Of two things that must both hold, each may fail in half of the 5 %."""


class Twin(NamedTuple):
    """A planned answer that a headline is about, how much it counts, and what the reference got on
    the same question: None where it has nothing."""

    place: Place
    cluster: str
    weight: float
    value: float | None


@dataclass(frozen=True, kw_only=True)
class Likeness:
    """A reference beside one score set.

    run     the name of its folder
    twins   all that is planned, cluster by cluster in the order of asking
    excess  by what each twin, times its weight, exceeds the mean of all
    spread  of the clusters' excess the least, the most and the mean square
    asked   how many twins were asked: the first ones
    """

    run: str
    twins: Sequence[Twin]
    excess: Sequence[float]
    spread: tuple[float, float, float]
    asked: int = 0

    def draws(
        self, values: Mapping[Place, float], largest: float, unscored: float | None = None
    ) -> Draws:
        """The clusters asked. An answer without a value counts as `unscored`; None leaves it
        out."""
        clusters: dict[str, list[float]] = {}
        for twin, excess in zip(self.twins[: self.asked], self.excess, strict=False):
            value = values.get(twin.place, unscored)
            if value is not None:
                sums = clusters.setdefault(twin.cluster, [0.0, 0.0, 0.0])
                sums[0] += value * twin.weight
                sums[1] += twin.weight
                sums[2] += excess
        found = np.array(list(clusters.values()), float).reshape(-1, 3)  # (clusters, 3)
        return Draws(found[:, 0], found[:, 1], largest, Beside(found[:, 2], *self.spread))

    def whole(
        self, values: Mapping[Place, float], largest: float, aim: Aim, level: float = LEVEL
    ) -> Bounds:
        """What all planned samples would give. An unscored answer counts as 0 in the lower bound
        and as 1 in the upper."""
        worst, best = (self.draws(values, largest, unscored) for unscored in (0.0, 1.0))
        return Bounds(of_whole(worst, aim, level).low, of_whole(best, aim, level).high)

    def rate(self, values: Mapping[Place, float], largest: float, aim: Aim) -> tuple[float, Bounds]:
        """What all planned samples would most likely give, and an interval for the model's rate.

        Half of the 5 % is for `whole` to fail. The other half is for the interval that a run in
        full has, Wilson's, at whichever of those values it would have been: the union of all.
        Samples that share a cluster are taken to be as alike as those that were asked.
        """
        scored = self.draws(values, largest)
        low, high = self.whole(values, largest, aim, HALF)
        share = float(scored.sizes.sum()) / sum(twin.weight for twin in self.twins[: self.asked])
        n = worth(scored.sums, scored.sizes, share * aim.items / float(scored.sizes.mean()))
        value = min(max(estimate_of_whole(scored), 0.0), 1.0)
        bounds = Bounds(wilson(low, n, HALF).low, wilson(high, n, HALF).high)
        return value, Bounds(min(bounds.low, value), max(bounds.high, value))


def likeness_of(run: str, twins: Iterable[Twin], asked: int = 0) -> Likeness:
    """Where the reference has nothing it counts as its mean on the others: a constant, known
    beforehand, foretells nothing and misleads nobody."""
    twins = tuple(twins)
    known = [(twin.weight, twin.value) for twin in twins if twin.value is not None]
    filled = sum(weight * value for weight, value in known) / sum(weight for weight, _ in known)
    excess = [0.0 if t.value is None else t.weight * (t.value - filled) for t in twins]
    sums: dict[str, float] = {}
    for twin, one in zip(twins, excess, strict=True):
        sums[twin.cluster] = sums.get(twin.cluster, 0.0) + one
    of_clusters = np.array(list(sums.values()))
    square = float(np.mean(of_clusters**2))
    spread = float(of_clusters.min()), float(of_clusters.max()), square
    return Likeness(run=run, twins=twins, excess=excess, spread=spread, asked=asked)
