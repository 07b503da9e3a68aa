"""Everyone who judged in a run: where, and how well each agrees with people."""

from collections import defaultdict
from collections.abc import Sequence
from math import floor
from typing import NamedTuple

from upright.core import Calibration
from upright.judges.calibration import intervals
from upright.reports.html import Point, Spec, interval_chart
from upright.reports.profile import Profile
from upright.reports.scale import Axis


class JudgeCard(NamedTuple):
    """A judge, the benchmarks it judged, its records and their chart."""

    id: str
    used: tuple[str, ...]
    records: tuple[Calibration, ...]
    chart: Spec | None


def judges_of(profile: Profile) -> list[JudgeCard]:
    """Calibrated ones first, then in the order of the benchmarks."""
    used: dict[str, list[str]] = defaultdict(list)
    for benchmark in profile.benchmarks:
        for found in (benchmark.leading, benchmark.published):
            for id in profile.judges(found.headline) if found else ():
                if benchmark.id not in used[id]:
                    used[id].append(benchmark.id)
    cards = [_card(id, places, profile.run.calibrations.get(id, ())) for id, places in used.items()]
    return sorted(cards, key=lambda card: not card.records)


def _card(id: str, used: Sequence[str], records: tuple[Calibration, ...]) -> JudgeCard:
    return JudgeCard(id, tuple(used), records, _chart(records) if records else None)


def _chart(records: Sequence[Calibration]) -> Spec:
    """Cohen's kappa only: it alone counts what chance would agree on; the table has the rest."""
    points = [_point(record) for record in records]
    lowest = min(0.0, *(floor(10 * p.low) / 10 for p in points if p.low is not None))
    return interval_chart(
        points,
        Axis(lowest, 1),
        "Agreement with people beyond chance (Cohen's kappa), by labelled set",
        "Cohen's κ",
    )


def _point(record: Calibration) -> Point:
    kappa = intervals(record, record.design_effect)["kappa"]
    set_name = record.labels.split(" (", 1)[0]
    label = f"{record.event} · {set_name}, n = {record.n}"
    return Point(label, kappa.value, kappa.low, kappa.high, None, record.how, record.labels)
