"""The names by which trackers of experiments know a run's numbers."""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

ALLOWED = re.compile(r"[^A-Za-z0-9_.\- ]+")
"""What MLflow forbids in a name on some system."""
LONGEST = 80
MEASURED = ("value", "low", "high")
PARTS = (
    ("value", ""),
    ("low", " low"),
    ("high", " high"),
    ("n", " n"),
    ("n_unscored", " unscored"),
)


def named(estimates: list[dict[str, Any]]) -> Iterator[tuple[str, float]]:
    """Each number with its interval and counts as "benchmark/score set/metric slice part"."""
    seen: set[str] = set()
    for row in estimates:
        key = _unused("/".join([*_path(row["benchmark"]), row["score_set"], _name(row)]), seen)
        for field, suffix in PARTS:
            hidden = row["withheld"] and field in MEASURED
            if not hidden and _finite(row[field]):
                yield key + suffix, float(row[field])


def _finite(value: float | None) -> bool:
    """NaN would be drawn as a number by some."""
    return value is not None and math.isfinite(value)


def plain(text: str) -> str:
    """A part of a name that can also be a file's."""
    return ALLOWED.sub("-", text).strip(". ")[:LONGEST] or "-"


def _path(benchmark: str) -> list[str]:
    return [plain(part) for part in benchmark.split("/")]


def _name(row: Mapping[str, Any]) -> str:
    return plain(f"{row['metric']} {row['slice']}")


def _unused(key: str, seen: set[str]) -> str:
    """Names that differed only in characters that are not allowed are numbered."""
    found, again = key, 1
    while found in seen:
        again += 1
        found = f"{key}-{again}"
    seen.add(found)
    return found
