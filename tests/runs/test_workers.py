"""Several processes ask: the same answers, nothing twice, whoever dies."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import upright
from tests.runs.test_kill import COUNT, assert_asked_once, child, wait_for
from tests.runs.toy import (
    CONCURRENCY,
    HURRIED,
    RUBRIC,
    SUITE,
    carry_out,
    endpoint,
    planned,
    staffed,
    toy,
)
from tests.server import Server, serving
from upright.core import Model, ModelRefused, Request, Response, Settings, StoreError, UsageError
from upright.models import ModelOptions, open_model
from upright.runs import Cache, Options, Reached, Run, Staffing, run
from upright.runs.asking.limits import Limits
from upright.runs.storing.journal import read_journal
from upright.runs.storing.shards import answers_of, left_behind
from upright.runs.workers import processes, team
from upright.runs.workers.shift import Shift
from upright.runs.workers.team import LIVES, Staff, Worker, Workers, split
from upright.runs.workers.words import Begin, FromWorker, Hello, Questions, Refused

FAULTS = {"429": 0.1, "500": 0.1, "disconnect": 0.1, "truncated": 0.1}
OF_THIS_TIME = ["latency_s", "attempts"]
"""Columns that are about the asking, not about the answer."""


def asked_by(workers: int, server: Server, out: Path, count: int = 60, **options: Any) -> Run:
    model = endpoint(server.url, concurrency=CONCURRENCY)
    staffing = staffed(server.url, workers, concurrency=CONCURRENCY)
    return carry_out(model, out, count, staffing=staffing, **options)


def processes_of(parent: int) -> list[int]:
    """Its workers."""
    told = subprocess.run(
        ["ps", "-ww", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True
    )
    rows = [line.split(None, 2) for line in told.stdout.splitlines()[1:]]
    return [int(r[0]) for r in rows if int(r[1]) == parent and "workers.processes" in r[2]]


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.process
def test_however_many_ask_the_run_is_the_same(tmp_path: Path) -> None:
    with serving(rates=FAULTS) as server:
        runs = [asked_by(workers, server, tmp_path / str(workers)) for workers in (1, 2, 3)]
        assert set(server.answered.values()) == {3}
    for one in runs:
        assert one.samples.drop(columns=OF_THIS_TIME).equals(
            runs[0].samples.drop(columns=OF_THIS_TIME)
        )
        assert one.estimates.equals(runs[0].estimates)
        for name in ("calls", "tokens", "plan", "model", "baselines"):
            assert one.info[name] == runs[0].info[name]
        assert {path.name for path in one.path.iterdir()} == {
            *("run.json", "journal.jsonl", "samples.parquet", "estimates.parquet")
        }


@pytest.mark.process
def test_what_workers_are_given_at_once_makes_no_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a large plan they get a part, and the next one when all of it is answered."""
    with serving(rates=FAULTS) as server:
        alone = asked_by(1, server, tmp_path / "1")
        monkeypatch.setattr(team, "TOGETHER", 25)
        monkeypatch.setattr(team, "EACH", 5)
        parts = asked_by(2, server, tmp_path / "2")
        assert set(server.answered.values()) == {2}
    assert parts.samples.drop(columns=OF_THIS_TIME).equals(alone.samples.drop(columns=OF_THIS_TIME))
    assert not left_behind(str(parts.path))


def test_judges_are_asked_by_workers_too(tmp_path: Path) -> None:
    with serving(answer=lambda prompt: '{"verdict": "yes"}') as server:
        options = ModelOptions(base_url=server.url)
        model, judge = (open_model(f"openai/{name}", options) for name in ("test", "judge"))
        plan = planned(model, 20, Settings(suite="mini", judge=(judge.id,)), toy(rubric=RUBRIC))
        staffing = staffed(server.url, 2, ("openai/test", "openai/judge"))
        done = run(plan, model, [judge], Options(out=tmp_path, staffing=staffing))
    assert done.info["judge_calls"]["asked"] == 20
    assert set(done.samples.judge) == {judge.id}
    assert set(server.answered.values()) == {1}


def test_models_that_look_at_the_sample_are_given_it(tmp_path: Path) -> None:
    model = open_model("mock/oracle")
    staffing = Staffing(workers="2", models={model.id: Reached("mock/oracle", ModelOptions())})
    done = carry_out(model, tmp_path, staffing=staffing)
    assert done.samples.value.eq(1.0).all()


def test_rounds_of_one_that_may_stop_early_use_the_same_workers(tmp_path: Path) -> None:
    settings = SUITE.__class__(suite="trustllm", until=0.1)
    with serving() as server:
        alone = asked_by(1, server, tmp_path / "1", COUNT, settings=settings)
        two = asked_by(2, server, tmp_path / "2", COUNT, settings=settings)
    assert two.info["until"] == alone.info["until"]
    assert two.estimates.equals(alone.estimates)


