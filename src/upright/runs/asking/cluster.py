"""Workers as actors of a Ray cluster.

An actor asks like a process does and writes to a shard; where it or its node dies, another takes
over what is left. Ray carries words alone. Nodes need Upright, and the model's key in their
environment.
"""

import asyncio
import logging
from contextlib import suppress
from typing import Any

import msgspec

from upright.core import UprightError, UsageError
from upright.runs.asking.shift import Shift
from upright.runs.asking.words import FromWorker, Hello, Refused, ToWorker

try:
    import ray
    from ray.autoscaler.sdk import request_resources
    from ray.exceptions import RayError
except ImportError as error:
    raise UsageError("--on ray needs Ray: pip install 'upright[ray]'") from error

CORES_TO_ASK = 1
"""That an actor takes which asks an endpoint: its loop fills one."""


class Asking:
    """What runs on the cluster."""

    def __init__(self) -> None:
        self._words: asyncio.Queue[FromWorker] = asyncio.Queue()
        self._shift: Shift | None = None

    async def tell(self, told: bytes) -> None:
        word = msgspec.msgpack.decode(told, type=ToWorker)
        try:
            if isinstance(word, Hello):
                self._shift = Shift(word, self._words.put_nowait)
            elif self._shift:
                self._shift.hear(word)
        except UprightError as error:
            self._words.put_nowait(Refused(str(error), model=False))

    async def hear(self) -> bytes:
        """The next word, as soon as there is one."""
        return msgspec.msgpack.encode(await self._words.get())

    async def end(self) -> None:
        if self._shift:
            await self._shift.end()


class Actor:
    """One of them, seen from the run."""

    def __init__(self, handle: Any) -> None:
        self._handle = handle
        self._decoder = msgspec.msgpack.Decoder(FromWorker)

    async def hear(self) -> FromWorker | None:
        try:
            told: bytes = await self._handle.hear.remote()
        except RayError:
            return None
        word: FromWorker = self._decoder.decode(told)
        return word

    async def tell(self, word: ToWorker) -> None:
        with suppress(RayError):  # `hear` says that it is dead
            await self._handle.tell.remote(msgspec.msgpack.encode(word))

    async def end(self) -> None:
        with suppress(RayError):
            await self._handle.end.remote()
        ray.kill(self._handle)


class Cluster:
    """A connection to one."""

    def __init__(self, number: int, gpus: bool) -> None:
        self.number, self._gpus = number, gpus

    async def hire(self, hello: Hello) -> Actor:
        """On any node with room; a local model gets a GPU where the cluster has any."""
        needs: dict[str, float] = {"num_cpus": CORES_TO_ASK}
        if hello.spec.startswith("local/") and self._gpus and hello.options.device != "cpu":
            needs["num_gpus"] = 1
        asking = ray.remote(Asking).options(
            **needs,
            max_concurrency=16,  # `hear` waits while `tell` is heard
            scheduling_strategy="SPREAD",
        )
        worker = Actor(asking.remote())
        await worker.tell(hello)
        return worker


def connect(address: str, number: int | None) -> Cluster:
    """The cluster at an address; `ray` is the one that this machine is part of, or one made here.

    number   of workers to ask for, which a cluster that can grow may grow for; None takes as many
             as it has cores now
    """
    try:
        if not ray.is_initialized():
            ray.init(
                address=None if address == "ray" else address,
                log_to_driver=True,
                logging_level=logging.WARNING,
                include_dashboard=False if address == "ray" else None,
            )
    except (RayError, ConnectionError, ValueError, RuntimeError) as error:
        raise UsageError(f"There is no Ray cluster at {address}: {error}") from error
    has: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    if number is not None:
        request_resources(num_cpus=number * CORES_TO_ASK)
    cores = int(has.get("CPU", 1)) // CORES_TO_ASK
    return Cluster(max(1, number if number is not None else cores), bool(has.get("GPU")))
