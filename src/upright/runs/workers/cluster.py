"""Workers as actors of a Ray cluster.

An actor asks like a process does and writes to a shard; where it or its node dies, another takes
over what is left. Ray carries words alone. Nodes need Upright, and the model's key in their
environment.
"""

import asyncio
import logging
import sys
from collections.abc import Mapping
from contextlib import ExitStack, redirect_stdout, suppress
from typing import Any

import msgspec

from upright.core import ModelRefused, UprightError, UsageError
from upright.models.saying import say
from upright.runs.workers.places import Places
from upright.runs.workers.shift import Shift
from upright.runs.workers.staffing import Reached
from upright.runs.workers.words import FromWorker, Hello, Refused, ToWorker

try:
    import ray
    from ray.autoscaler.sdk import request_resources
    from ray.exceptions import RayError, RayTaskError
except ImportError as error:
    raise UsageError("--on ray needs Ray: pip install 'upright[ray]'") from error

GRACE = 5.0
"""Seconds that a worker has to put away what it has."""
PATIENCE = 15.0
"""Seconds without a place for a worker after which the user hears of it."""
TRIES = 3
"""Connections from elsewhere that are begun before a cluster counts as out of reach."""


class Asking:
    """What runs on the cluster."""

    def __init__(self) -> None:
        self._words: asyncio.Queue[FromWorker | None] = asyncio.Queue()
        self._shift: Shift | None = None

    async def here(self) -> None:
        """It has a place."""

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
        """The next word, as soon as there is one; nothing at the end."""
        word = await self._words.get()
        return msgspec.msgpack.encode(word) if word else b""

    async def end(self) -> None:
        if self._shift:
            await self._shift.end()
        self._words.put_nowait(None)  # nobody waits for a word that never comes


class Actor:
    """One of them, seen from the run."""

    def __init__(self, handle: Any) -> None:
        self._handle = handle
        self._decoder = msgspec.msgpack.Decoder(FromWorker)

    async def here(self) -> None:
        with suppress(RayError):  # `hear` says what is wrong with it
            await _got(self._handle.here.remote())

    async def hear(self) -> FromWorker | None:
        try:
            told: bytes = await _got(self._handle.hear.remote())
        except RayTaskError as error:  # it lives, and cannot do its work
            raise ModelRefused(
                "A node of the cluster cannot do the work. Does it have this version of Upright, "
                f"in the Python that Ray uses? It says: {str(error).strip().splitlines()[-1]}"
            ) from error
        except RayError:
            return None
        word: FromWorker | None = self._decoder.decode(told) if told else None
        return word

    async def tell(self, word: ToWorker) -> None:
        with suppress(RayError):
            await _got(self._handle.tell.remote(msgspec.msgpack.encode(word)))

    async def end(self) -> None:
        try:
            with suppress(RayError, TimeoutError):
                await asyncio.wait_for(_got(self._handle.end.remote()), GRACE)
        finally:
            self.kill()

    def kill(self) -> None:
        ray.kill(self._handle)


class Cluster:
    """A connection to one, and who goes where. What Ray says meanwhile goes to stderr: stdout may
    be a JSON document.

    number   of workers to ask for, which a cluster that can grow may grow for; None takes what
             there is room for now
    ours     whether the connection ends with the run
    """

    def __init__(self, models: Mapping[str, Reached], number: int | None, ours: bool) -> None:
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        self._places = Places(
            cores=[int(node["CPU"]) for node in nodes if node.get("CPU", 0) >= 1],
            gpus=int(sum(node.get("GPU", 0) for node in nodes)),
            asked=models,
            wanted=number,
        )
        self.number, self.models = self._places.number, self._places.models
        self._ours, self._hinted, self._warned = ours, number is not None, False
        self._aside = ExitStack()
        if self._hinted:
            request_resources(bundles=self._places.wished)
        self._aside.enter_context(redirect_stdout(sys.stderr))

    async def hire(self, hello: Hello) -> Actor:
        """On any node with room; a local model gets a GPU where the cluster has any."""
        cores, gpus = self._places.needs(hello.spec, hello.options)
        made = ray.remote(Asking).options(
            num_cpus=cores,
            num_gpus=gpus,
            max_concurrency=16,  # `hear` waits while `tell` is heard
            scheduling_strategy="SPREAD",
        )
        actor = Actor(made.remote())
        try:
            await self._placed(actor, cores, gpus)
            await actor.tell(hello)
        except BaseException:  # also where nobody waits for it any more
            actor.kill()
            raise
        return actor

    def leave(self) -> None:
        """A cluster that was made for this run ends; another stays as it is."""
        try:
            if self._hinted:
                request_resources()
            if self._ours:
                ray.shutdown()
        finally:
            self._aside.close()

    async def _placed(self, actor: Actor, cores: float, gpus: float) -> None:
        here = asyncio.ensure_future(actor.here())
        try:
            await asyncio.wait({here}, timeout=PATIENCE)
            if not here.done() and not self._warned:
                self._warned = True
                free, all_ = ray.available_resources(), ray.cluster_resources()
                told = (f"{free.get(k, 0):g} of {all_.get(k, 0):g} {k}s" for k in ("CPU", "GPU"))
                say(
                    f"Waiting for a place on the cluster: a worker takes {cores:g} CPUs and "
                    f"{gpus:g} GPUs; free are {' and '.join(told)}. Workers that have a place do "
                    "the work of the others meanwhile."
                )
            await here
        finally:
            here.cancel()


def connect(address: str, number: int | None, models: Mapping[str, Reached]) -> Cluster:
    """To an address; `ray` is the cluster that this machine is part of, or one made here."""
    ours = not ray.is_initialized()
    try:
        if ours:
            _join(address)
        return Cluster(models, number, ours)
    except (RayError, ImportError, ConnectionError, ValueError, RuntimeError) as error:
        raise UsageError(f"There is no Ray cluster at {address}: {error}") from error


def _join(address: str) -> None:
    """Begun anew where the cluster's head was reached and broke off.

    For every connection from elsewhere (ray://) the head starts a server, forked while threads of
    gRPC run: now and then that server is dead before it has begun. The next one is another.
    """
    for _ in range(TRIES - 1):
        with suppress(ConnectionAbortedError):
            return _init(address)
    return _init(address)


def _init(address: str) -> None:
    """Ray's news are not the user's: that it has started, that it asks for a token (it does;
    nothing here changes that)."""
    ray.init(
        address=None if address == "ray" else address,
        log_to_driver=False,
        logging_level=logging.ERROR,
        include_dashboard=False if address == "ray" else None,
    )


async def _got(reference: Any) -> Any:
    """Ray's own futures are not cancelled: a connection from elsewhere (ray://) trips over it."""
    coming: asyncio.Future[Any] = asyncio.wrap_future(reference.future())
    coming.add_done_callback(_seen)
    return await asyncio.shield(coming)


def _seen(came: asyncio.Future[Any]) -> None:
    """What fails when nobody waits for it any more is no news."""
    if not came.cancelled():
        came.exception()
