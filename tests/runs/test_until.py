"""`--until`: a benchmark that has told enough asks no more, and says what that means."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from rich.console import Console

from tests.runs.toy import HURRIED, SUITE, endpoint, numbers, planned, to_sample, toy
from tests.server import serving
from upright.core import Benchmark, Interrupted, Metric, Row, Sample, Settings, UsageError, each
from upright.models import open_model
from upright.reports import load_profile, render_terminal, write_page
from upright.runs import Options, Plan, Progress, Run, make_plan, run
from upright.runs.rounds import FIRST
from upright.runs.scoring.verify import verify
from upright.stats.metrics import gap, macro, macro_f1, mean, slice_of

COUNT = 600


def settings(until: float, **changes: Any) -> Settings:
    return msgspec.structs.replace(SUITE, until=until, **changes)


def asked(
    out: Path, until: float, name: str = "mock/random", benchmark: Benchmark | None = None
) -> Run:
    model = open_model(name)
    plan = planned(model, COUNT, settings(until), benchmark)
    return run(plan, model, options=Options(out=out, patience=HURRIED))


def stops(run: Run) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = run.info["until"]["score_sets"]
    return found


def test_it_stops_and_the_directory_counts_what_was_asked(tmp_path: Path) -> None:
    found = asked(tmp_path, 0.08)
    rows = Counter(found.samples.score_set)
    for stop in stops(found):
        assert stop["stopped"]
        assert stop["planned"] == COUNT
        assert FIRST < stop["asked"] == rows[stop["score_set"]] < COUNT / 2
        assert (stop["high"] - stop["low"]) / 2 <= 0.08
        assert stop["rounds"] > 1
        assert stop["reason"] == "the value of the whole benchmark is known to ±0.08"
    calls = found.info["until"]["calls"]
    assert calls["asked"] == found.info["calls"]["asked"] == sum(rows.values())
    assert calls["saved"] == 2 * COUNT - calls["asked"]


def test_its_numbers_carry_an_interval_that_allows_for_stopping(tmp_path: Path) -> None:
    found = asked(tmp_path, 0.08)
    [stop, _] = stops(found)
    told = f"stopped at {stop['asked']} of 600 samples"
    assert set(found.estimates.method) == {f"betting confidence sequence, {told}"}
    headline = found.estimates[found.estimates.headline].iloc[0]
    assert headline.low < headline.value < headline.high
    assert headline.high - headline.low > stop["high"] - stop["low"]
    assert headline.n == stop["asked"]


def test_its_numbers_follow_from_its_answers(tmp_path: Path) -> None:
    found = asked(tmp_path, 0.08)
    checked = verify(found.path, {"truthfulness/toy": toy()}.get)
    assert checked.holds, checked.unproven[:3]
    assert checked.numbers == len(found.estimates)


def test_one_that_never_stops_is_as_if_it_had_not_been_asked_to(tmp_path: Path) -> None:
    found, plain = asked(tmp_path, 0.001), asked_in_full(tmp_path)
    assert not any(stop["stopped"] for stop in stops(found))
    assert {stop["reason"] for stop in stops(found)} == {"in full: ±0.001 was not reached sooner"}
    assert found.estimates.equals(plain.estimates)
    assert list(found.samples.sample_id) == list(plain.samples.sample_id)
    assert plain.info["until"] is None


def asked_in_full(out: Path) -> Run:
    model = open_model("mock/random")
    return run(planned(model, COUNT, SUITE), model, options=Options(out=out))


def test_a_headline_that_is_no_mean_runs_in_full(tmp_path: Path) -> None:
    metric = Metric(name="f1", compute=macro_f1())
    found = asked(tmp_path, 0.2, benchmark=toy(metrics=(metric,)))
    for stop in stops(found):
        assert (stop["asked"], stop["rounds"]) == (COUNT, 1)
        assert stop["reason"] == "in full: f1 is no mean, nor one of class means"
        assert stop["low"] is None


def lopsided(sample: Sample) -> bool:
    """All odd numbers, and one in five of the even ones."""
    number = int(sample.prompt.split()[1])
    return number % 2 == 1 or number % 10 == 0


def test_a_mean_of_class_means_stops_too(tmp_path: Path) -> None:
    """Always yes: right where the number is even. A plain mean would be 1/6."""
    metric = Metric(name="balanced", compute=macro(slice_of("parity")), of=lopsided, by=("parity",))
    found = asked(tmp_path, 0.1, "mock/always-yes", toy(metrics=(metric,)))
    [stop, _] = stops(found)
    assert stop["stopped"]
    assert stop["low"] < 0.5 < stop["high"]
    assert stop["weights"] == [["", "even", 3.0], ["", "odd", 0.6]]
    headline = found.estimates[found.estimates.headline].iloc[0]
    assert headline.value == 0.5
    assert headline.low < 0.5 < headline.high
    assert headline.method.startswith("betting confidence sequence")
    told = found.estimates.set_index("slice").method
    assert told["parity=odd"].str.endswith("for which this interval does not allow").all()
    checked = verify(found.path, {"truthfulness/toy": toy(metrics=(metric,))}.get)
    assert checked.holds, checked.unproven[:3]


def test_other_metrics_of_a_stopped_benchmark_say_what_their_interval_is(tmp_path: Path) -> None:
    odd = gap(lambda i: i.sample.slices["parity"] == "odd", lambda i: i.sample.target == "yes")
    metrics = (Metric(name="right", compute=mean()), Metric(name="gap", compute=odd))
    found = asked(tmp_path, 0.08, benchmark=toy(metrics=metrics))
    told = found.estimates.set_index("metric").method
    assert told["gap"].str.endswith("samples, for which this interval does not allow").all()


def test_a_rate_that_might_be_corrected_is_not_after_stopping(tmp_path: Path) -> None:
    metric = Metric(name="right", compute=mean(), event="refusal")
    found = asked(tmp_path, 0.08, benchmark=toy(metrics=(metric,)))
    assert found.estimates.correction.str.startswith("not corrected: stopped early").all()


@pytest.mark.parametrize("after", [1, 2, 3])
def test_interrupted_it_ends_as_if_it_had_not_been(tmp_path: Path, after: int) -> None:
    """In the middle of any round: same order, same rounds, same stop."""
    whole = asked(tmp_path / "whole", 0.06)
    model = open_model("mock/random")
    plan = planned(model, COUNT, settings(0.06))
    begun = Counter[str]()

    def interrupt(progress: Progress) -> None:
        begun["rounds"] += progress.done == 0
        if begun["rounds"] == after and progress.done:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted):
        run(plan, model, options=Options(out=tmp_path / "parts"), on_progress=interrupt)
    again = asked(tmp_path / "parts", 0.06)
    assert len(list((tmp_path / "parts").iterdir())) == 1
    assert again.estimates.equals(whole.estimates)
    assert list(again.samples.sample_id) == list(whole.samples.sample_id)
    assert again.info["until"] == whole.info["until"]
    assert again.info["calls"] == whole.info["calls"]


def test_answers_that_cannot_be_scored_keep_it_going(tmp_path: Path) -> None:
    """Each may have been right or wrong: 15 % of them leave more open than ±0.05."""
    with serving(rates={"400": 0.15}) as server:
        model = endpoint(server.url)
        plan = planned(model, 300, settings(0.05, score_sets=("upright",)))
        found = run(plan, model, options=Options(out=tmp_path, patience=HURRIED))
    assert found.info["calls"]["errors"] > 20
    assert not stops(found)[0]["stopped"]


def in_fives(row: Row) -> Sample:
    return replace(to_sample(row), group=f"g{row['number'] // 5}")


def half(sample: Sample) -> bool:
    return int(sample.group[1:]) % 2 == 0


def test_clusters_stay_whole_and_those_beside_the_headline_keep_pace(tmp_path: Path) -> None:
    metrics = (
        Metric(name="half", compute=mean(), of=half),
        Metric(name="all", compute=mean()),
    )
    benchmark = toy(samples=each(in_fives), metrics=metrics)
    found = asked(tmp_path, 0.1, benchmark=benchmark)
    one = found.samples[found.samples.score_set == "upright"]
    sizes = Counter(one.group)
    [stop, _] = stops(found)
    assert set(sizes.values()) == {5}
    assert stop["stopped"]
    assert stop["clusters"] == 60
    leading = sum(int(group[1:]) % 2 == 0 for group in sizes)
    assert abs(2 * leading - len(sizes)) <= 2
    # one cluster after the other, in the order in which they were drawn
    assert [g for at, g in enumerate(one.group) if at % 5 == 0] == list(sizes)
    assert list(sizes) != sorted(sizes, key=lambda g: int(g[1:]))


def test_metrics_about_more_of_a_cluster_than_the_headline(tmp_path: Path) -> None:
    """Bets on those must not be as high as on one sample a cluster: they could lose all, and
    numpy's warning of that is an error here."""
    one = Metric(name="one", compute=mean(), of=lambda s: int(s.prompt.split()[1]) % 5 == 0)
    metrics = (one, Metric(name="all", compute=mean()))
    benchmark = toy(samples=each(in_fives), metrics=metrics)
    found = asked(tmp_path, 0.15, "mock/oracle", benchmark)
    [stop, _] = stops(found)
    assert stop["stopped"]
    assert (stop["largest"], stop["largest_of_all"]) == (1.0, 5)
    assert (found.estimates.value == 1).all()
    for name in ("mock/always-yes", "mock/random"):
        assert asked(tmp_path, 0.15, name, benchmark).estimates.low.notna().all()


