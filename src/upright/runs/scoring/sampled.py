"""What judge models said of a random sample of a score set's answers: `--judge-sample`.

The benchmark's own judge reads every answer; the judge models' verdicts on the sample correct it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq

from upright.core import Answer, Outcome, Scored, ScoreSet, Verdict
from upright.runs.items import Part
from upright.runs.plan import Plan
from upright.runs.scoring.panel import (
    TOGETHER,
    Draws,
    Panel,
    Ruling,
    Unread,
    decide,
    needs_judge,
    sample_size,
)
from upright.runs.storing.stored import whole
from upright.runs.subset import Place, draw

Opinions = Mapping[Place, Mapping[str, Draws]]
"""By answer and judge model, what it said each time it was asked."""


class Sampling(NamedTuple):
    """How many answers of each score set were drawn with which seed, and what was said of them."""

    judge: str
    n: int
    seed: int
    opinions: Mapping[Part, Opinions]


class Sampled(NamedTuple):
    """The drawn answers of one score set with the verdicts that count, None where unread.

    asked   the answers that judge models were asked about: the others need no judge model, and
            count as the benchmark's own judge says
    """

    judge: str
    verdicts: Mapping[Place, Verdict | None]
    asked: frozenset[Place]


def sampling_of(plan: Plan, panel: Panel) -> Sampling | None:
    """As judge models said it; None where they read every answer."""
    n = plan.settings.judge_sample
    if n is None:
        return None
    said: dict[Part, dict[Place, Mapping[str, Draws]]] = defaultdict(dict)
    for item in plan.items:
        if item.id in panel.opinions:
            said[item.part][item.sample.id, item.epoch] = panel.opinions[item.id]
    return Sampling(panel.judge, n, plan.settings.seed, said)


def read_sampling(run: Path, info: Mapping[str, Any]) -> Sampling | None:
    """As it is stored, from verdicts.parquet by run.json."""
    settings = info.get("settings") or {}
    if settings.get("judge_sample") is None:
        return None
    path = run / "verdicts.parquet"
    said: dict[Part, dict[Place, dict[str, Draws]]] = defaultdict(dict)
    with whole(path):
        for row in pq.read_table(path, page_checksum_verification=True).to_pylist():
            if not row["local"]:
                about = said[row["benchmark"], row["score_set"]]
                draws = about.setdefault((row["sample_id"], row["epoch"]), {})
                draws[row["judge"]] = (*draws.get(row["judge"], ()), _ruling(row))
    judge = str(info["judge"]).replace(", ", TOGETHER)
    return Sampling(judge, settings["judge_sample"], settings["seed"], said)


def sampled(
    sampling: Sampling | None, part: Part, score_set: ScoreSet, answers: Sequence[Scored]
) -> Sampled | None:
    """What counts of the drawn answers of one score set; `answers` are all it has."""
    if sampling is None or score_set.rubric is None:
        return None
    n = sample_size(score_set, sampling.n) or 0
    by_place = {(one.sample.id, one.epoch): one for one in answers}
    opinions = sampling.opinions.get(part, {})
    drawn = {place: by_place[place] for place in draw(by_place, n, sampling.seed)}
    # By what was answered, not by what is stored: an opinion that is lost is one that is missing.
    asked = frozenset(
        at for at, one in drawn.items() if needs_judge(score_set, Answer(one.sample, one.response))
    )
    verdicts = {
        place: _decided(opinions.get(place, {})) if place in asked else one.verdict
        for place, one in drawn.items()
    }
    return Sampled(sampling.judge, verdicts, asked)


def _decided(opinions: Mapping[str, Draws]) -> Verdict | None:
    found = decide(opinions) if opinions else None
    return found if isinstance(found, Verdict) else None


def _ruling(row: Mapping[str, Any]) -> Ruling:
    if row["outcome"] is None:
        return Unread(row["judge"], row["reason"])
    return Verdict(
        outcome=Outcome(row["outcome"]),
        value=row["value"],
        label=row["label"],
        judge=row["judge"],
        reason=row["reason"],
    )
