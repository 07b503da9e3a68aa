"""Verdicts: by rule, by a judge model, and none where none could be had."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.runs.toy import HURRIED, RUBRIC, planned, toy
from upright.core import (
    Benchmark,
    Interval,
    Metric,
    Model,
    Outcome,
    Request,
    Response,
    Row,
    Scored,
    Settings,
)
from upright.models import open_model
from upright.runs import Options, Run, make_plan, run
from upright.runs.scoring.baselines import ENOUGH, baselines, some

SETTINGS = Settings(suite="mini", judge=("said",))


@dataclass(frozen=True)
class Said:
    """A model that says what a function makes of the request."""

    say: Callable[[Request], Response]
    asked: list[Request] = field(default_factory=list)
    id: str = "said"
    concurrency: int = 4
    can_choose: bool = False
    cacheable: bool = True
    facts: dict[str, str] = field(default_factory=dict)

    def batches(self, requests: Sequence[Request]) -> Iterable[Sequence[Request]]:
        return ([request] for request in requests)

    async def generate(self, requests: Sequence[Request]) -> list[Response]:
        self.asked.extend(requests)
        return [self.say(request) for request in requests]

    async def close(self) -> None:
        pass


def verdict(label: str) -> Response:
    return Response(text=json.dumps({"verdict": label, "reason": "because"}))


def judged(model: Model, judge: Model | None, out: Path, benchmark: Benchmark | None = None) -> Run:
    plan = planned(model, 20, SETTINGS, benchmark or toy(rubric=RUBRIC))
    return run(plan, model, [judge] if judge else [], Options(out=out, patience=HURRIED))


def test_a_judge_model_replaces_the_rules_where_there_is_a_rubric(tmp_path: Path) -> None:
    judge = Said(lambda request: verdict("no"))
    done = judged(open_model("mock/oracle"), judge, tmp_path)
    assert set(done.samples.judge) == {"said"}
    assert set(done.samples.value) == {0.0}
    assert done.info["judge"] == "said"
    assert done.info["judge_calls"]["asked"] == len(judge.asked)
    assert done.info["calls"]["asked"] == 20


def test_without_a_rubric_or_a_judge_the_rules_decide(tmp_path: Path) -> None:
    judge = Said(lambda request: verdict("no"))
    done = judged(open_model("mock/oracle"), judge, tmp_path / "a", toy())
    assert not judge.asked
    assert set(done.samples.value) == {1.0}
    done = judged(open_model("mock/oracle"), None, tmp_path / "b")
    assert set(done.samples.judge) == {"rule/label"}


def test_an_unreadable_verdict_is_asked_for_again(tmp_path: Path) -> None:
    judge = Said(lambda r: verdict("yes") if r.replicate == 2 else Response(text="Hm."))
    done = judged(open_model("mock/oracle"), judge, tmp_path)
    assert sorted({r.replicate for r in judge.asked}) == [0, 1, 2]
    assert set(done.samples.value) == {1.0}


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (Response(text="Hm."), "gave no verdict"),
        (Response(error="gone", finish_reason="error"), "did not answer: gone"),
    ],
)
def test_without_a_verdict_the_answer_is_unscored_and_says_why(
    tmp_path: Path, reply: Response, told: str
) -> None:
    done = judged(open_model("mock/refuse"), Said(lambda request: reply), tmp_path)
    assert done.samples.value.isna().all()
    assert set(done.samples.outcome) == {Outcome.REFUSED}
    assert done.samples.reason.str.contains(told).all()
    assert done.estimates.withheld.str.startswith("20 of 20 answers are unscored").any()


def test_blocked_answers_reach_the_judge_and_errors_do_not(tmp_path: Path) -> None:
    def say(request: Request) -> Response:
        odd = request.sample is not None and request.sample.target == "no"
        if odd:
            return Response(finish_reason="content_filter")
        return Response(finish_reason="error", error="no such luck")

    done = judged(Said(say), None, tmp_path, toy())
    assert done.samples.groupby("outcome").size().to_dict() == {"error": 10, "filtered": 10}
    assert done.samples.error.dropna().eq("no such luck").all()


@pytest.mark.parametrize(("errors", "withheld"), [(1, False), (2, True)])
def test_over_five_percent_unscored_withholds_the_corrected_number(
    tmp_path: Path, errors: int, withheld: bool
) -> None:
    bad = {f"Is {n} even? Answer yes or no." for n in range(errors)}
    model = Said(
        lambda r: Response(error="no") if r.messages[-1].content in bad else Response(text="Yes")
    )
    plan = planned(model, 20, Settings(suite="trustllm"))
    done = run(plan, model, options=Options(out=tmp_path, patience=HURRIED))
    numbers = done.estimates.query("headline").set_index("score_set")
    assert bool(numbers.withheld["upright"]) == withheld
    assert numbers.value.isna()["upright"] == withheld
    assert not numbers.withheld["published"]
    assert numbers.value.notna()["published"]
    assert set(numbers.n_unscored) == {errors}
    assert set(numbers.n) == {20}


def test_a_number_that_cannot_be_computed_says_why(tmp_path: Path) -> None:
    def nothing(items: Sequence[Scored]) -> Interval:
        return Interval(None, None, None, "nothing to correlate")

    metrics = (Metric(name="r", compute=nothing),)
    done = judged(open_model("mock/oracle"), None, tmp_path, toy(metrics=metrics))
    assert list(done.estimates.withheld) == ["nothing to correlate"]


def test_baselines_of_a_large_benchmark_are_those_of_whole_clusters_spread_evenly() -> None:
    model = open_model("mock/oracle")
    settings = Settings(suite="trustllm", epochs=2, score_sets=("upright",))
    rows = [
        Row("toy.json", i, {"number": i, "prompt": str(i), "group": f"pair {i // 2}"})
        for i in range(3 * ENOUGH)
    ]
    plan = make_plan({"truthfulness/toy": toy()}, lambda b, patched: rows, model, settings)
    [items] = plan.parts.values()
    chosen = some(items)
    assert len(chosen) == ENOUGH
    assert {item.epoch for item in chosen} == {0}
    groups = Counter(item.sample.group for item in chosen)
    assert set(groups.values()) == {2}
    assert {int(name.split()[1]) % 3 for name in groups} == {0}
    few = planned(model, 40)
    assert some(tuple(few.items)) == list(few.items)
    # Odd and even are strata of their own, so that the commonest answer of each is right.
    assert baselines(plan)["truthfulness/toy"]["majority"] == 1.0
