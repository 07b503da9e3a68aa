"""Runs against a real server that misbehaves: nothing vanishes, nothing is asked twice."""

import asyncio
import json
import os
import resource
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.runs.toy import HURRIED, SUITE, carry_out, endpoint, planned
from tests.server import MEGABYTE, serving
from upright.core import Estimate, ModelRefused, Outcome, Response, StoreError, UprightWarning
from upright.models import open_model
from upright.reports import load_profile
from upright.reports.text.profile import duration
from upright.runs import Cache, Patience, Progress, Run, open_run
from upright.runs.asking.outage import GIVEN_UP, Outage
from upright.runs.storing.store import place, write_info
from upright.runs.storing.tables import COLUMNS

FAULTS = {
    "429": 0.15,
    "500": 0.1,
    "disconnect": 0.1,
    "truncated": 0.1,
    "html": 0.05,
    "no-choices": 0.05,
    "garbage": 0.03,
    "delay": 0.02,
}


def test_under_faults_every_sample_ends_scored_or_with_a_named_outcome(tmp_path: Path) -> None:
    with serving(rates=FAULTS) as server:
        patience = Patience(max_attempts=3, first=0.001, longest_obeyed=0.01)
        run = carry_out(endpoint(server.url), tmp_path, 120, patience=patience)
    samples = run.samples[run.samples.score_set == "upright"]
    headline = run.estimates[run.estimates.headline].iloc[0]
    scored = samples.value.notna().sum()
    assert len(samples) == headline.n == scored + headline.n_unscored == 120
    assert set(samples.outcome) == {Outcome.ANSWERED, Outcome.ERROR}
    assert samples.error[samples.outcome == "error"].str.contains("3 attempts").all()
    assert max(server.answered.values()) == 1
    assert run.info["calls"]["errors"] == (samples.outcome == "error").sum()


def test_odd_answers_reach_the_table(tmp_path: Path) -> None:
    with serving(rates={"nul": 0.3, "megabyte": 0.1, "surrogates": 0.3}) as server:
        run = carry_out(endpoint(server.url), tmp_path, 30)
    texts = pq.read_table(run.path / "samples.parquet")["response"].to_pylist()
    assert any("\x00" in text for text in texts)
    assert any("\\ud83d" in text for text in texts)
    assert any(len(text) > MEGABYTE for text in texts)


def test_a_run_directory_says_all_that_is_needed_to_repeat_it(tmp_path: Path) -> None:
    told = {"toy.json": {"sha256": "00", "rows": 40, "patches": {"D1": 3}}}
    run = carry_out(open_model("mock/oracle"), tmp_path, data=told)
    assert tuple(pq.read_schema(run.path / "samples.parquet").names) == COLUMNS
    assert tuple(run.estimates.columns) == Estimate.__struct_fields__
    assert run.path.name.startswith("mock-oracle-trustllm-2")
    assert run.info["data"] == told
    assert run.info["settings"]["suite"] == SUITE.suite
    assert run.info["model"]["id"] == "mock/oracle"
    assert run.info["status"] == "finished"
    assert run.info["benchmarks"]["truthfulness/toy"]["licence"] == "Apache-2.0"
    headlines = open_run(run.path).estimates.query("headline")
    assert list(headlines.value) == [1.0, 1.0]
    assert set(run.estimates.slice) == {"", "parity=even", "parity=odd"}
    assert not list(run.path.glob("*.unfinished"))


def test_a_second_run_asks_the_cache_and_only_the_missing(tmp_path: Path) -> None:
    with serving() as server:
        for count in (20, 30):
            cache = Cache(tmp_path / "cache.sqlite")
            run = carry_out(endpoint(server.url), tmp_path / "runs", count, cache=cache)
        assert run.info["calls"] == {"planned": 30, "asked": 10, "from_cache": 20, "errors": 0}
        assert len(server.log) == 30
        carry_out(endpoint(server.url), tmp_path / "runs", 30)
        assert len(server.log) == 60
    assert len(list((tmp_path / "runs").iterdir())) == 3


def test_a_wrong_key_stops_the_run_and_loses_nothing(tmp_path: Path) -> None:
    with serving(refuse_after=10) as server:
        with pytest.raises(ModelRefused, match=r"10 of 40 answers are saved .*upright run toy"):
            carry_out(endpoint(server.url, concurrency=1), tmp_path)
        [path] = tmp_path.iterdir()
        assert json.loads((path / "run.json").read_bytes())["status"] == "stopped"
        with pytest.raises(StoreError, match="not finished"):
            open_run(path)
        server.refuse_after = None
        run = carry_out(endpoint(server.url), tmp_path)
    assert run.path == path
    assert run.info["calls"]["asked"] == 40
    assert Counter(server.answered.values()) == {1: 40}


