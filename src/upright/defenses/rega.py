"""ReGA: a prompt, or an answer, is refused by the path that hidden states take.

Wei, Wu and Sun 2025 (arXiv 2506.01770). A small Markov chain over clusters of a model's hidden
states knows where safe and harmful texts end, and how safe ones move; the last three tokens decide.
"""

import asyncio
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec

from upright.core import Ask, Card, Closing, Dimension, Message, Request, Response, unknown
from upright.defenses import FINISH, PASSED, REFUSAL, REFUSED, noted, refused
from upright.defenses._rega_monitor import (
    THRESHOLDS,
    Monitor,
    conversation,
    hidden_path,
    kept,
    load,
)

if TYPE_CHECKING:
    from upright.models.weights import Weights

CARD = Card(
    title="ReGA",
    paper="2506.01770",
    measures="Whether hidden states tell harmful requests from safe ones before they are answered",
    dimension=Dimension.SAFETY,
    data="AdvBench and LLMBar, to fit it",
    licence="MIT (AdvBench, LLMBar)",
    limits=(
        "Probes of hidden states learn a data set's style: what is found on other data is lower "
        "(arXiv 2509.03888, by the same first author). docs/explain/rega.md has the figures, "
        "with words alone beside them.",
        "Reads a local model: the embedded one by default, whichever model answers.",
        "Safe training prompts are LLMBar's of up to 200 characters and safe conversations the "
        "model's own answers: the paper's Alpaca may not be used commercially.",
        "The first use fits it, for minutes; later ones read the user's cache.",
    ),
    access="white box",
)


class Scored(NamedTuple):
    """Higher is safer; refused below the threshold."""

    score: float
    threshold: float


class Watch(Protocol):
    """Scores a conversation, with its answer if there is one."""

    def __call__(self, messages: Sequence[Message], answer: str | None) -> Scored: ...


class Local:
    """Watches with a local model, which is opened, and the monitor fitted, at the first question.

    One question at a time: the model is not asked by two threads at once.
    """

    def __init__(self, model: str, layer: int, threshold: str, folder: str) -> None:
        self._model, self._layer, self._folder = model, layer, folder
        self._threshold = threshold
        self._lock, self._open = threading.Lock(), ExitStack()
        self._opened: tuple[Weights, int, Monitor] | None = None

    def __call__(self, messages: Sequence[Message], answer: str | None) -> Scored:
        with self._lock:
            weights, layer, monitor = self._ready()
            prompt = weights.checkpoint.encode(messages)
            whole = prompt
            if answer is not None:
                whole = conversation(weights, prompt, weights.tokens(answer))
            hidden = hidden_path(weights, whole, layer)
        score = monitor.conversation(hidden, len(prompt))
        return Scored(score, monitor.thresholds[self._threshold])

    async def close(self) -> None:
        self._open.close()
        self._opened = None

    def _ready(self) -> "tuple[Weights, int, Monitor]":
        if self._opened is None:
            from upright.models.weights import open_weights  # noqa: PLC0415 - for listing

            weights = self._open.enter_context(open_weights(self._model))
            layer = self._layer or (weights.layers + 1) // 2
            watch = load(Path(self._folder)) if self._folder else kept(weights, layer, None)
            self._opened = weights, layer, watch
        return self._opened


@dataclass(frozen=True)
class ReGA:
    """Refuses a prompt that scores below the threshold; with `answers`, an answer too."""

    watch: Watch
    answers: bool = False
    id: str = "rega"
    card: Card = CARD

    async def around(self, request: Request, ask: Ask) -> Response:
        found = await asyncio.to_thread(self.watch, request.messages, None)
        if found.score < found.threshold:
            return refused(_told("the prompt", found))
        response = await ask(request)
        if not self.answers:
            return noted(response, PASSED, _told("the prompt", found))
        found = await asyncio.to_thread(self.watch, request.messages, response.text)
        if found.score < found.threshold:
            held = msgspec.structs.replace(response, text=REFUSAL, finish_reason=FINISH)
            return noted(held, REFUSED, _told("the conversation", found))
        return noted(response, PASSED, _told("the conversation", found))

    async def close(self) -> None:
        if isinstance(self.watch, Closing):
            await self.watch.close()


def rega(
    model: str = "local/smollm2-135m",
    layer: int = 0,
    threshold: str = "accurate",
    answers: bool = False,
    folder: str = "",
) -> ReGA:
    """Layer 0 stands for the middle one; `folder` holds a monitor that was fitted elsewhere."""
    if threshold not in THRESHOLDS:
        raise unknown("threshold of rega", threshold, THRESHOLDS)
    mine = (model, layer, threshold, answers, folder)
    told = ", ".join(
        str(value)
        for value, usual in zip(mine, ("local/smollm2-135m", 0, "accurate", False, ""), strict=True)
        if value != usual
    )
    return ReGA(
        Local(model, layer, threshold, folder), answers, f"rega({told})" if told else "rega"
    )


def _told(what: str, found: Scored) -> str:
    return f"{what} scores {found.score:.2f}, refused below {found.threshold:.2f}"