def test_the_seed_decides_the_order(tmp_path: Path) -> None:
    model = open_model("mock/random")

    def first(seed: int) -> list[str]:
        found = run(
            planned(model, COUNT, settings(0.08, seed=seed)),
            model,
            options=Options(out=tmp_path / str(seed)),
        )
        return list(found.samples.sample_id[:50])

    assert first(1) != first(2)


def plan_of(until: float, **changes: Any) -> Plan:
    model = open_model("mock/random")
    rows = numbers(4)
    return make_plan({"a/b": toy()}, lambda b, p: rows, model, settings(until, **changes))


@pytest.mark.parametrize("until", [0.0, -0.1, 0.5, 3.0])
def test_a_half_width_that_makes_no_sense_is_named(until: float) -> None:
    with pytest.raises(UsageError, match="between 0 and"):
        plan_of(until)


def test_judge_models_and_stopping_do_not_go_together() -> None:
    with pytest.raises(UsageError, match="Leave out --until or --judge"):
        plan_of(0.03, judge=("openai/judge",))


def test_reports_say_what_was_saved(tmp_path: Path) -> None:
    found = asked(tmp_path, 0.08)
    profile = load_profile(found.path)
    console = Console(record=True, width=120)
    render_terminal(profile, console)
    calls = json.loads((found.path / "run.json").read_bytes())["until"]["calls"]
    line = f"Until ±0.08: {calls['saved']} of 1,200 calls saved; 2 of 2 score sets stopped early"
    told = console.export_text()
    assert line in told
    assert "of 600 samples asked; all of them would give 0." in told
    write_page(profile, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text("utf-8")
    assert line in page
    assert "Stopping early" in page
