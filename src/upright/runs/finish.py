"""From answers to a run's tables, one score set after the other.

Memory holds the answers and verdicts of one of them at a time, however many a run has.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from upright.core import Estimate, Response
from upright.runs.asking.panel import Panel
from upright.runs.plan import Plan
from upright.runs.scoring.estimates import estimates_of
from upright.runs.scoring.judging import Judged, judge_part
from upright.runs.scoring.known import Known
from upright.runs.scoring.likeness import Likeness
from upright.runs.scoring.sampled import sampling_of
from upright.runs.scoring.stopping import Stops
from upright.runs.storing.stored import Part
from upright.runs.storing.tables import samples_table, write_estimates, write_verdicts
from upright.runs.storing.twins import REFERENCE, write_likenesses


def write_tables(
    path: Path,
    plan: Plan,
    responses: Mapping[str, Response],
    panel: Panel,
    stops: Stops,
    likenesses: Mapping[Part, Likeness],
) -> Sequence[Judged]:
    """Judge, estimate, and write samples, estimates and, with judge models, their verdicts, or what
    a reference got.

    Gives back what judge models read.
    """
    sampling = sampling_of(plan, panel)
    known = Known(stops=stops, likenesses=likenesses, sampling=sampling)
    # A sample corrects what the benchmarks' own judges say; it replaces none of it.
    rulings = panel.rulings if sampling is None else {}
    estimates: list[Estimate] = []
    read: list[Judged] = []
    with samples_table(path / "samples.parquet") as samples:
        for part, items in plan.by_score_set().items():
            judged = judge_part(plan.score_set(*part), items, responses, rulings)
            samples.add(plan.dimensions[part[0]], judged)
            answers = [one.scored for one in judged]
            estimates += estimates_of(plan.benchmarks[part[0]], part, answers, known)
            if panel.opinions:
                read += [one for one in judged if one.item.id in panel.opinions]
    write_estimates(path / "estimates.parquet", estimates)
    if plan.reference:
        write_likenesses(path / REFERENCE, likenesses)
    if plan.settings.judge:
        write_verdicts(path / "verdicts.parquet", read, panel)
    return read
