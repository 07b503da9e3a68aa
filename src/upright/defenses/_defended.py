"""A model with defenses before it, as a model."""

import asyncio
import time
from collections.abc import Iterable, Sequence

import msgspec
from msgspec.structs import replace

from upright.core import Ask, Closing, Decision, Defense, Model, Request, Response
from upright.models._pool import Pool

REFUSAL = "I'm sorry, but I can't help with that request."
"""What a defense answers where it lets nothing through."""
FINISH = "defense"
"""The finish reason of such an answer."""
PASSED, CHANGED, REFUSED = "passed", "changed", "refused"
AT_ONCE = 64
"""Requests that go through the defenses together where the model answers in batches."""


def refused(reason: str = "") -> Response:
    """The answer of a defense that lets a request not through."""
    return noted(Response(text=REFUSAL, finish_reason=FINISH), REFUSED, reason)


def noted(
    response: Response, did: str, reason: str = "", *, calls: int = 0, tokens: int = 0
) -> Response:
    """The same answer with what a defense did to get it; `calls` and `tokens` are those of models
    of its own."""
    own = Decision(defense="", did=did, reason=reason, calls=calls, tokens=tokens)
    return msgspec.structs.replace(response, decisions=(own, *response.decisions))


class Defended:
    """Every request goes through the defenses, the first outermost.

    A response carries what each of them decided, the tokens of all calls that it took, and the
    seconds that it would have taken alone: those of the defenses, and of the questions that were
    asked together the longest answer's own. An answer from the cache keeps its seconds, and the
    time in which others were answered is not counted.
    """

    def __init__(self, model: Model, defenses: Sequence[Defense]) -> None:
        self._model, self._defenses = model, tuple(defenses)
        self._pool = Pool(model)

    def __repr__(self) -> str:
        return f"Defended({self.id})"

    @property
    def id(self) -> str:
        return " + ".join([self._model.id, *(defense.id for defense in self._defenses)])

    @property
    def concurrency(self) -> int:
        return self._model.concurrency

    @property
    def can_choose(self) -> bool:
        """No: a defense reads and writes text, and options are weighed without any."""
        return False

    @property
    def cacheable(self) -> bool:
        return self._model.cacheable

    @property
    def facts(self) -> dict[str, str]:
        return {**self._model.facts, "defenses": ", ".join(d.id for d in self._defenses)}

    def batches(self, requests: Sequence[Request]) -> Iterable[Sequence[Request]]:
        at_once = AT_ONCE if self._model.concurrency == 1 else 1
        for start in range(0, len(requests), at_once):
            yield requests[start : start + at_once]

    async def generate(self, requests: Sequence[Request]) -> list[Response]:
        return list(await asyncio.gather(*map(self._answer, requests)))

    async def close(self) -> None:
        await self._pool.close()
        await self._model.close()
        for defense in self._defenses:
            if isinstance(defense, Closing):
                await defense.close()

    async def _answer(self, request: Request) -> Response:
        start = time.perf_counter()
        counted = _Counted(self._pool.ask)
        inner = replace(request, model=self._model.id, only_for="")
        response = await through(self._defenses, counted.ask)(inner)
        return msgspec.structs.replace(
            response,
            prompt_tokens=counted.prompt_tokens,
            completion_tokens=counted.completion_tokens,
            latency=time.perf_counter() - start - counted.seconds + counted.longest,
        )


def defended(model: Model, defenses: Sequence[Defense]) -> Model:
    """The model behind these defenses; the model itself where there are none."""
    return Defended(model, defenses) if defenses else model


def through(defenses: Sequence[Defense], ask: Ask) -> Ask:
    """What asks through all of them."""
    for defense in reversed(defenses):
        ask = _Step(defense, ask).ask
    return ask


class _Step:
    """One defense before what lies behind it."""

    def __init__(self, defense: Defense, behind: Ask) -> None:
        self._defense, self._behind = defense, behind

    async def ask(self, request: Request) -> Response:
        start = time.perf_counter()
        behind = _Counted(self._behind)
        if hasattr(self._defense, "before"):
            found = await self._defense.before(request)
            did = PASSED if found is request else CHANGED
            response = found if isinstance(found, Response) else await behind.ask(found)
        else:
            response = await self._defense.around(request, behind.ask)
            did = PASSED
        seconds = time.perf_counter() - start - behind.seconds
        return _signed(response, self._defense.id, did, behind.calls - 1, seconds)


def _signed(response: Response, id: str, did: str, more: int, seconds: float) -> Response:
    """With the decision of this defense in front, as it told it or as it looks from outside.

    `more` calls than one were made behind it; those that the other decisions tell are theirs.
    """
    told = response.decisions[:1]
    own = told[0] if told and not told[0].defense else Decision(defense="", did=did)
    others = response.decisions[1:] if own in told else response.decisions
    calls = own.calls + more - sum(decision.calls for decision in others)
    own = msgspec.structs.replace(own, defense=id, calls=calls, seconds=seconds)
    return msgspec.structs.replace(response, decisions=(own, *others))


class _Counted:
    """What was asked through here: `calls` are those to models, however deep behind."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self.calls = 0
        self.prompt_tokens: int | None = 0
        self.completion_tokens: int | None = 0
        self.seconds = self.longest = 0.0
        """In which at least one answer was awaited; of those awaited together the longest's own."""
        self._under_way, self._since, self._latest = 0, 0.0, 0.0

    async def ask(self, request: Request) -> Response:
        if not self._under_way:
            self._since, self._latest = time.perf_counter(), 0.0
        self._under_way += 1
        try:
            response = await self._ask(request)
        finally:
            self._under_way -= 1
            if not self._under_way:
                self.seconds += time.perf_counter() - self._since
        self.calls += 1 + sum(decision.calls for decision in response.decisions)
        self.longest += max(0.0, response.latency - self._latest)
        self._latest = max(self._latest, response.latency)
        self.prompt_tokens = _sum(self.prompt_tokens, response.prompt_tokens)
        self.completion_tokens = _sum(self.completion_tokens, response.completion_tokens)
        return response


def _sum(counted: int | None, more: int | None) -> int | None:
    """Nobody knows it where one call does not tell."""
    return None if counted is None or more is None else counted + more
