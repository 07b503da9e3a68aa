"""A cluster of three raylets on this machine asks: the same answers, nothing twice, whoever dies."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.models.tiny import folder
from tests.runs.test_kill import COUNT, ROOT, assert_asked_once, wait_for
from tests.runs.test_workers import OF_THIS_TIME, asked_by, gone, wait_until
from tests.runs.toy import CONCURRENCY, carry_out, endpoint, staffed
from tests.server import Server, serving
from upright.core import ModelRefused, UsageError
from upright.models import ModelOptions, open_model
from upright.runs import Reached, Run, Staffing
from upright.runs.storing.shards import answers_of, left_behind

pytestmark = pytest.mark.ray
NODES = 3
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
        from ray.cluster_utils import Cluster

        made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
        for _ in range(NODES - 1):
            made.add_node(num_cpus=1)
        patch.setenv("RAY_ADDRESS", made.address)
        yield made
        made.shutdown()


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
    told = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True)
    return [int(line.split()[0]) for line in told.stdout.splitlines() if "ray::Asking" in line]


def test_the_run_is_the_one_that_a_single_process_makes(cluster: Any, tmp_path: Path) -> None:
    with serving() as server:
        alone = asked_by(1, server, tmp_path / "alone", COUNT)
        spread = on_ray(server, tmp_path / "ray")
    assert same(alone, spread)
    assert set(server.answered.values()) == {2}
    assert not actors()
