"""A part that stands for the whole: of a benchmark's samples, or of a score set's answers."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from upright.core import Sample, digest

Group = list[Sample]
Place = tuple[str, int]
"""An answer of a score set: the sample's id and the epoch."""


def draw(places: Iterable[Place], n: int, seed: int) -> list[Place]:
    """`n` answers at random, in random order: any beginning of it is a simple random sample too.

    Their own names decide, not their order, nor what else there is to draw from.
    """
    return sorted(set(places), key=lambda place: digest((seed, *place)))[:n]


def take(samples: Sequence[Sample], limit: int | None, seed: int) -> list[Sample]:
    """At most `limit` samples in their order; one whole group even where that is more.

    Which groups come first depends on the seed and on their names alone, so that two score
    sets of one benchmark agree wherever their groups do.
    """
    if limit is None or len(samples) <= limit:
        return list(samples)
    taken: set[str] = set()
    for group in _in_turn(samples, seed):
        if len(taken) + len(group) <= limit:
            taken |= {sample.id for sample in group}
    if not taken:
        taken = {sample.id for sample in min(_in_turn(samples, seed), key=len)}
    return [sample for sample in samples if sample.id in taken]


def _in_turn(samples: Sequence[Sample], seed: int) -> list[Group]:
    """The first group of every stratum, then the others, each stratum in proportion to its size."""
    strata: dict[str, list[Group]] = {}
    for group in _groups(samples):
        strata.setdefault(group[0].stratum, []).append(group)
    ranked = []
    for groups in strata.values():
        shuffled = sorted(groups, key=lambda g: _draw(g, seed))
        for place, group in enumerate(shuffled):
            ranked.append((place > 0, (place + 0.5) / len(groups), _draw(group, seed), group))
    return [group for *_, group in sorted(ranked, key=lambda r: r[:3])]


def _groups(samples: Sequence[Sample]) -> list[Group]:
    in_order = sorted(samples, key=lambda sample: sample.cluster)
    return [list(group) for _, group in groupby(in_order, key=lambda sample: sample.cluster)]


def _draw(group: Group, seed: int) -> str:
    return digest((seed, group[0].cluster))
