"""What the mini suite asks, as work for engines that are measured."""

from collections.abc import Sequence
from typing import TypeVar

from upright._planning import plan_of
from upright.core import Model, Request, Settings

T = TypeVar("T")


def requests_of(model: Model) -> list[Request]:
    """Each once."""
    return list(plan_of(model, Settings(suite="mini"), None)[0].requests)


def spread(things: Sequence[T], count: int) -> list[T]:
    """So many of them, or all, evenly spaced."""
    some = min(count, len(things))
    return [things[i * len(things) // some] for i in range(some)]
