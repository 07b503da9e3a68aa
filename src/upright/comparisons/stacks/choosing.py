"""Which stack to take: the front of those that nothing beats, and the smallest that will do."""

from collections.abc import Sequence

from upright.comparisons.stacks.result import (
    Choice,
    Configuration,
    Kind,
    Rate,
    Target,
    Targets,
)

BOUNDED = (Kind.HARM, Kind.REFUSED)
"""What targets are about."""


def standing(rates: Sequence[Rate], targets: Targets) -> Target:
    """Against both targets, under every condition."""
    most = {Kind.HARM: targets.attack_success, Kind.REFUSED: targets.benign_refusal}
    bounded = [(rate, most[rate.measure.kind]) for rate in rates if rate.measure.kind in most]
    if all(_below(rate.joint_high, bound) for rate, bound in bounded):
        return Target.SHOWN
    if all(_below(rate.share.value, bound) for rate, bound in bounded):
        return Target.POINT_ONLY
    return Target.MISSED


def choose(found: Sequence[Configuration]) -> Choice:
    """The fewest defenses, then the fewest calls, then the fewest tokens."""
    for target in (Target.SHOWN, Target.POINT_ONLY):
        fit = [one for one in found if one.target is target]
        if fit:
            best = min(fit, key=lambda one: (len(one.defenses), *_cost(one)))
            return Choice(defenses=best.defenses, target=target)
    return Choice(defenses=None, target=Target.MISSED)


def on_front(found: Sequence[Configuration]) -> list[bool]:
    """By the shares and costs as they were measured, whatever their intervals; of equals the
    smaller stack."""
    points = [_point(one) for one in found]
    return [not any(_dominates(other, own) for other in points) for own in points]


def _below(share: float | None, bound: float) -> bool:
    return share is not None and share <= bound


def _point(one: Configuration) -> tuple[float, ...]:
    shares = (one.most(kind).share.value for kind in BOUNDED)
    known = (1.0 if share is None else share for share in shares)
    return (*known, *_cost(one), float(len(one.defenses)))


def _cost(one: Configuration) -> tuple[float, ...]:
    """A model that does not tell its tokens tells them of no configuration."""
    return tuple(each.value or 0.0 for each in (one.cost.calls, one.cost.tokens))


def _dominates(other: Sequence[float], own: Sequence[float]) -> bool:
    as_good = all(a <= b for a, b in zip(other, own, strict=True))
    return as_good and any(a < b for a, b in zip(other, own, strict=True))
