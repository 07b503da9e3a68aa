"""Three raylets on this machine ask: the same answers, nothing twice, whoever dies."""

import importlib
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import fsspec
import pytest

from tests.models.tiny import folder
from tests.runs.test_kill import COUNT, assert_asked_once, child, wait_for
from tests.runs.test_workers import OF_THIS_TIME, asked_by, wait_until
from tests.runs.toy import CONCURRENCY, carry_out, endpoint, staffed
from tests.server import Server, serving
from upright.core import ModelRefused, UsageError
from upright.models import ModelOptions, open_model
from upright.runs import Reached, Run, Staffing
from upright.runs.storing.shards import answers_of, left_behind

pytestmark = [
    pytest.mark.ray,
    pytest.mark.timeout(240),
    # Ray leaves files open.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
NODES = 3
PATIENCE = 90
"""Seconds that a busy machine may take to start the workers."""
IN_FLIGHT = CONCURRENCY // NODES + 1
"""Calls that one worker has under way."""
FILES = {"run.json", "journal.jsonl", "samples.parquet", "estimates.parquet"}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """One core a node. `RAY_ADDRESS` names it, so that `--on ray` joins it."""
    if not (os.environ.get("UPRIGHT_REQUIRE_RAY") or find_spec("ray")):
        pytest.skip("needs Ray: pip install 'upright[ray]'")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_MODE", "token")  # read when Ray is imported
        patch.setenv("RAY_AUTH_TOKEN", "of-these-tests-" * 4)
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        s3 = importlib.import_module("moto.server").ThreadedMotoServer("127.0.0.1", 0)
        s3.start()
        host, port = s3.get_host_and_port()
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "DEFAULT_REGION"):
            patch.setenv(f"AWS_{name}", "us-east-1")
        client = {"num_cpus": 1, "ray_client_server_port": free_port()}
        patch.setenv("CLIENT", f"ray://127.0.0.1:{client['ray_client_server_port']}")
        made = importlib.import_module("ray.cluster_utils").Cluster(
            initialize_head=True, head_node_args=client
        )
        for _ in range(NODES - 1):
            made.add_node(num_cpus=1)
        patch.setenv("RAY_ADDRESS", made.address)
        yield made
        made.shutdown()
        s3.stop()


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    """One for all: a model's name holds its address."""
    with serving() as server:
        yield server


@pytest.fixture(scope="module")
def alone(served: Server, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """What a single process makes of it."""
    return asked_by(1, served, tmp_path_factory.mktemp("alone"), COUNT)


@pytest.fixture
def server(served: Server, alone: Run) -> Server:
    """Slow enough for a blow, and with an empty log."""
    served.delay, served.key = 0.05, ""
    served.log.clear()
    return served


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def on_ray(server: Server, out: Path, count: int = COUNT, **changes: Any) -> Run:
    model = endpoint(server.url, concurrency=CONCURRENCY)
    staffing = staffed(server.url, 1, concurrency=CONCURRENCY)
    changes = {"on": "ray", "workers": "auto", **changes}
    return carry_out(model, out, count, staffing=replace(staffing, **changes))


def same(one: Run, other: Run) -> bool:
    """Row for row, but for how long the asking took."""
    rows = [run.samples.drop(columns=OF_THIS_TIME) for run in (one, other)]
    return (
        rows[0].equals(rows[1])
        and one.estimates.equals(other.estimates)
        and one.info["calls"] == other.info["calls"]
        and {p.name for p in one.path.iterdir()} == {p.name for p in other.path.iterdir()} == FILES
    )


def actors() -> list[int]:
    """The processes that ask. Ray names them after what they are doing."""
    told = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True)
    return [int(line.split()[0]) for line in told.stdout.splitlines() if "ray::Asking" in line]


