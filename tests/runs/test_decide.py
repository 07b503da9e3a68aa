"""`--decide`: a benchmark that is surely above or below a bound asks no more."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console

from tests.runs.test_until import asked_in_full, stops
from tests.runs.toy import HURRIED, SUITE, endpoint, planned, toy
from tests.server import serving
from upright.core import Benchmark, Interrupted, Metric, Row, Settings, UsageError
from upright.models import open_model
from upright.reports import load_profile, render_terminal, write_page
from upright.runs import Options, Progress, Run, make_plan, run
from upright.runs.rounds import FIRST
from upright.runs.scoring.verify import verify
from upright.stats.metrics import macro_f1, mean

COUNT = 600


def settings(decide: float, **changes: Any) -> Settings:
    return msgspec.structs.replace(SUITE, decide=decide, **changes)


def asked(
    out: Path,
    decide: float,
    name: str = "mock/random",
    benchmark: Benchmark | None = None,
    **changes: Any,
) -> Run:
    model = open_model(name)
    plan = planned(model, COUNT, settings(decide, **changes), benchmark)
    return run(plan, model, options=Options(out=out, patience=HURRIED))


@pytest.mark.parametrize(
    ("name", "decide", "side"), [("mock/oracle", 0.9, "above"), ("mock/always-yes", 0.7, "below")]
)
def test_it_stops_once_the_printed_interval_is_on_one_side(
    tmp_path: Path, name: str, decide: float, side: str
) -> None:
    found = asked(tmp_path, decide, name)
    headlines = found.estimates[found.estimates.headline].set_index("score_set")
    for stop in stops(found):
        headline = headlines.loc[stop["score_set"]]
        assert FIRST <= stop["asked"] == headline.n < COUNT / 2
        assert (stop["side"], stop["reason"]) == (side, f"surely {side} {decide:g}")
        assert headline.low > decide if side == "above" else headline.high < decide
        assert headline.method.startswith("betting confidence sequence, stopped at")
    calls = found.info["until"]["calls"]
    assert calls["saved"] == 2 * COUNT - calls["asked"]


def test_its_numbers_follow_from_its_answers(tmp_path: Path) -> None:
    """Those beside the headline too: bets on them know no bound."""
    metrics = (
        Metric(name="right", compute=mean(), by=("parity",)),
        Metric(name="b", compute=mean()),
    )
    found = asked(tmp_path, 0.6, "mock/oracle", toy(metrics=metrics))
    assert all(stop["stopped"] for stop in stops(found))
    checked = verify(found.path, {"truthfulness/toy": toy(metrics=metrics)}.get)
    assert checked.holds, checked.unproven[:3]
    assert checked.numbers == len(found.estimates)


@pytest.mark.parametrize("decide", [0.0, 0.5, 1.0])
def test_one_that_stays_undecided_is_as_if_it_had_not_been_asked_to(
    tmp_path: Path, decide: float
) -> None:
    name = {0.0: "mock/refuse", 0.5: "mock/random", 1.0: "mock/oracle"}[decide]
    found = asked(tmp_path, decide, name)
    assert {(stop["side"], stop["reason"]) for stop in stops(found)} == {
        ("", f"in full: {decide:g} was not decided sooner")
    }
    if name == "mock/random":
        assert found.estimates.equals(asked_in_full(tmp_path).estimates)


def test_a_headline_that_is_no_mean_runs_in_full(tmp_path: Path) -> None:
    benchmark = toy(metrics=(Metric(name="f1", compute=macro_f1()),))
    for stop in stops(asked(tmp_path, 0.9, "mock/always-yes", benchmark)):
        assert (stop["asked"], stop["side"]) == (COUNT, "")
        assert stop["reason"] == "in full: f1 is no mean, nor one of class means"


@pytest.mark.parametrize(
    ("name", "until", "reason"),
    [
        ("mock/oracle", 0.01, "surely above 0.5"),
        ("mock/always-yes", 0.1, "the value of the whole benchmark is known to ±0.1"),
        (
            "mock/always-yes",
            0.001,
            "in full: ±0.001 was not reached and 0.5 was not decided sooner",
        ),
    ],
)
def test_whichever_comes_first(tmp_path: Path, name: str, until: float, reason: str) -> None:
    found = asked(tmp_path, 0.5, name, until=until)
    assert {stop["reason"] for stop in stops(found)} == {reason}
    assert all(stop["low"] <= stop["high"] for stop in stops(found))
    assert verify(found.path, {"truthfulness/toy": toy()}.get).holds


@pytest.mark.parametrize("after", [1, 2, 3])
def test_interrupted_it_ends_as_if_it_had_not_been(tmp_path: Path, after: int) -> None:
    whole = asked(tmp_path / "whole", 0.65, "mock/always-yes")
    model = open_model("mock/always-yes")
    begun = 0

    def interrupt(progress: Progress) -> None:
        nonlocal begun
        begun += progress.done == 0
        if begun == after and progress.done:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted):
        plan = planned(model, COUNT, settings(0.65))
        run(plan, model, options=Options(out=tmp_path / "parts"), on_progress=interrupt)
    again = asked(tmp_path / "parts", 0.65, "mock/always-yes")
    assert len(list((tmp_path / "parts").iterdir())) == 1
    assert again.estimates.equals(whole.estimates)
    assert again.info["until"] == whole.info["until"]


def test_a_headline_that_would_be_withheld_decides_nothing(tmp_path: Path) -> None:
    """15 % are errors, so no number would be printed, wherever those that came lie."""
    with serving(rates={"400": 0.15}, answer=lambda prompt: "Perhaps.") as server:
        model = endpoint(server.url)
        plan = planned(model, 300, settings(0.9, score_sets=("upright",)))
        found = run(plan, model, options=Options(out=tmp_path, patience=HURRIED))
    assert not stops(found)[0]["stopped"]


@pytest.mark.parametrize("decide", [-0.1, 1.01])
def test_a_bound_that_makes_no_sense_is_named(decide: float) -> None:
    with pytest.raises(UsageError, match="decide must lie between 0 and 1"):
        settings(decide)


def test_judge_models_and_stopping_do_not_go_together() -> None:
    with pytest.raises(UsageError, match="Leave out --decide or --judge"):
        settings(0.9, judge=("openai/judge",))
    with pytest.raises(UsageError, match="Leave out --until and --decide or --judge"):
        settings(0.9, until=0.03, judge=("openai/judge",))


def test_reports_say_what_was_decided_and_saved(tmp_path: Path) -> None:
    found = asked(tmp_path, 0.9, "mock/oracle")
    profile = load_profile(found.path)
    console = Console(record=True, width=120)
    render_terminal(profile, console)
    saved = found.info["until"]["calls"]["saved"]
    line = f"Until surely above or below 0.9: {saved:,} of 1,200 calls saved; 2 of 2 score sets"
    told = console.export_text()
    assert line in told
    assert "of 600 samples asked; surely above 0.9 (95 %)" in told
    write_page(profile, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text("utf-8")
    assert line in page
    assert "surely above 0.9" in page


def test_clusters_are_decided_too(tmp_path: Path) -> None:
    rows = [
        Row("toy.json", i, {"number": i, "prompt": str(i), "group": f"g{i // 5}"})
        for i in range(COUNT)
    ]
    model = open_model("mock/oracle")
    plan = make_plan({"a/b": toy()}, lambda b, p: rows, model, settings(0.8))
    found = run(plan, model, options=Options(out=tmp_path))
    for stop in stops(found):
        assert (stop["side"], stop["clusters"]) == ("above", COUNT / 5)
