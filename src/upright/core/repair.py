"""What changes weights. A repair ends as a model: a folder that every run can open."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from upright.core.card import Card

OnStep = Callable[[str, int, int], None]
"""Told what is under way, how much of it is done, and how much there is."""


class Repair(Protocol):
    """Changes an open model in place.

    id          names the method
    suffix      how the repaired model's name ends, where nobody names it
    apply       gives back what is needed to do it again, as JSON
    """

    @property
    def id(self) -> str: ...

    @property
    def suffix(self) -> str: ...

    @property
    def card(self) -> Card: ...

    def apply(self, weights: Any, data: Path | None, on_step: OnStep) -> Mapping[str, Any]: ...
