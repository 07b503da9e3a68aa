"""`--until` with `--like`: a stored run of a similar model lets a benchmark stop sooner."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copytree
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest
from rich.console import Console

import upright
from tests.runs.test_until import in_fives, lopsided, stops
from tests.runs.toy import HURRIED, SUITE, endpoint, planned, toy
from tests.server import serving
from upright.core import (
    Benchmark,
    Interrupted,
    Metric,
    Model,
    Request,
    Response,
    Settings,
    StoreError,
    UsageError,
    each,
)
from upright.reports import load_profile, render_terminal, write_page
from upright.runs import Options, Plan, Progress, Run, finish, read_reference, run
from upright.runs.scoring import judging
from upright.runs.scoring.verify import verify
from upright.runs.storing.pack import pack, verify_pack
from upright.stats.metrics import macro, macro_f1, slice_of

COUNT = 600
H = 0.05
TOY = {"truthfulness/toy": toy()}.get
SETTINGS = msgspec.structs.replace(SUITE, score_sets=("upright",))


@dataclass(frozen=True)
class WrongOn:
    """Says rightly whether a number is even, but where `is_wrong`."""

    is_wrong: Callable[[int], bool]
    id: str = "toy/wrong"
    concurrency: int = 1
    can_choose: bool = False
    cacheable: bool = True
    facts: dict[str, str] = field(default_factory=dict)

    def batches(self, requests: Sequence[Request]) -> list[Sequence[Request]]:
        return [requests[at : at + 20] for at in range(0, len(requests), 20)]

    async def generate(self, requests: Sequence[Request]) -> list[Response]:
        return [
            Response(text=self.answer(int(r.messages[-1].content.split()[1]))) for r in requests
        ]

    def answer(self, number: int) -> str:
        return "yes" if (number % 2 == 0) != self.is_wrong(number) else "no"

    async def close(self) -> None:
        pass


BEFORE = WrongOn(lambda n: n % 4 == 0)
NOW = WrongOn(lambda n: n % 4 == 0 or n % 50 == 7)
"""2 % of its verdicts are others, 73 % right."""


def in_full(
    out: Path, model: Model = BEFORE, benchmark: Benchmark | None = None, **more: Any
) -> Run:
    settings = msgspec.structs.replace(SETTINGS, **more)
    return run(planned(model, COUNT, settings, benchmark), model, options=Options(out=out))


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return in_full(tmp_path_factory.mktemp("before"))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Without a reference."""
    return in_full(tmp_path_factory.mktemp("plain"), NOW, until=H)


