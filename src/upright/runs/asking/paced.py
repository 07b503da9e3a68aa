"""A model whose every call keeps to the limits: what stands before it may take many for a question.

The engine paces questions. How many calls a defense makes of one, only the model behind it sees.
"""

from collections.abc import Iterable, Sequence

from upright.core import Model, ModelError, Request, Response
from upright.runs.asking.engine import Patience
from upright.runs.asking.limits import Limits
from upright.runs.asking.pace import Pace


class Paced:
    """The same model under the same id. A call that fails is not made again here."""

    def __init__(self, model: Model, limits: Limits) -> None:
        self._model = model
        self._pace = Pace(model.concurrency, limits, Patience.longest_obeyed)

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

    async def close(self) -> None:
        await self._model.close()
