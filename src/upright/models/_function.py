"""A plain Python function, prompt in and answer out, as a model."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from inspect import iscoroutinefunction
from uuid import uuid4

from upright.core import ModelError, Request, Response, excerpt


def _fresh() -> str:
    return uuid4().hex[:8]


@dataclass(frozen=True)
class Function:
    """`respond` gets system and user turns as one text; one at a time, in a thread or, where it
    is a coroutine function, awaited.

    Every object is a model of its own: what a function does cannot be told from its name, so a
    changed one must not inherit the answers of an interrupted run.
    """

    respond: Callable[[str], object]
    concurrency: int = 1
    can_choose: bool = False
    cacheable: bool = False
    facts: dict[str, str] = field(default_factory=dict)
    nonce: str = field(default_factory=_fresh)

    @property
    def id(self) -> str:
        name = getattr(self.respond, "__name__", type(self.respond).__name__)
        return f"function/{name}@{self.nonce}"

    def batches(self, requests: Sequence[Request]) -> Iterable[Sequence[Request]]:
        return ([request] for request in requests)

    async def generate(self, requests: Sequence[Request]) -> list[Response]:
        prompts = ["\n".join(m.content for m in r.messages) for r in requests]
        return [_response(await self._ask(prompt)) for prompt in prompts]

    async def _ask(self, prompt: str) -> object:
        """Whatever the function raises is an outcome with its reason, not the end of a run."""
        try:
            if iscoroutinefunction(self.respond):
                return await self.respond(prompt)
            return await asyncio.to_thread(self.respond, prompt)
        except Exception as error:
            told = f"the function raised {type(error).__name__}: {excerpt(str(error))}"
            raise ModelError(told, retryable=False) from error

    async def close(self) -> None:
        pass


def _response(answer: object) -> Response:
    if isinstance(answer, str):
        return Response(text=answer)
    return Response(
        finish_reason="error", error=f"the function returned {type(answer).__name__}, not text"
    )
