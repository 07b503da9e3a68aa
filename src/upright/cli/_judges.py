"""Judges and their agreement with people, in words and as data."""

from collections.abc import Iterator
from typing import Any

import msgspec

from upright.core import Agreement, Calibration, Interval
from upright.judges import Detector
from upright.judges.calibration import intervals


def as_data(judge: Detector) -> dict[str, Any]:
    return {
        "id": judge.id,
        "title": judge.title,
        "kind": judge.kind,
        "event": judge.event,
        "calibrations": msgspec.to_builtins(judge.calibrations),
    }


def in_words(judge: Detector, *, slices: bool) -> Iterator[str]:
    """A heading, then each set it was measured on."""
    yield f"{judge.id} ({judge.kind}): {judge.title}"
    if not judge.calibrations:
        yield f"  uncalibrated: upright judge calibrate {judge.id} --labels FILE"
    for record in judge.calibrations:
        own = ", own labels" if record.own_labels else ""
        yield f"  {record.labels}"
        numbers = _numbers(record, record.design_effect)
        yield f"    {record.date}, {record.how}, {record.language}{own}: {numbers}"
        yield from _slices(record) if slices else ()


def measured_in_words(judge: Detector, found: Calibration) -> Iterator[str]:
    """What `calibrate` found, with intervals."""
    yield f"{judge.id} on {found.labels} ({found.event}): {_numbers(found, found.design_effect)}"
    ece = "–" if found.ece is None else f"{found.ece:.3f}"
    yield f"  f1 {found.f1:.3f}, calibration error {ece} (10 equal-mass bins)"
    if found.design_effect > 1.005:
        yield f"  rows share prompts: {found.design_effect:.2f} of them count for one"
    yield from _slices(found)


def _numbers(part: Calibration | Agreement, design_effect: float) -> str:
    found = intervals(part, design_effect)
    shown = (f"{name} {_with_interval(interval)}" for name, interval in found.items())
    return f"n {part.n} ({part.n_yes} yes), {', '.join(shown)}"


def _with_interval(found: Interval) -> str:
    if found.value is None or found.low is None or found.high is None:
        return "–"
    return f"{found.value:.3f} ({found.low:.2f} to {found.high:.2f})"


def _slices(record: Calibration) -> Iterator[str]:
    for name, part in record.slices.items():
        yield f"    {name}: {_numbers(part, record.design_effect)}"
