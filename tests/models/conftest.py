"""Both event loops that runs use."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from tests.models.raw_server import Loop


def on_uvloop(work: Coroutine[Any, Any, Any]) -> Any:
    uvloop = pytest.importorskip("uvloop")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


@pytest.fixture(params=[asyncio.run, on_uvloop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Loop:
    loop: Loop = request.param
    return loop
