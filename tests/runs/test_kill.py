"""A run that dies goes on where it stopped: `kill -9`, Ctrl-C, SIGTERM. Real processes."""

import asyncio
import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import pytest

from tests.runs.toy import CONCURRENCY, SUITE, carry_out, endpoint, planned, staffed
from tests.server import Server, serving
from upright.core import ModelRefused
from upright.models import open_model
from upright.models._chat import to_payload
from upright.runs import conduct, open_run
from upright.runs.asking.loop import complete
from upright.runs.storing.journal import read_journal
from upright.runs.workers.processes import COMMAND

ROOT = Path(__file__).parent.parent.parent
COUNT = 150


@contextmanager
def child(server: Server, out: Path, *more: str) -> Iterator[subprocess.Popen[str]]:
    """A run in a process of its own."""
    command = [sys.executable, "-m", "tests.runs.toy", server.url, str(out), str(COUNT), *more]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(server: Server, answers: int, patience: float = 30) -> None:
    deadline = time.monotonic() + patience
    while sum(server.answered.values()) < answers:
        assert time.monotonic() < deadline, "the run does not get on"
        time.sleep(0.005)


def assert_asked_once(server: Server, keys: Iterable[str]) -> None:
    """The server's log shows these requests answered exactly once, the others at least."""
    requests = planned(endpoint(server.url), COUNT).requests
    bodies = {r.key: to_payload("test", [r], "max_tokens") for r in requests}
    logged = {key: sha256(body).hexdigest()[:16] for key, body in bodies.items()}
    assert all(server.answered[logged[key]] == 1 for key in keys)
    assert set(server.answered) == set(logged.values())