def test_the_time_between_two_sessions_is_no_part_of_what_a_run_took(tmp_path: Path) -> None:
    """The first session was stopped, the second killed: its last answer tells when."""
    with serving(refuse_after=10) as server:
        with pytest.raises(ModelRefused):
            carry_out(endpoint(server.url, concurrency=1), tmp_path)
        [path] = tmp_path.iterdir()
        info = json.loads((path / "run.json").read_bytes())
        assert [len(session) for session in info["sessions"]] == [2]
        stopped = ["2026-01-01T10:00:00+00:00", "2026-01-01T11:00:00+00:00"]
        killed = ["2026-01-02T10:00:00+00:00", None]
        write_info(path, {**info, "sessions": [stopped, killed]})
        last = datetime(2026, 1, 2, 10, 30, tzinfo=UTC).timestamp()
        os.utime(path / "journal.jsonl", (last, last))
        server.refuse_after = None
        carry_out(endpoint(server.url), tmp_path)
    assert duration(load_profile(path).run) == "1 h 30 min in 3 sessions"


@pytest.mark.parametrize("attempts", [1, 6])
def test_a_server_that_stays_away_stops_the_run_instead_of_filling_it_with_errors(
    attempts: int, tmp_path: Path
) -> None:
    patience = replace(HURRIED, max_attempts=attempts)

    def all_fail_after_ten(progress: Progress) -> None:
        if progress.done == 10:
            server.rates = {"500": 1.0}

    with serving() as server:
        model = endpoint(server.url, concurrency=1)
        with pytest.raises(ModelRefused, match=r"The last 20 questions.*\n10 of 80 answers are"):
            carry_out(model, tmp_path, 80, all_fail_after_ten, patience=patience)
        server.rates = {}
        run = carry_out(endpoint(server.url), tmp_path, 80)
    assert run.info["calls"] == {"planned": 80, "asked": 80, "from_cache": 0, "errors": 0}
    assert set(server.answered.values()) == {1}


@pytest.mark.parametrize(("count", "says"), [(5, "The last 5 questions were"), (1, "The only one")])
def test_a_run_that_gets_no_answer_at_all_has_measured_nothing(
    count: int, says: str, tmp_path: Path
) -> None:
    """Too few questions for an outage to be seen while they are asked."""
    with serving(rates={"500": 1.0}) as server:
        with pytest.raises(ModelRefused, match=rf"{says}.*\n0 of {count} answers are"):
            carry_out(endpoint(server.url), tmp_path, count)
        server.rates = {}
        run = carry_out(endpoint(server.url), tmp_path, count)
    assert run.info["calls"]["asked"] == count
    assert len(list(tmp_path.iterdir())) == 1, "it goes on where it stopped"


def test_an_answer_is_not_given_up_whatever_its_server_says_of_it() -> None:
    outage = Outage(concurrency=1)
    outage.watch([Response(text="yes", finish_reason=GIVEN_UP)] * 100)
    assert not outage.in_a_row


def test_a_question_that_never_gets_an_answer_does_not_keep_the_others_from_ending(
    tmp_path: Path,
) -> None:
    """All that is left to ask is given up, but earlier runs were told the rest."""
    with serving() as server:
        carry_out(endpoint(server.url), tmp_path, 39, cache=Cache(tmp_path / "cache.sqlite"))
        server.rates = {"500": 1.0}
        cache = Cache(tmp_path / "cache.sqlite")
        run = carry_out(endpoint(server.url), tmp_path, 40, cache=cache)
    assert run.info["calls"] == {"planned": 40, "asked": 1, "from_cache": 39, "errors": 1}
    assert list(run.samples.outcome).count("error") == len(run.samples) // 40


def test_what_a_server_will_never_answer_is_no_outage(tmp_path: Path) -> None:
    """A prompt too long is not tried again, however patient one is."""
    with serving(rates={"400": 0.9}) as server:
        patience = replace(HURRIED, max_attempts=1)
        run = carry_out(endpoint(server.url, concurrency=1), tmp_path, 80, patience=patience)
    assert run.info["calls"]["errors"] > 60
    assert len(server.log) == 80


