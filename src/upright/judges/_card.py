"""The calibration records of a judge, kept as JSON beside the judges."""

from functools import cache
from pathlib import Path

import msgspec

from upright.core import Calibration

CARDS = Path(__file__).parent / "cards"


@cache
def card(name: str) -> tuple[Calibration, ...]:
    """How well the judge of that name agrees with people, on each set it was measured on."""
    return msgspec.json.decode((CARDS / f"{name}.json").read_bytes(), type=tuple[Calibration, ...])