@pytest.fixture(scope="module")
def found(before: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """With it."""
    return asked_like(before.path, tmp_path_factory.mktemp("found"))


def plan_like(
    other: Path, model: Model, until: float = H, benchmark: Benchmark | None = None, **more: Any
) -> Plan:
    settings = msgspec.structs.replace(SETTINGS, until=until, like=str(other), **more)
    plan = planned(model, COUNT, settings, benchmark)
    return plan.beside(read_reference(other, plan, {}))


def asked_like(
    other: Path, out: Path, model: Model = NOW, until: float = H, benchmark: Benchmark | None = None
) -> Run:
    plan = plan_like(other, model, until, benchmark)
    return run(plan, model, options=Options(out=out, patience=HURRIED))


def stop_of(run: Run) -> dict[str, Any]:
    [stop] = stops(run)
    return stop


def test_it_stops_sooner_and_says_beside_what(before: Run, plain: Run, found: Run) -> None:
    with_, without = stop_of(found), stop_of(plain)
    assert with_["stopped"]
    assert (with_["high"] - with_["low"]) / 2 <= H
    assert with_["low"] <= 0.73 <= with_["high"]
    assert with_["asked"] < 0.7 * without["asked"]
    assert (with_["like"], without["like"]) == (before.path.name, "")
    told = found.info["until"]["like"]
    assert (told["run"], told["model"]) == (before.path.name, BEFORE.id)
    assert told["samples"] == COUNT
    assert plain.info["until"]["like"] is None


def test_the_headline_is_the_value_of_all_and_its_interval_is_for_the_rate(
    before: Run, found: Run
) -> None:
    stop, estimates = stop_of(found), found.estimates.set_index("slice")
    headline = estimates.loc[""]
    told = f"stopped at {stop['asked']} of 600 samples"
    assert headline.method == (
        f"betting confidence sequence with the reference run {before.path.name}, {told}"
    )
    assert headline.n == stop["asked"]
    assert headline.low < stop["low"] < headline.value < stop["high"] < headline.high
    assert headline.value == pytest.approx(0.73, abs=0.02)
    # A part is seen as it was answered: the reference is held against the headline alone.
    assert estimates.loc["parity=odd"].method == f"betting confidence sequence, {told}"


def test_a_large_benchmark_is_held_against_it_answer_by_answer(
    before: Run, found: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a large one keeps no words of its answers, these would not be known again."""
    for room in (judging, finish):
        monkeypatch.setattr(room, "AT_ONCE", 30)
    again = asked_like(before.path, tmp_path)
    assert again.estimates.equals(found.estimates)


def test_the_same_answers_again_give_the_value_of_all_at_once(before: Run, tmp_path: Path) -> None:
    again = asked_like(before.path, tmp_path, BEFORE)
    assert again.estimates[again.estimates.headline].value.to_list() == pytest.approx([0.75])
    assert stop_of(again)["asked"] < COUNT / 5


@pytest.mark.parametrize(
    "is_wrong",
    [lambda n: not (n % 4 == 0 or n % 50 == 7), lambda n: n % 7 < 3],
    ids=["the opposite", "errs elsewhere"],
)
def test_one_that_foretells_nothing_costs_little(
    plain: Run, tmp_path: Path, is_wrong: Callable[[int], bool]
) -> None:
    worthless = in_full(tmp_path / "other", WrongOn(is_wrong))
    with_ = stop_of(asked_like(worthless.path, tmp_path / "now"))
    assert with_["asked"] <= 1.15 * stop_of(plain)["asked"]
    assert with_["low"] <= 0.73 <= with_["high"]


def test_one_that_never_errs_is_as_if_it_had_not_been_there(plain: Run, tmp_path: Path) -> None:
    perfect = in_full(tmp_path / "other", WrongOn(lambda n: False))
    found = asked_like(perfect.path, tmp_path / "now")
    assert stop_of(found) == stop_of(plain)
    assert found.estimates.equals(plain.estimates)
    assert found.info["until"]["like"]["samples"] == 0
    assert verify(found.path, TOY).holds


def test_its_numbers_follow_from_its_answers_and_the_stored_reference(
    found: Run, tmp_path: Path
) -> None:
    checked = verify(found.path, TOY)
    assert checked.holds, checked.unproven[:3]
    assert checked.numbers == len(found.estimates)
    packed = verify_pack(pack(found.path, tmp_path / "pack.zip"), lambda run: TOY)
    assert packed.holds, packed.unproven[:3]


def test_a_reference_that_was_tampered_with_is_seen(found: Run, tmp_path: Path) -> None:
    copy = Path(copytree(found.path, tmp_path / "copy"))
    path = copy / "reference.parquet"
    table = pq.read_table(path)
    assert table.num_rows == COUNT
    assert sum(table["asked"].to_pylist()) == stop_of(found)["asked"]
    changed = table["value"].to_pylist()
    changed[0] = 1 - changed[0]
    at = table.schema.get_field_index("value")
    pq.write_table(table.set_column(at, table.schema.field(at), [changed]), path)
    with pytest.raises(StoreError, match=r"not what run\.json says"):
        verify(copy, TOY)
    path.unlink()
    with pytest.raises(StoreError, match="is missing"):
        verify(copy, TOY)


def test_what_runs_in_full_is_as_if_there_had_been_no_reference(
    before: Run, tmp_path: Path
) -> None:
    full, never = in_full(tmp_path, NOW), asked_like(before.path, tmp_path, until=0.0001)
    assert not stop_of(never)["stopped"]
    assert never.estimates.equals(full.estimates)
    assert list(never.samples.sample_id) == list(full.samples.sample_id)


def test_a_mean_of_class_means_rests_on_it_too(tmp_path: Path) -> None:
    metric = Metric(name="balanced", compute=macro(slice_of("parity")), of=lopsided)
    benchmark = toy(metrics=(metric,))
    before = in_full(tmp_path / "before", benchmark=benchmark)
    whole = in_full(tmp_path / "whole", NOW, benchmark).estimates.value.iloc[0]
    found = asked_like(before.path, tmp_path / "now", until=0.08, benchmark=benchmark)
    without = in_full(tmp_path / "plain", NOW, benchmark, until=0.08)
    stop, headline = stop_of(found), found.estimates.iloc[0]
    assert stop["asked"] < stop_of(without)["asked"]
    assert stop["low"] < whole < stop["high"]
    assert "with the reference run" in headline.method
    assert headline.low < headline.value < headline.high
    checked = verify(found.path, {"truthfulness/toy": benchmark}.get)
    assert checked.holds, checked.unproven[:3]


def test_whole_clusters_are_held_against_the_reference(tmp_path: Path) -> None:
    benchmark = toy(samples=each(in_fives))
    before = in_full(tmp_path / "before", benchmark=benchmark)
    found = asked_like(before.path, tmp_path / "now", until=0.1, benchmark=benchmark)
    table = pq.read_table(found.path / "reference.parquet").to_pylist()
    assert [row["cluster"] for row in table if row["asked"]] == list(found.samples.group)
    assert stop_of(found)["stopped"]
    assert len(found.samples) % 5 == 0
    assert found.estimates.value.iloc[0] == pytest.approx(0.73, abs=0.03)


def test_a_reference_that_knows_a_part_alone_counts_there(tmp_path: Path) -> None:
    """Elsewhere it stands for its mean, which foretells nothing."""
    part = in_full(tmp_path / "part", limit=150)
    found = asked_like(part.path, tmp_path / "now")
    table = pq.read_table(found.path / "reference.parquet")
    assert table["value"].null_count == COUNT - 150
    assert found.info["until"]["like"]["samples"] == 150
    assert stop_of(found)["low"] <= 0.73 <= stop_of(found)["high"]


def test_answers_that_cannot_be_scored_keep_it_going(before: Run, tmp_path: Path) -> None:
    """Each may have been right or wrong, whatever the reference was."""
    with serving(rates={"400": 0.15}) as server:
        model = endpoint(server.url)
        plan = plan_like(before.path, model, 0.07)
        found = run(plan, model, options=Options(out=tmp_path, patience=HURRIED))
    assert found.info["calls"]["errors"] > 40
    assert not stop_of(found)["stopped"]


@pytest.mark.parametrize("after", [1, 2])
def test_interrupted_it_ends_as_if_it_had_not_been(
    before: Run, found: Run, tmp_path: Path, after: int
) -> None:
    rounds = 0

    def interrupt(progress: Progress) -> None:
        nonlocal rounds
        rounds += progress.done == 0
        if rounds == after and progress.done:
            raise KeyboardInterrupt

    plan = plan_like(before.path, NOW)
    with pytest.raises(Interrupted):
        run(plan, NOW, options=Options(out=tmp_path), on_progress=interrupt)
    again = asked_like(before.path, tmp_path)
    assert len(list(tmp_path.iterdir())) == 1
    assert again.estimates.equals(found.estimates)
    assert again.info["until"] == found.info["until"]


def test_another_reference_is_another_plan(before: Run, tmp_path: Path) -> None:
    """Also where it lies in the folder of the one before: bets must not know what came of them."""
    other, plan = in_full(tmp_path, NOW), plan_like(before.path, NOW)
    changed = plan.beside(read_reference(other.path, plan, {}))
    assert plan.hash != changed.hash
    assert plan.hash == plan_like(before.path, NOW).hash


def test_one_that_stopped_early_in_the_same_order_is_refused(plain: Run, tmp_path: Path) -> None:
    """What it lacks is what comes last: it would foretell the order."""
    with pytest.raises(UsageError, match="both have the seed 0"):
        plan_like(plain.path, NOW)
    plan = plan_like(plain.path, NOW, seed=1)
    found = run(plan, NOW, options=Options(out=tmp_path))
    assert stop_of(found)["low"] <= 0.73 <= stop_of(found)["high"]


def test_one_that_has_nothing_in_common_is_refused(before: Run) -> None:
    benchmark = toy(metrics=(Metric(name="f1", compute=macro_f1()),))
    with pytest.raises(UsageError, match="no verdict on any sample"):
        plan_like(before.path, NOW, benchmark=benchmark)


def test_one_that_is_not_finished_is_refused(before: Run, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(json.dumps({**before.info, "status": "stopped"}))
    with pytest.raises(StoreError, match="is not finished"):
        plan_like(tmp_path, NOW)


def test_one_on_other_data_is_refused(tmp_path: Path) -> None:
    files = {"toy.json": {"sha256": "1", "rows": 4, "patches": {}}}
    plan = planned(BEFORE, 4, SETTINGS)
    other = run(plan, BEFORE, options=Options(out=tmp_path, data=files))
    with pytest.raises(UsageError, match=r"other bytes of toy\.json"):
        read_reference(other.path, plan, {"toy.json": {**files["toy.json"], "sha256": "2"}})


@pytest.mark.parametrize(
    ("given", "why"),
    [({}, "Add --until"), ({"until": 0.03, "decide": 0.9}, "Leave out one of them")],
)
def test_it_goes_with_a_half_width_alone(given: dict[str, float], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        Settings(like="runs/before", **given)  # type: ignore[arg-type]


def test_reports_name_the_reference(before: Run, found: Run, tmp_path: Path) -> None:
    profile = load_profile(found.path)
    console = Console(record=True, width=200)
    render_terminal(profile, console)
    saved, name = found.info["until"]["calls"]["saved"], before.path.name
    line = f"Until ±0.05 with {name} of {BEFORE.id} as reference: {saved} of 600 calls saved;"
    assert line in console.export_text()
    write_page(profile, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text("utf-8")
    assert line in page
    assert found.info["until"]["like"]["sha256"] in page


def test_the_whole_way_through_the_front_door(tmp_path: Path) -> None:
    def measured(**more: Any) -> Run:
        chosen = {"suite": "mini", "benchmark": "safety/misuse", "out": tmp_path, **more}
        return upright.evaluate("mock/random", **chosen)

    before = measured()
    found = measured(until=0.2, like=before.path)
    assert found.info["settings"]["like"] == str(before.path)
    assert found.info["until"]["like"]["run"] == before.path.name
    assert upright.verify(found.path).holds