def test_what_workers_were_told_is_cached(tmp_path: Path) -> None:
    with serving() as server:
        for _ in range(2):
            cache = Cache(tmp_path / "cache.sqlite")
            done = asked_by(2, server, tmp_path / "runs", cache=cache)
        assert set(server.answered.values()) == {1}
    assert done.info["calls"] == {"planned": 60, "asked": 0, "from_cache": 60, "errors": 0}


@pytest.mark.process
def test_progress_counts_what_is_under_way_elsewhere(tmp_path: Path) -> None:
    seen: list[int] = []
    with serving(delay=0.2) as server:
        asked_by(2, server, tmp_path, 120, on_progress=lambda p: seen.append(p.done))
    assert (seen[0], seen[-1]) == (0, 120)
    assert any(0 < done < 60 for done in seen)


@pytest.mark.process
def test_a_worker_that_is_killed_has_a_successor_and_nothing_is_asked_twice(
    tmp_path: Path,
) -> None:
    killed: list[int] = []

    def kill_one() -> None:
        wait_for(server, COUNT // 3)
        killed.extend(processes_of(os.getpid())[:1])
        os.kill(killed[0], signal.SIGKILL)

    with serving(delay=0.03) as server:
        murder = threading.Thread(target=kill_one)
        murder.start()
        done = asked_by(2, server, tmp_path, COUNT)
        murder.join()
        again = sum(times - 1 for times in server.answered.values())
    assert killed
    assert done.samples.value.notna().all()
    assert done.info["calls"] == {"planned": COUNT, "asked": COUNT, "from_cache": 0, "errors": 0}
    # What the server had sent and the dead worker not yet read: one answer a connection.
    assert again <= CONCURRENCY // 2


@pytest.mark.process
def test_a_run_that_is_killed_takes_its_workers_along_and_the_next_takes_over(
    tmp_path: Path,
) -> None:
    with serving(delay=0.03) as server:
        with child(server, tmp_path, "0", "2") as process:
            wait_for(server, COUNT // 2)
            workers = processes_of(process.pid)
            process.kill()
            process.wait()
        assert len(workers) == 2
        wait_until(lambda: all(map(gone, workers)))
        [path] = tmp_path.iterdir()
        safe = [
            key for place in left_behind(str(path)) for some in answers_of(place) for key in some
        ]
        assert COUNT // 3 < len(safe) < COUNT
        done = carry_out(endpoint(server.url, concurrency=CONCURRENCY), tmp_path, COUNT)
        assert done.path == path
        assert_asked_once(server, safe)
    assert done.info["calls"]["asked"] == COUNT
    assert not left_behind(str(path))


@pytest.mark.process
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_by_the_user_all_is_saved(tmp_path: Path, number: signal.Signals) -> None:
    with serving(delay=0.03) as server:
        with child(server, tmp_path, "0", "2") as process:
            wait_for(server, COUNT // 3)
            process.send_signal(number)
            _, told = process.communicate(timeout=20)
        [path] = tmp_path.iterdir()
        received = read_journal(path / "journal.jsonl")
        assert "Traceback" not in told
        assert f"Stopped. {len(received)} of {COUNT} answers are saved" in told
        assert not left_behind(str(path))
        carry_out(endpoint(server.url, concurrency=CONCURRENCY), tmp_path, COUNT)
        assert_asked_once(server, received)


def test_what_stops_one_worker_stops_the_run_and_says_why(tmp_path: Path) -> None:
    with serving(key="right") as server:
        with pytest.raises(ModelRefused, match="refused the key"):
            asked_by(2, server, tmp_path)
        assert len(server.log) <= 2 * CONCURRENCY
    with pytest.raises(ModelRefused, match="Is the server running"):
        asked_by(2, server, tmp_path)
    assert not processes_of(os.getpid())


def test_a_model_that_a_worker_cannot_open_is_said(tmp_path: Path) -> None:
    model = open_model("mock/oracle")
    staffing = Staffing(workers="2", models={model.id: Reached("mok/oracle", ModelOptions())})
    with pytest.raises(StoreError, match="There is no model provider 'mok'"):
        carry_out(model, tmp_path, staffing=staffing)


@pytest.mark.process
def test_workers_that_die_at_once_are_not_replaced_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "uvloop.py").write_text("raise RuntimeError('broken here')")
    with serving() as server, pytest.raises(ModelRefused, match=f"{LIVES} workers in a row"):
        asked_by(2, server, tmp_path / "runs")
    assert "broken here" in capfd.readouterr().err


def test_where_one_worker_has_no_place_another_does_its_work(tmp_path: Path) -> None:
    places = iter([True, False])
    refused: list[Hello] = []
    came: dict[str, Response] = {}

    async def hire(hello: Hello) -> Worker:
        if next(places):
            return await processes.hire(hello)
        refused.append(hello)
        await asyncio.Event().wait()
        raise AssertionError("nobody waits for ever")

    async def ask_all(model: Model, requests: Sequence[Request]) -> None:
        models = staffed(server.url, 2, concurrency=CONCURRENCY).models
        staff = Staff(hire=hire, number=2, models=models, shards=str(tmp_path))
        crew = Workers(staff, HURRIED, Limits())
        receiver = SimpleNamespace(received=came.update, under_way=print, heartbeat=print)
        await crew.ask(model, requests, receiver, again=False)
        await crew.close()

    with serving() as server:
        model = endpoint(server.url, concurrency=CONCURRENCY)
        requests = planned(model).requests
        asyncio.run(ask_all(model, list(requests)))
        assert set(server.answered.values()) == {1}
    assert set(came) == {request.key for request in requests}
    assert len(refused) == 1


def test_a_bug_in_a_worker_is_told_and_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def told() -> FromWorker:
        words: asyncio.Queue[FromWorker] = asyncio.Queue()
        hello = Hello(
            spec="mock/oracle",
            options=ModelOptions(),
            concurrency=1,
            patience=HURRIED,
            limits=Limits(),
            workers=1,
        )
        shift = Shift(hello, words.put_nowait)
        shift.hear(Questions([]))
        monkeypatch.setattr("upright.runs.asking.crew.drive", lambda *told: 1 / 0)
        shift.hear(Begin(str(tmp_path / "shard.jsonl"), again=False))
        word = await words.get()
        await shift.end()
        return word

    word = asyncio.run(told())
    assert isinstance(word, Refused)
    assert "ZeroDivisionError" in word.why


def test_without_ray_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "upright.runs.workers.cluster", raising=False)
    monkeypatch.delattr("upright.runs.workers.cluster", raising=False)
    for _ in range(2):  # the journal is not left locked
        with pytest.raises(UsageError, match=r"pip install 'upright\[ray\]'"):
            carry_out(open_model("mock/oracle"), tmp_path, staffing=Staffing(on="ray"))


def test_a_function_cannot_be_shared(tmp_path: Path) -> None:
    job = upright.Job(out=tmp_path, staffing=Staffing(workers="2"))
    with pytest.raises(UsageError, match="name it by a spec"):
        upright.evaluate(lambda prompt: "A", job)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"workers": "0"}, "--workers takes a number or auto"),
        ({"workers": "-1"}, "--workers takes a number or auto"),
        ({"workers": "many"}, "--workers takes a number or auto"),
        ({"on": "dask"}, "--on takes ray"),
        ({"shards": "folder"}, "--shards takes an address"),
    ],
)
def test_staffing_that_makes_no_sense_is_refused(told: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Staffing(**told)


def test_auto_takes_as_many_as_have_something_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("upright.runs.workers.staffing.cores", lambda: 8)
    reached = {"openai/x": Reached("openai/x", ModelOptions())}
    local = {"local/x": Reached("local/x", ModelOptions())}
    numbers = [
        Staffing(workers="auto", models=reached, samples=n).number for n in (0, 9_000, 10**6)
    ]
    assert numbers == [1, 5, 8]
    assert Staffing(workers="auto", models=local, samples=9_000).number == 1


def test_questions_are_split_evenly_and_repeats_stay_together() -> None:
    model = open_model("mock/oracle")
    settings = Settings(suite="trustllm", epochs=3, score_sets=("upright",))
    requests = [item.request for item in planned(model, 400, settings).items]
    shares = split(requests, 4)
    assert sorted(q.only_for for s in shares for q in s) == sorted(q.only_for for q in requests)
    assert all(200 < len(share) < 400 for share in shares)
    asked = [{q.messages for q in share} for share in shares]
    assert sum(map(len, asked)) == len({q.messages for q in requests})


def test_workers_may_write_to_an_address(tmp_path: Path) -> None:
    address = f"file://{tmp_path}/elsewhere"
    with serving(delay=0.03) as server:
        model = endpoint(server.url)
        staffing = staffed(server.url, 2)
        staffing = Staffing(workers="2", shards=address, models=staffing.models)
        done = carry_out(model, tmp_path / "runs", 60, staffing=staffing)
    assert done.samples.value.notna().all()
    assert not left_behind(f"{address}/{done.path.name}")


def test_it_works_where_a_loop_is_running(tmp_path: Path) -> None:
    async def notebook() -> Run:
        return asked_by(2, server, tmp_path)

    with serving() as server:
        assert asyncio.run(notebook()).info["status"] == "finished"
