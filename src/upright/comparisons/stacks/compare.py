"""Stacks of defenses compared: every configuration, every pair, the order, and which to take."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import TypeVar

import msgspec
import numpy as np

from upright.comparisons.stacks.answers import Aligned, Tried, aligned, cost
from upright.comparisons.stacks.choosing import BOUNDED, choose, on_front, standing
from upright.comparisons.stacks.interaction import excess, expected, read
from upright.comparisons.stacks.result import (
    Configuration,
    Cost,
    Interaction,
    Kind,
    Measure,
    OrderEffect,
    Rate,
    Stacks,
    Targets,
)
from upright.comparisons.two_runs.difference import implied
from upright.core import Interval
from upright.stats.intervals import Floats, proportion
from upright.stats.multiplicity import benjamini_hochberg, simultaneous_level
from upright.stats.paired import paired_difference

SURE = 0.05
"""Of the adjusted p from which an interaction has a reading."""
INTERACTING = (Kind.HARM, Kind.NOT_DECLINED, Kind.REFUSED)
"""What is asked of stacks: the harm they stop, what they decline, and what they should not."""
Found = Mapping[Measure, Aligned]
Tested = TypeVar("Tested", Rate, Interaction, OrderEffect)


@dataclass(frozen=True, kw_only=True)
class About:
    """What was tried, and what is asked of it."""

    model: str
    suite: str
    harmful: tuple[str, ...]
    benign: tuple[str, ...]
    targets: Targets


def compare_stacks(tried: Sequence[Tried], about: About) -> Stacks:
    """`tried` begins with the bare model; reads the runs and asks nothing."""
    found = aligned(tried, about.harmful, about.benign)
    names = [one.defenses for one in tried]
    costs = [cost(one.runs[next(iter(one.runs))], about.benign) for one in tried]
    runs = [tuple(str(path) for path in one.runs.values()) for one in tried]
    made = configurations(names, found, costs, runs, about.targets)
    return Stacks(
        **{field: getattr(about, field) for field in ("model", "suite", "harmful", "benign")},
        conditions=tuple(tried[0].runs),
        targets=about.targets,
        configurations=made,
        interactions=interactions(names, found),
        orders=orders(names, found),
        choice=choose(made),
        left_out={str(measure): one.left_out for measure, one in found.items()},
    )


def configurations(
    names: Sequence[tuple[str, ...]],
    found: Found,
    costs: Sequence[Cost],
    runs: Sequence[tuple[str, ...]],
    targets: Targets,
) -> tuple[Configuration, ...]:
    """Every one with its shares, and with the changes from the first, the bare model."""
    bounded = sum(measure.kind in BOUNDED for measure in found)
    level = simultaneous_level(bounded * len(names))
    rates = [[_rate(m, one, at, level) for m, one in found.items()] for at in range(len(names))]
    changed = _adjusted([rate for own in rates[1:] for rate in own])
    width = len(found)
    rates[1:] = [list(changed[at : at + width]) for at in range(0, len(changed), width)]
    plain = [
        Configuration(
            defenses=name,
            rates=tuple(own),
            cost=price,
            front=False,
            target=standing(own, targets),
            runs=folders,
        )
        for name, own, price, folders in zip(names, rates, costs, runs, strict=True)
    ]
    front = on_front(plain)
    return tuple(
        msgspec.structs.replace(one, front=best) for one, best in zip(plain, front, strict=True)
    )


def interactions(names: Sequence[tuple[str, ...]], found: Found) -> tuple[Interaction, ...]:
    """Of every stack whose layers were tried alone as well, for what `INTERACTING` names."""
    at = {name: place for place, name in enumerate(names)}
    raw = [
        _interaction(name, measure, one, at)
        for measure, one in found.items()
        if measure.kind in INTERACTING
        for name in names
        if len(name) > 1 and all((layer,) in at for layer in name)
    ]
    undone = benjamini_hochberg([1.0 if i.undone is None else i.undone for i in raw])
    q = _adjusted(raw)
    return tuple(
        _judged(msgspec.structs.replace(one, undone=None if one.p is None else float(worse)))
        for one, worse in zip(q, undone, strict=True)
    )


def orders(names: Sequence[tuple[str, ...]], found: Found) -> tuple[OrderEffect, ...]:
    """Of every pair that was tried in both orders, named once."""
    at = {name: place for place, name in enumerate(names)}
    pairs = [name for name in names if len(name) == 2 and at.get(name[::-1], -1) > at[name]]
    raw = [
        _order(name, measure, one.values[at[name[::-1]]], one.values[at[name]], one.clusters)
        for measure, one in found.items()
        if measure.kind in INTERACTING
        for name in pairs
    ]
    return tuple(_adjusted(raw))


def stacks(layers: Sequence[str], *, together: bool) -> list[tuple[str, ...]]:
    """What to try: nothing, each alone, and `together` every ordered pair and all as given."""
    alone: list[tuple[str, ...]] = [(), *((layer,) for layer in layers)]
    if not together or len(layers) < 2:
        return alone
    pairs: list[tuple[str, ...]] = list(permutations(layers, 2))
    return [*alone, *pairs, *([tuple(layers)] if len(layers) > 2 else [])]


def _rate(measure: Measure, one: Aligned, at: int, joint: float) -> Rate:
    values, bare = one.values[at], one.values[0]
    n, clusters = len(values), len(set(one.clusters))
    if not n:
        nothing = Interval(None, None, None, "nothing is scored behind all configurations")
        return Rate(
            measure=measure, share=nothing, joint_high=None, n=0, clusters=0, change=nothing
        )
    ends = proportion(values, one.clusters)
    change = paired_difference(bare, values, one.clusters)
    return Rate(
        measure=measure,
        share=Interval(float(values.mean()), *ends, "Wilson"),
        joint_high=proportion(values, one.clusters, joint).high,
        n=n,
        clusters=clusters,
        change=change,
        p=_p(change),
    )


def _interaction(
    name: tuple[str, ...], measure: Measure, one: Aligned, at: Mapping[tuple[str, ...], int]
) -> Interaction:
    """Counted in what gets through: harm given, and harmless requests that are not refused."""
    turned = measure.kind is Kind.REFUSED
    through = 1 - one.values if turned else one.values
    bare, together = through[at[()]], through[at[name]]
    alone = [through[at[(layer,)]] for layer in name]
    found = excess(bare, alone, together, one.clusters)
    would = expected(bare, alone)
    p = _p(found)
    return Interaction(
        defenses=name,
        measure=measure,
        bare=_share(bare, turned),
        alone=tuple(_share(values, turned) for values in alone),
        observed=_share(together, turned),
        expected=1 - would if turned and would is not None else would,
        excess=_negative(found) if turned else found,
        reading=read(found, sure=False, undone=False),
        p=p,
        undone=None if p is None else _undone(alone, together, one),
    )


def _undone(alone: Sequence[Floats], together: Floats, one: Aligned) -> float:
    """The p of letting no more through than any of its layers (Bonferroni over the layers)."""
    against = [paired_difference(values, together, one.clusters) for values in alone]
    ps = [implied(found).p for found in against if found.value and found.value > 0]
    return min(1.0, len(alone) * min(ps, default=1.0))


def _judged(one: Interaction) -> Interaction:
    """Read with what was adjusted."""
    through = _negative(one.excess) if one.measure.kind is Kind.REFUSED else one.excess
    sure = one.q is not None and one.q < SURE
    undone = one.undone is not None and one.undone < SURE
    return msgspec.structs.replace(one, reading=read(through, sure, undone))


def _order(
    name: tuple[str, ...], measure: Measure, other: Floats, own: Floats, clusters: Sequence[str]
) -> OrderEffect:
    found = paired_difference(other, own, clusters)
    return OrderEffect(
        first=name[0], second=name[1], measure=measure, difference=found, p=_p(found)
    )


def _adjusted(found: Sequence[Tested]) -> list[Tested]:
    """With q; what could not be tested was looked at all the same."""
    qs = benjamini_hochberg([1.0 if one.p is None else one.p for one in found])
    return [
        msgspec.structs.replace(one, q=None if one.p is None else float(q))
        for one, q in zip(found, qs, strict=True)
    ]


def _p(found: Interval) -> float | None:
    p = implied(found).p
    return None if np.isnan(p) else p


def _share(through: Floats, turned: bool) -> float | None:
    if not len(through):
        return None
    return float(np.mean(1 - through if turned else through))


def _negative(found: Interval) -> Interval:
    value, low, high = (None if end is None else -end for end in _ends(found))
    return Interval(value, high, low, found.method)


def _ends(found: Interval) -> tuple[float | None, float | None, float | None]:
    return found.value, found.low, found.high
