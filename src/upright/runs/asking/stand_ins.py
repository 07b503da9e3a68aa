"""Models that stand before another one and are taken for it.

The engine paces questions and keeps their answers. What a defense asks on the way to one, and how
often, is known to nobody but the model behind it: there these stand.
"""

from collections.abc import Callable, Iterable, Sequence

from upright.core import Model, ModelError, Request, Response
from upright.runs.asking.engine import Patience
from upright.runs.asking.limits import Limits
from upright.runs.asking.pace import Pace
from upright.runs.storing.cache import Cache

UNWRITTEN = 256
"""Answers that may be lost with the process; more are written together."""


class Same:
    """All that a model says of itself is said by the one behind it."""

    def __init__(self, model: Model) -> None:
        self._model = model

    @property
    def id(self) -> str:
        return self._model.id

    @property
    def concurrency(self) -> int:
        return self._model.concurrency

    @property
    def can_choose(self) -> bool:
        return self._model.can_choose

    @property
    def cacheable(self) -> bool:
        return self._model.cacheable

    @property
    def facts(self) -> dict[str, str]:
        return self._model.facts

    def batches(self, requests: Sequence[Request]) -> Iterable[Sequence[Request]]:
        return self._model.batches(requests)

    async def close(self) -> None:
        await self._model.close()


class Paced(Same):
    """A model whose every call keeps to the limits. One that fails is not made again here."""

    def __init__(self, model: Model, limits: Limits) -> None:
        super().__init__(model)
        self._pace = Pace(model.concurrency, limits, Patience.longest_obeyed)

    async def generate(self, requests: Sequence[Request]) -> list[Response]:
        began = await self._pace.enter(requests)
        try:
            responses = await self._model.generate(requests)
        except ModelError as error:
            self._pace.failed(began, error)
            raise
        else:
            self._pace.answered(began, requests, responses)
            return responses
        finally:
            self._pace.leave()


class Remembered(Same):
    """A model that is not asked twice: an answer that any run was given is in the response cache.

    Else thirty stacks of defenses would ask most of their questions thirty times.
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