def disturbed(server: Server, out: Path, blow: Callable[[], object], **changes: Any) -> Run:
    """A run that meets with a blow when a third of the answers are there."""
    struck: list[object] = []

    def strike() -> None:
        wait_for(server, COUNT // 3, PATIENCE)
        struck.append(blow())

    thread = threading.Thread(target=strike)
    thread.start()
    try:
        return on_ray(server, out, **changes)
    finally:
        thread.join()
        assert struck


def asked_again(server: Server) -> int:
    return sum(times - 1 for times in server.answered.values())


def breaking_off(monkeypatch: pytest.MonkeyPatch, times: int) -> list[str]:
    """The first connections fail as where the server died that the head had started for them."""
    ray = importlib.import_module("ray")
    init, left = ray.init, ["Starting Ray client server failed."] * times

    def broken(**given: Any) -> Any:
        if left:
            raise ConnectionAbortedError(left.pop())
        return init(**given)

    monkeypatch.setattr(ray, "init", broken)
    return left


def test_the_run_is_the_one_that_a_single_process_makes(
    cluster: Any, server: Server, alone: Run, tmp_path: Path
) -> None:
    assert same(on_ray(server, tmp_path), alone)
    assert set(server.answered.values()) == {1}
    assert not actors()


def test_a_worker_process_that_is_killed_has_a_successor(
    cluster: Any, server: Server, alone: Run, tmp_path: Path
) -> None:
    done = disturbed(server, tmp_path, lambda: os.kill(actors()[0], signal.SIGKILL))
    again = asked_again(server)
    assert same(done, alone)
    # What the server had sent and the dead worker not yet read: one answer a connection.
    assert again <= IN_FLIGHT


def test_a_killed_run_takes_its_workers_along_and_the_next_takes_over(
    cluster: Any, server: Server, alone: Run, tmp_path: Path
) -> None:
    server.delay = 0.2  # workers live for a moment longer than their run
    with child(server, tmp_path, "0", "3", "ray") as process:
        wait_for(server, COUNT // 2, PATIENCE)
        process.kill()
        process.wait()
    wait_until(lambda: not actors())
    [path] = tmp_path.iterdir()
    safe = [key for place in left_behind(str(path)) for some in answers_of(place) for key in some]
    assert COUNT // 3 < len(safe) < COUNT
    done = asked_by(1, server, tmp_path, COUNT)
    assert_asked_once(server, safe)
    again = asked_again(server)
    assert done.path == path
    assert same(done, alone)
    assert again <= CONCURRENCY


def test_shards_may_lie_in_an_object_store(
    cluster: Any, server: Server, alone: Run, tmp_path: Path
) -> None:
    address = "s3://upright/shards"
    fsspec.filesystem("s3").mkdir("upright")
    done = on_ray(server, tmp_path / "runs", shards=address, workers="2")
    assert set(server.answered.values()) == {1}
    assert same(done, alone)
    assert not left_behind(f"{address}/{done.path.name}")


def test_a_wrong_key_stops_the_run_and_says_so(
    cluster: Any, server: Server, tmp_path: Path
) -> None:
    server.key = "right"
    with pytest.raises(ModelRefused, match="refused the key"):
        on_ray(server, tmp_path, workers="1")
    assert not actors()


def test_a_local_model_has_a_copy_in_every_worker(
    cluster: Any, server: Server, tmp_path: Path
) -> None:
    spec, options = f"local/{folder(tmp_path / 'model')}", ModelOptions(device="cpu", threads=1)
    here, there = (open_model(spec, options) for _ in range(2))
    staffing = Staffing(on="ray", workers="2", models={here.id: Reached(spec, options)})
    alone = carry_out(here, tmp_path / "alone", 12)
    assert same(carry_out(there, tmp_path / "ray", 12, staffing=staffing), alone)


def test_a_node_that_is_lost_costs_no_more_than_its_workers(
    cluster: Any, server: Server, alone: Run, tmp_path: Path
) -> None:
    [*_, node] = cluster.worker_nodes
    blow = partial(cluster.remove_node, node, allow_graceful=False)
    done = disturbed(server, tmp_path, blow)
    again = asked_again(server)
    assert same(done, alone)
    assert again <= IN_FLIGHT


def test_over_a_connection_from_elsewhere_with_more_workers_than_places(
    cluster: Any,
    server: Server,
    alone: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    broken = breaking_off(monkeypatch, 1)
    monkeypatch.setattr("upright.runs.workers.cluster.PATIENCE", 0)
    done = on_ray(server, tmp_path, on=os.environ["CLIENT"], workers="5")
    told = capsys.readouterr()
    assert not broken
    assert "Waiting for a place on the cluster: a worker takes 1 CPUs" in told.err
    assert told.out == ""
    assert set(server.answered.values()) == {1}
    assert same(done, alone)


def test_a_head_that_breaks_every_connection_off_is_named(
    cluster: Any, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = breaking_off(monkeypatch, 9)
    with pytest.raises(UsageError, match=r"no Ray cluster at ray://.*client server failed"):
        on_ray(server, tmp_path, on=os.environ["CLIENT"])
    assert left