def test_what_an_outage_cost_is_asked_again_at_the_end(tmp_path: Path) -> None:
    seen: list[Progress] = []

    def on_progress(progress: Progress) -> None:
        seen.append(progress._replace(outcomes=dict(progress.outcomes)))
        server.rates = {"500": 1.0} if 10 <= progress.done < 25 else {}

    with serving() as server:
        run = carry_out(endpoint(server.url, concurrency=1), tmp_path, on_progress=on_progress)
    assert max(progress.outcomes.get(Outcome.ERROR, 0) for progress in seen) == 15
    assert seen[-1].outcomes == {Outcome.ANSWERED: 40}
    assert run.info["calls"] == {"planned": 40, "asked": 40, "from_cache": 0, "errors": 0}
    assert run.samples.value.notna().all()


def test_a_wrong_key_is_noticed_at_the_first_answers(tmp_path: Path) -> None:
    with serving(key="right") as server, pytest.raises(ModelRefused, match="refused the key"):
        carry_out(endpoint(server.url, concurrency=4), tmp_path, 200)
    assert len(server.log) <= 8


def test_concurrency_is_used_and_bounded(tmp_path: Path) -> None:
    with serving(delay=0.02) as server:
        carry_out(endpoint(server.url, concurrency=7), tmp_path)
    assert server.most_under_way == 7


def test_progress_ends_with_everything_counted(tmp_path: Path) -> None:
    seen: list[Progress] = []
    with serving(rates={"400": 0.3}) as server:
        run = carry_out(endpoint(server.url), tmp_path, on_progress=seen.append)
    assert (seen[0].done, seen[-1].done, seen[-1].total) == (0, 40, 40)
    assert seen[-1].outcomes[Outcome.ERROR] == run.info["calls"]["errors"] > 0
    assert sum(seen[-1].outcomes.values()) == 40


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="--out"):
        carry_out(open_model("mock/oracle"), tmp_path / "file" / "runs")


def test_a_full_disk_keeps_what_was_received(tmp_path: Path) -> None:
    with serving(rates={"megabyte": 0.2}) as server:
        with largest_file(200_000), pytest.raises(StoreError, match="Free some space"):
            carry_out(endpoint(server.url, concurrency=1), tmp_path, 40)
        before = sum(server.answered.values())
        run = carry_out(endpoint(server.url), tmp_path, 40)
    assert run.info["calls"]["errors"] == 0
    # Only the answer that did not fit was asked again.
    assert 1 < before < 40
    assert sum(server.answered.values()) == 41


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """No file may grow beyond `size` bytes: what a full disk feels like."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)


def test_another_runs_damage_does_not_stop_this_one(tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "run.json").write_text("{")
    model = open_model("mock/oracle")
    path, earlier = place(tmp_path, planned(model), model)
    assert not earlier
    assert path.parent == tmp_path


@pytest.mark.parametrize("field", ["model", "settings", "benchmarks"])
def test_a_description_that_is_none_is_named(tmp_path: Path, field: str) -> None:
    path = carry_out(open_model("mock/oracle"), tmp_path).path
    write_info(path, {**open_run(path).info, field: "?"})
    with pytest.raises(StoreError, match=rf"{path}/run.json is not a run's description: .*{field}"):
        open_run(path)


def test_an_interrupted_run_whose_description_is_damaged_is_told(tmp_path: Path) -> None:
    """It cannot go on there, and what was paid for is in the cache all the same."""
    with serving(refuse_after=10) as server:
        model = endpoint(server.url, concurrency=1)
        with pytest.raises(ModelRefused):
            carry_out(model, tmp_path / "runs", cache=Cache(tmp_path / "cache.sqlite"))
        [path] = (tmp_path / "runs").iterdir()
        (path / "run.json").write_text("{")
        server.refuse_after = None
        with pytest.warns(UprightWarning, match=rf"{path}/run.json is damaged.* begun anew"):
            run = carry_out(model, tmp_path / "runs", cache=Cache(tmp_path / "cache.sqlite"))
    assert run.path != path
    assert run.info["calls"]["from_cache"] == 10
    assert set(server.answered.values()) == {1}


def test_a_run_may_be_started_where_a_loop_is_running(tmp_path: Path) -> None:
    async def notebook() -> Run:
        return carry_out(open_model("mock/oracle"), tmp_path)

    assert asyncio.run(notebook()).info["status"] == "finished"
