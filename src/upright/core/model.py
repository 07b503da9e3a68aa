"""One handle on a model."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from upright.core.sample import Request, Response


class Model(Protocol):
    """Answers requests in batches.

    `batches` cuts requests into the groups `generate` takes at once (an endpoint: one by one;
    a local model: similar lengths together) and `concurrency` says how many may be under way.
    `generate` raises ModelError when a whole batch failed; a single failure inside a batch is
    a Response with `error` set.
    """

    @property
    def id(self) -> str:
        """Stable; part of every request's key."""
        ...

    @property
    def concurrency(self) -> int: ...

    @property
    def can_choose(self) -> bool:
        """Whether requests with `options` are answered by likelihood."""
        ...

    @property
    def cacheable(self) -> bool:
        """False where asking again costs nothing (mock, replay)."""
        ...

    @property
    def facts(self) -> dict[str, str]:
        """What a reader must know to repeat the run: versions, hashes, precision, address."""
        ...

    def batches(self, requests: Sequence[Request]) -> Iterable[Sequence[Request]]: ...

    async def generate(self, requests: Sequence[Request]) -> list[Response]:
        """One response per request, in order."""
        ...

    async def close(self) -> None: ...
