"""A model that stands before another one and is taken for it."""

from collections.abc import Iterable, Sequence

from upright.core import Model, Request


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
