"""One record of a card: how well verdicts agree with people, with what stands beside."""

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from upright.core import Agreement, Calibration
from upright.judges.calibration import Rated, calibrate
from upright.judges.training.rows import Labelled

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
DATE = "2026-11-26"
T = TypeVar("T", Calibration, Agreement)


def record(
    rows: Sequence[Labelled],
    people: Flags,
    judge: Flags,
    chances: Floats,
    told: tuple[str, str, str],
) -> Calibration:
    """Agreement of verdicts and of chances with people; `told` is (set, event, how kept apart).

    Rounded to four digits, so that the last bits of a machine's arithmetic change no card.
    """
    labels, event, how = told
    rated = [
        Rated(bool(p), bool(j), float(c), row.group, {"model": row.model} if row.model else {})
        for row, p, j, c in zip(rows, people, judge, chances, strict=True)
    ]
    found = calibrate(rated, labels, DATE, event, how=how)
    slices = {name: _rounded(part) for name, part in found.slices.items()}
    return msgspec.structs.replace(_rounded(found), slices=slices)


def _rounded(found: T) -> T:
    shares: dict[str, Any] = {
        name: round(value, 4)
        for name in found.__struct_fields__
        if isinstance(value := getattr(found, name), float)
    }
    return msgspec.structs.replace(found, **shares)
