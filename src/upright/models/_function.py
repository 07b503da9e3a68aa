"""A plain Python function, prompt in and answer out, as a model."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from upright.core import Request, Response


@dataclass(frozen=True)
class Function:
    """`respond` gets what the user says and is called in a thread, one call at a time."""

    respond: Callable[[str], str]
    concurrency: int = 1
    can_choose: bool = False
    cacheable: bool = False
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"function/{getattr(self.respond, '__name__', type(self.respond).__name__)}"

    def batches(self, requests: Sequence[Request]) -> Iterable[Sequence[Request]]:
        return ([request] for request in requests)

    async def generate(self, requests: Sequence[Request]) -> list[Response]:
        prompts = ["\n".join(m.content for m in r.messages) for r in requests]
        return [Response(text=await asyncio.to_thread(self.respond, p)) for p in prompts]

    async def close(self) -> None:
        pass
