"""A model whose every call keeps to the limits: what stands before it may take many for a question.

The engine paces questions. How many calls a defense makes of one, only the model behind it sees.
"""

from collections.abc import Sequence

from upright.core import Model, ModelError, Request, Response
from upright.runs.asking.engine import Patience
from upright.runs.asking.limits import Limits
from upright.runs.asking.pace import Pace
from upright.runs.asking.same import Same


class Paced(Same):
    """The same model under the same id. A call that fails is not made again here."""

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
