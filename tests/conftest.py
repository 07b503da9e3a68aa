"""Shared fixtures. The paper's data is used where it is at hand and never required."""

import gc
import os
import signal
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import settings

from upright.data.rows import MINI, DataFile, read_rows

# Time is not asserted: a busy machine is no defect. And the same examples each time.
settings.register_profile("upright", deadline=None, derandomize=True)
settings.load_profile("upright")

ROOT = Path(__file__).parent.parent


def pytest_collection_finish() -> None:
    """What is loaded by now stays: the collector need not walk it again during every test.

    And what tests leave behind is little: it need not look for it every 700 objects.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


@pytest.fixture(scope="session", autouse=True)
def unsynced() -> Iterator[None]:
    """Nothing written here has to outlast a power failure; its file must be open all the same."""
    with mock.patch.object(os, "fsync", os.fstat):
        yield


@pytest.fixture(scope="session", autouse=True)
def ctrl_c_is_heard() -> Iterator[None]:
    """Also by the children that tests start. Behind `nohup` or `&` a script ignores it, and so
    would they."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def data_root() -> Path | None:
    """UPRIGHT_DATA, or a `shared/data` beside the repository."""
    for place in (os.environ.get("UPRIGHT_DATA"), ROOT.parent / "shared" / "data"):
        if place and Path(place).is_dir():
            return Path(place)
    return None


@pytest.fixture(scope="session")
def data() -> Path:
    root = data_root()
    if root is None and os.environ.get("UPRIGHT_REQUIRE_DATA"):
        pytest.fail("UPRIGHT_REQUIRE_DATA is set, but the public datasets are not at hand")
    if root is None:
        pytest.skip("the public datasets are not at hand: set UPRIGHT_DATA")
    return root


@pytest.fixture(scope="session")
def trustllm(data: Path) -> Callable[[str], DataFile]:
    """Reads a file of the paper's dataset, once."""
    return cache(lambda file: read_rows(data / "trustllm" / file, file))


@pytest.fixture(scope="session")
def mini() -> Callable[[str], DataFile]:
    """Reads a file of the set that ships with the package, once."""
    return cache(lambda file: read_rows(MINI / file, file, mini=True))
