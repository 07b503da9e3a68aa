"""Named corrections of the original data files (defects D1 to D22), applied in order.

A patch sees the rows of one file and says how many it touched; raw rows stay loadable.
"""

from collections.abc import Sequence

from upright.core import Row
from upright.data.patches import ethics, fairness, privacy, robustness, safety, truthfulness
from upright.data.patches._patch import Patch

PATCHES: tuple[Patch, ...] = tuple(
    sorted(
        (
            *truthfulness.PATCHES,
            *safety.PATCHES,
            *fairness.PATCHES,
            *robustness.PATCHES,
            *privacy.PATCHES,
            *ethics.PATCHES,
        ),
        key=lambda patch: int(patch.id.lstrip("D")),
    )
)


def patch_rows(file: str, rows: Sequence[Row], mini: bool) -> tuple[list[Row], dict[str, int]]:
    """The corrected rows of a file, and how many rows each patch touched."""
    touched: dict[str, int] = {}
    now = list(rows)
    for patch in PATCHES:
        if patch.file == file and (patch.mini or not mini):
            now, touched[patch.id] = patch.apply(now)
    return now, touched
