"""From answers to a run's tables, one score set after the other.

Memory holds the answers and verdicts of one of them at a time, however many a run has.
"""

from collections.abc import Sequence
from pathlib import Path

from upright.core import Estimate, Scored
from upright.runs.rounds import Asked
from upright.runs.scoring.brief import keeper, whole
from upright.runs.scoring.early import Early
from upright.runs.scoring.estimates import estimates_of
from upright.runs.scoring.judging import AT_ONCE, Judged, judge_in_pieces
from upright.runs.scoring.known import Known
from upright.runs.scoring.panel import Panel
from upright.runs.scoring.sampled import sampling_of
from upright.runs.storing.tables import samples_table, write_estimates, write_verdicts
from upright.runs.storing.twins import REFERENCE, write_likenesses


def write_tables(path: Path, asked: Asked, panel: Panel, early: Early) -> Sequence[Judged]:
    """Judge, estimate, and write samples, estimates and, with judge models, their verdicts, or what
    a reference got.

    Gives back what judge models read.
    """
    plan, responses, likenesses = asked.plan, asked.responses, asked.likenesses
    sampling = sampling_of(plan, panel)
    known = Known(stops=asked.stops, likenesses=likenesses, sampling=sampling)
    # A sample corrects what the benchmarks' own judges say; it replaces none of it.
    rulings = panel.rulings if sampling is None else {}
    estimates: list[Estimate] = []
    read: list[Judged] = []
    with samples_table(path / "samples.parquet") as samples:
        for part, items in plan.parts.items():
            answers: list[Scored] = []
            score_set, sooner = plan.score_set(*part), early.judged.get(part, ())
            # Beside a judge's sample, or a reference, an answer is found by its id.
            by_id = sampling is not None or part in likenesses
            keep = whole if by_id or len(items) <= AT_ONCE else keeper(score_set)
            for judged in judge_in_pieces(score_set, items, responses, rulings, sooner):
                # Only of what memory holds are rows made early: that is one piece.
                samples.add(plan.dimensions[part[0]], judged, early.made.get(part))
                answers += [keep(one.scored) for one in judged]
                if panel.opinions:
                    read += [one for one in judged if one.item.id in panel.opinions]
                del judged  # before the next ones are there
            estimates += estimates_of(plan.benchmarks[part[0]], part, answers, known)
    write_estimates(path / "estimates.parquet", estimates)
    if plan.reference:
        write_likenesses(path / REFERENCE, likenesses)
    if plan.settings.judge:
        write_verdicts(path / "verdicts.parquet", read, panel)
    return read