@pytest.mark.process
def test_killed_in_the_middle_nothing_received_is_asked_again(tmp_path: Path) -> None:
    with serving(delay=0.02) as server:
        with child(server, tmp_path) as process:
            wait_for(server, COUNT // 2)
            process.kill()
            process.wait()
        [path] = tmp_path.iterdir()
        received = read_journal(path / "journal.jsonl")
        answered = sum(server.answered.values())
        run = carry_out(endpoint(server.url, concurrency=CONCURRENCY), tmp_path, COUNT)
    assert run.path == path
    assert COUNT // 3 < len(received) < COUNT
    assert_asked_once(server, received)
    # What the server had sent and the process had not yet read when it died is at most one
    # answer per open connection.
    assert answered - len(received) <= CONCURRENCY
    assert len(server.answered) == COUNT == run.info["calls"]["asked"]
    assert open_run(path).samples.value.notna().all()


@pytest.mark.process
def test_killed_in_any_round_one_that_may_stop_early_ends_the_same(tmp_path: Path) -> None:
    settings = msgspec.structs.replace(SUITE, until=0.1)
    with serving(delay=0.01) as server:
        model = endpoint(server.url, concurrency=CONCURRENCY)
        whole = carry_out(model, tmp_path / "whole", COUNT, settings=settings)
    assert len(whole.samples) < 2 * COUNT
    with serving(delay=0.01) as server:
        for answers in (10, 40, 60):
            with child(server, tmp_path / "parts", "0.1") as process:
                wait_for(server, answers)
                process.kill()
                process.wait()
        model = endpoint(server.url, concurrency=CONCURRENCY)
        again = carry_out(model, tmp_path / "parts", COUNT, settings=settings)
    assert len(list((tmp_path / "parts").iterdir())) == 1
    assert again.info["until"] == whole.info["until"]
    assert again.estimates.equals(whole.estimates)
    for column in ("sample_id", "response", "value"):
        assert list(again.samples[column]) == list(whole.samples[column])


@pytest.mark.process
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_by_the_user_it_says_how_to_go_on(tmp_path: Path, number: signal.Signals) -> None:
    with serving(delay=0.02) as server:
        with child(server, tmp_path) as process:
            wait_for(server, COUNT // 4)
            process.send_signal(number)
            _, told = process.communicate(timeout=20)
        [path] = tmp_path.iterdir()
        assert process.returncode == 1
        assert "Traceback" not in told
        assert f"answers are saved in {path}. To go on: upright run toy" in told
        assert json.loads((path / "run.json").read_bytes())["status"] == "stopped"
        received = read_journal(path / "journal.jsonl")
        assert f"Stopped. {len(received)} of {COUNT}" in told
        run = carry_out(endpoint(server.url, concurrency=CONCURRENCY), tmp_path, COUNT)
    assert run.path == path
    assert_asked_once(server, received)


def test_the_server_is_a_program_too(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    command = [sys.executable, "-m", "tests.server", "--log", str(log), "--fault", "500=0.3"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            run = carry_out(endpoint(process.stdout.readline().strip()), tmp_path / "runs")
        finally:
            process.terminate()
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    assert (
        sum(entry["answered"] for entry in entries)
        == 40
        == len(entries) - sum(entry["fault"] == "500" for entry in entries)
    )
    assert run.info["calls"]["asked"] == 40


STOPS_WHILE_JUDGING = """
import signal, sys
from tests.runs import toy
from upright.runs import finish

def judge(*told):
    # To this thread: one that is sent to the process may be met by another, a moment later.
    signal.raise_signal(int(number))

number = sys.argv.pop()
finish.judge_in_pieces = judge
toy.main()
"""


@pytest.mark.process
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_while_judging_it_says_so_too(tmp_path: Path, number: signal.Signals) -> None:
    with serving() as server:
        command = [sys.executable, "-c", STOPS_WHILE_JUDGING, server.url, str(tmp_path), "40"]
        stopped = subprocess.run(
            [*command, str(int(number))], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert stopped.returncode == 1
        assert "Stopped. 40 of 40 answers are saved" in stopped.stderr
        assert "Traceback" not in stopped.stderr
        run = carry_out(endpoint(server.url), tmp_path)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert set(server.answered.values()) == {1}
    assert run.info["status"] == "finished"


@pytest.mark.process
def test_the_same_command_twice_at_once_is_one_run(tmp_path: Path) -> None:
    with serving(delay=0.02) as server:
        with child(server, tmp_path) as first, child(server, tmp_path) as second:
            told = [process.communicate(timeout=30)[1] for process in (first, second)]
            codes = [first.returncode, second.returncode]
        assert sorted(codes) == [0, 1]
        assert "Another upright process" in told[codes.index(1)]
        assert len(list(tmp_path.iterdir())) == 1
        assert set(server.answered.values()) == {1}


NOTEBOOK = """
import asyncio
from upright.runs.asking.loop import complete

async def work():
    print("begun", flush=True)
    try:
        await asyncio.sleep(60)
    finally:
        print("ended in order")

async def cell():
    complete(work())

try:
    asyncio.new_event_loop().run_until_complete(cell())
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.process
def test_a_notebook_that_is_interrupted_stops_the_work() -> None:
    """There the work is in a thread of its own, and Ctrl-C comes as KeyboardInterrupt."""
    command = [sys.executable, "-c", NOTEBOOK]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.read().split("\n") == ["ended in order", "interrupted", ""]


def test_a_notebook_may_be_interrupted_while_its_thread_begins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at_work = threading.Event()
    ended: list[str] = []

    async def work() -> None:
        at_work.set()
        try:
            await asyncio.sleep(10)
            ended.append("of itself")
        finally:
            ended.append("at all")

    class Interrupted(ThreadPoolExecutor):
        def submit(self, *told: Any, **more: Any) -> NoReturn:
            super().submit(*told, **more)
            at_work.wait()
            raise KeyboardInterrupt

    async def cell() -> None:
        complete(work())

    monkeypatch.setattr("upright.runs.asking.loop.ThreadPoolExecutor", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(cell())
    assert ended == ["at all"]


def test_interrupted_before_anything_is_asked_the_run_may_be_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the same process, as a notebook does it."""

    def interrupted(*told: object) -> None:
        raise KeyboardInterrupt

    model = open_model("mock/oracle")
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt) as stopped:
        patched.setattr(conduct, "take_over", interrupted)
        carry_out(model, tmp_path)
    assert stopped.traceback  # which a notebook keeps, and all that it holds
    assert carry_out(model, tmp_path).info["status"] == "finished"
    assert len(list(tmp_path.iterdir())) == 1


def test_where_no_more_processes_start_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*told: object, **more: object) -> None:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr("subprocess.Popen", full)
    with serving() as server, pytest.raises(ModelRefused, match=r"no more processes.*--workers"):
        carry_out(endpoint(server.url), tmp_path, staffing=staffed(server.url, 2))


def test_a_worker_that_is_only_starting_does_not_hear_ctrl_c(tmp_path: Path) -> None:
    """Else each of them would say so around what the run has to say."""
    told = "import os, signal, time; os.kill(os.getpid(), signal.SIGINT); time.sleep(0.01)"
    (tmp_path / "uvloop.py").write_text(f"{told}; raise RuntimeError('lived on')")
    ended = subprocess.run(
        [*COMMAND, "0"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "lived on" in ended.stderr
    assert "KeyboardInterrupt" not in ended.stderr
