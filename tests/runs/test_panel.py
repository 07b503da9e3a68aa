"""Several judge models, several draws: the majority decides and everything said is kept."""

from pathlib import Path

import pandas as pd
import pytest

from tests.runs.test_judging import Said, verdict
from tests.runs.toy import HURRIED, RUBRIC, planned, toy
from upright.core import Outcome, Response, Settings, Verdict
from upright.models import open_model
from upright.runs import Options, Run, run
from upright.runs.scoring.panel import Unread, decide, majority


def said(label: str, judge: str = "j") -> Verdict:
    return Verdict(outcome=Outcome.ANSWERED, value=1.0, label=label, judge=judge, reason="so")


GONE = Unread("j", "it wrote nonsense")


def test_the_majority_decides_and_the_first_in_a_tie() -> None:
    assert majority([said("a"), said("b"), said("b")]).reason == "so (2 of 3 votes)"
    tie = majority([said("b"), said("a")])
    assert isinstance(tie, Verdict) and tie.label == "b"
    alone = majority([GONE, said("a")])
    assert isinstance(alone, Verdict) and alone.label == "a"
    assert majority([GONE, GONE]) is GONE
    assert majority([said("a")]) == said("a"), "one vote is told as it was given"


def test_a_panel_speaks_in_the_name_of_all() -> None:
    found = decide({"x": (said("a", "x"),), "y": (said("b", "y"), said("b", "y"))})
    assert isinstance(found, Verdict)
    assert (found.judge, found.label) == ("x + y", "a")
    assert decide({"x": (said("a", "x"),)}) == said("a", "x")


def judged(out: Path, judges: list[Said], votes: int = 1) -> Run:
    settings = Settings(suite="mini", judge=tuple(j.id for j in judges), judge_votes=votes)
    model = open_model("mock/oracle")
    plan = planned(model, 20, settings, toy(rubric=RUBRIC))
    return run(plan, model, judges, Options(out=out, patience=HURRIED))


def yes_man(id: str) -> Said:
    return Said(lambda r: verdict("yes"), id=id)


def test_three_judges_vote_and_each_opinion_is_stored(tmp_path: Path) -> None:
    odd = Said(lambda r: verdict("no" if r.seed == 0 else "yes"), id="odd")
    done = judged(tmp_path, [odd, yes_man("b"), yes_man("c")])
    assert set(done.samples.judge) == {"odd + b + c"}
    assert set(done.samples.value) == {1.0}
    assert done.info["judge"] == "odd, b, c"
    opinions = pd.read_parquet(done.path / "verdicts.parquet")
    assert opinions.groupby("judge").size().to_dict() == {
        **dict.fromkeys(("odd", "b", "c"), 20),
        "rule/label": 20,
    }
    assert set(opinions[opinions.local].judge) == {"rule/label"}
    assert set(opinions[opinions.judge == "odd"].label) == {"no"}


def test_agreement_and_cost_are_told_per_judge(tmp_path: Path) -> None:
    def by_parity(request: object) -> Response:
        return verdict("yes" if "even" in str(request) and "yes" in str(request) else "no")

    done = judged(tmp_path, [Said(by_parity, id="a"), yes_man("b")])
    found = done.info["agreement"]["truthfulness/toy"]["upright"]
    assert found["n"] == 20
    assert found["alpha"] is None or found["alpha"] <= 1
    assert set(found["local"]) == {"a", "b"}
    assert found["local"]["b"] == 1.0, "the oracle is always right, and b always says yes"
    assert [j["id"] for j in done.info["judges"]] == ["a", "b"]
    each = [j["calls"]["asked"] for j in done.info["judges"]]
    assert done.info["judge_calls"]["asked"] == sum(each)


def test_alpha_of_judges_that_never_agree_is_negative(tmp_path: Path) -> None:
    flips = iter(range(10_000))
    one = Said(lambda r: verdict("yes" if next(flips) % 2 else "no"), id="one")
    other = Said(lambda r: verdict("no" if next(flips) % 2 else "yes"), id="other")
    found = judged(tmp_path, [one, other]).info["agreement"]["truthfulness/toy"]["upright"]
    assert found["alpha"] < 0


def test_votes_are_drawn_at_temperature_one_each_with_a_seed(tmp_path: Path) -> None:
    judge = Said(lambda r: verdict("no" if r.epoch == 0 else "yes"), id="said")
    done = judged(tmp_path, [judge], votes=3)
    assert {r.temperature for r in judge.asked} == {1.0}
    assert sorted({r.epoch for r in judge.asked}) == [0, 1, 2]
    assert set(done.samples.value) == {1.0}
    assert set(done.samples.judge) == {"said"}
    found = done.info["agreement"]["truthfulness/toy"]["upright"]
    assert found["alpha_of_draws"]["said"] == pytest.approx(-0.475, abs=0.05)
    opinions = pd.read_parquet(done.path / "verdicts.parquet")
    assert sorted(set(opinions.draw)) == [0, 1, 2]


def test_one_judge_asked_once_is_asked_as_before(tmp_path: Path) -> None:
    judge = yes_man("said")
    done = judged(tmp_path, [judge])
    assert {r.temperature for r in judge.asked} == {0.0}
    assert done.info["agreement"]["truthfulness/toy"]["upright"]["alpha"] is None
    assert not (judged(tmp_path / "none", []).path / "verdicts.parquet").exists()
