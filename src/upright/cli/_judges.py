"""Judges and their agreement with people, in words and as data."""

from collections.abc import Iterator
from typing import Any

import msgspec

from upright.core import Agreement, Calibration
from upright.judges import Detector
from upright.stats.agreement import Confusion, sensitivity, specificity


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
        yield f"    {record.date}, {record.how}, {record.language}{own}: {_numbers(record)}"
        yield from _slices(record) if slices else ()


def measured_in_words(judge: Detector, found: Calibration) -> Iterator[str]:
    """What `calibrate` found, with intervals."""
    yield f"{judge.id} on {found.labels} ({found.event}): {_numbers(found)}"
    counts = _counts(found)
    for name, share in (
        ("sensitivity", sensitivity(counts, found.design_effect)),
        ("specificity", specificity(counts, found.design_effect)),
    ):
        yield f"  {name} {share.value:.3f} ({share.low:.3f} to {share.high:.3f})"
    ece = "–" if found.ece is None else f"{found.ece:.3f}"
    yield f"  f1 {found.f1:.3f}, calibration error {ece} (10 equal-mass bins)"
    if found.design_effect > 1.005:
        yield f"  rows share prompts: {found.design_effect:.2f} of them count for one"
    yield from _slices(found)


def _numbers(record: Calibration | Agreement) -> str:
    auroc = getattr(record, "auroc", None)
    told = {
        "accuracy": record.accuracy,
        "kappa": record.kappa,
        "sensitivity": record.sensitivity,
        "specificity": record.specificity,
        **({"AUROC": auroc} if auroc is not None else {}),
    }
    shown = (f"{k} {'–' if v is None else format(v, '.3f')}" for k, v in told.items())
    return f"n {record.n} ({record.n_yes} yes), {', '.join(shown)}"


def _slices(record: Calibration) -> Iterator[str]:
    for name, part in record.slices.items():
        yield f"    {name}: {_numbers(part)}"


def _counts(found: Calibration) -> Confusion:
    hits, rejections = found.sensitivity * found.n_yes, found.specificity * found.n_no
    return Confusion(hits, found.n_no - rejections, found.n_yes - hits, rejections)
