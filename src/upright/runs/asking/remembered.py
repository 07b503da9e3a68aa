"""A model that is not asked twice: what stands before it asks through the response cache."""

from collections.abc import Callable, Iterable, Sequence

from upright.core import Model, Request, Response
from upright.runs.asking.same import Same
from upright.runs.storing.cache import Cache

UNWRITTEN = 256
"""Answers that may be lost with the process; more are written together."""


class Remembered(Same):
    """The same model under the same id: an answer that any run was given is not asked for again.

    The engine keeps the answers of whole runs. What a defense asks on the way to one is known to
    nobody else: behind other defenses much of it is asked once more.
    """

    def __init__(self, model: Model, open_cache: Callable[[], Cache]) -> None:
        """The cache is opened when the first question comes, and closed with the model."""
        super().__init__(model)
        self._open = open_cache
        self._cache: Cache | None = None
        self._unwritten = 0

    def batches(self, requests: Sequence[Request]) -> Iterable[Sequence[Request]]:
        """What is remembered comes first and together: it waits for no generation."""
        known = self._kept.find(request.key for request in requests)
        told = [request for request in requests if request.key in known]
        if told:
            yield told
        yield from self._model.batches([q for q in requests if q.key not in known])

    async def generate(self, requests: Sequence[Request]) -> list[Response]:
        answers = self._kept.find(request.key for request in requests)
        missing = {q.key: q for q in requests if q.key not in answers}
        if missing:
            said = await self._model.generate(list(missing.values()))
            came = dict(zip(missing, said, strict=True))
            self._keep(came)
            answers |= came
        return [answers[request.key] for request in requests]

    async def close(self) -> None:
        try:
            if self._cache:
                self._cache.close()
        finally:
            self._cache = None
            await super().close()

    @property
    def _kept(self) -> Cache:
        if self._cache is None:
            self._cache = self._open()
        return self._cache

    def _keep(self, came: dict[str, Response]) -> None:
        self._kept.put(came)
        self._unwritten += len(came)
        if self._unwritten >= UNWRITTEN:
            self._kept.flush()
            self._unwritten = 0
