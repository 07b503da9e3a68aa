"""A detector measured on labelled rows."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from upright.core import Calibration, DataError
from upright.data.labelled import LabelledRow
from upright.judges.calibration import Rated, calibrate
from upright.judges.detectors import Detector

NUMBERED = re.compile(r"^\d+_(?=\D)")
SLICED = ("model", "language")


def measure(detector: Detector, rows: Sequence[LabelledRow], name: str) -> Calibration:
    """How well a detector agrees with the labels of some rows."""
    people = [means_yes(detector, row.label, row.where) for row in rows]
    found = detector.probabilities([r.prompt for r in rows], [r.response for r in rows])
    rated = [
        Rated(
            yes,
            bool(p >= detector.threshold),
            float(p),
            row.prompt,
            {key: row.more[key] for key in SLICED if key in row.more},
        )
        for yes, p, row in zip(people, found, rows, strict=True)
    ]
    today = datetime.now(UTC).date().isoformat()
    return calibrate(rated, name, today, detector.event, how="as given")


def means_yes(detector: Detector, label: str, where: str) -> bool:
    """Whether a label says that the event happened; "2_full_refusal" is "full_refusal"."""
    known = detector.labels
    for name in (label, NUMBERED.sub("", label)):
        if name in known:
            return known[name]
    yes = ", ".join(name for name, means in known.items() if means)
    no = ", ".join(name for name, means in known.items() if not means)
    raise DataError(
        f"{where}: {label[:80]!r} is no label of the judge {detector.id}. Yes: {yes}. No: {no}."
    )
