"""A model on this machine: `local/smollm2-135m` (the embedded default) or `local/DIR`.

`local/smollm2-135m-guarded` is what `upright repair` made of it. DIR is a folder with
config.json, safetensors and tokenizer.json, as transformers writes it.
A Llama on the CPU runs on OpenVINO, everything else on torch (the extra `weights`).
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.util import find_spec
from typing import NamedTuple

import jinja2
import msgspec

from upright.core import Request, Response, UsageError, unknown
from upright.models import ModelOptions
from upright.models._batching import arranged, in_halves
from upright.models._checkpoint import Checkpoint, load_checkpoint
from upright.models._decoding import (
    Beginning,
    Engine,
    Prompt,
    Written,
    weigh,
    write,
)
from upright.models._embedded import NAME, source_of
from upright.models._folders import folder_of
from upright.models._llama import open_llama, why_not

PRECISIONS = ("auto", "float32", "bfloat16")
DEVICES = ("auto", "cpu", "cuda")
NEEDS_TORCH = (
    "{name} needs torch ({reason}), which is not installed: pip install 'upright[weights]'. "
    "On Linux without a GPU, install torch's CPU build first: it saves 2 GB."
)
TOO_LARGE = (
    "The GPU's memory does not hold a prompt of {tokens:,} tokens and its answer beside the model: "
    "measure on the CPU (--device cpu), or in bfloat16 (--precision bfloat16)."
)


class _Question(NamedTuple):
    """A request at its place, as tokens; or the reason why it cannot be asked."""

    place: int
    request: Request
    prompt: Prompt | None
    reason: str = ""


class Local:
    """A checkpoint and the engine that runs it."""

    concurrency = 1
    can_choose = True
    cacheable = True

    def __init__(self, name: str, checkpoint: Checkpoint, engine: Engine, source: str) -> None:
        self._name, self._checkpoint, self._engine = name, checkpoint, engine
        self._source = source
        self._beginning = Beginning()
        self._busy = threading.Lock()

    def __repr__(self) -> str:
        return f"Local({self.id})"

    @property
    def id(self) -> str:
        """Ends with a hash of what decides the answers, and the precision if it is a lower one."""
        precision = self._engine.facts["precision"]
        lower = "" if precision == "float32" else f"-{precision}"
        return f"local/{self._name}@{self._checkpoint.fingerprint}{lower}"

    @property
    def facts(self) -> dict[str, str]:
        return {**self._engine.facts, "source": self._source, **self._checkpoint.hashes}

    def batches(self, requests: Sequence[Request]) -> Iterable[Sequence[Request]]:
        for chunk in self._chunks(requests):
            yield [question.request for question in chunk]

    async def generate(self, requests: Sequence[Request]) -> list[Response]:
        cancelled = threading.Event()
        try:
            return await asyncio.to_thread(self._answer, requests, cancelled.is_set)
        except asyncio.CancelledError:
            cancelled.set()  # a thread cannot be killed; it looks here after every token
            raise

    async def close(self) -> None:
        pass

    def _answer(self, requests: Sequence[Request], cancelled: Callable[[], bool]) -> list[Response]:
        responses: dict[int, Response] = {}
        with self._busy:
            for chunk in self._chunks(requests):
                start = time.perf_counter()
                answers = self._answer_together(chunk, cancelled)
                took = time.perf_counter() - start
                for question, answer in zip(chunk, answers, strict=True):
                    responses[question.place] = msgspec.structs.replace(answer, latency=took)
        return [responses[place] for place in range(len(requests))]

    def _answer_together(
        self, chunk: Sequence[_Question], cancelled: Callable[[], bool]
    ) -> list[Response]:
        """The answers to questions of one kind."""
        prompts = [q.prompt for q in chunk if q.prompt]
        if not prompts:
            return [Response(finish_reason="error", error=q.reason) for q in chunk]

        def weighed(some: Sequence[Prompt]) -> list[tuple[float, ...]]:
            return weigh(self._engine, some, self._checkpoint.end, self._beginning)

        def written(some: Sequence[Prompt]) -> list[Written]:
            ends = self._checkpoint.ends
            return write(self._engine, some, ends, cancelled, self._beginning)

        if prompts[0].options:
            values = in_halves(weighed, prompts)
            return [
                _choice(q, v) if v else _too_large(q) for q, v in zip(chunk, values, strict=True)
            ]
        texts = in_halves(written, prompts)
        return [self._text(q, w) if w else _too_large(q) for q, w in zip(chunk, texts, strict=True)]

    def _text(self, question: _Question, written: Written) -> Response:
        return Response(
            text=self._checkpoint.decode(written.tokens),
            finish_reason="stop" if written.stopped else "length",
            prompt_tokens=_length(question),
            completion_tokens=len(written.tokens),
        )

    def _chunks(self, requests: Sequence[Request]) -> Iterator[list[_Question]]:
        """What is answered at once; first of all, what cannot be asked."""
        questions = [self._question(place, request) for place, request in enumerate(requests)]
        if unasked := [q for q in questions if not q.prompt]:
            yield unasked
        asked = [q for q in questions if q.prompt]
        prompts = [q.prompt for q in asked if q.prompt]
        for batch in arranged(prompts, self._engine.limits):
            yield [asked[place] for place in batch]

    def _question(self, place: int, request: Request) -> _Question:
        """A prompt that fits the context window is asked whole; one that does not, not at all."""
        try:
            tokens = self._checkpoint.encode(request.messages)
        except jinja2.TemplateError as error:
            return _Question(place, request, None, f"The model's chat template refuses: {error}")
        options = tuple(tuple(self._checkpoint.encode_answer(o)) for o in request.options)
        room = self._engine.limits.context - len(tokens)
        needed = max((len(option) + 1 for option in options), default=1)
        if not tokens or room < needed:
            reason = (
                f"The prompt has {len(tokens):,} tokens and the answer needs {needed}; "
                f"the model's context window holds {self._engine.limits.context:,}."
                if tokens
                else "The prompt is empty."
            )
            return _Question(place, request, None, reason)
        seed = (request.seed, request.epoch, request.replicate)
        limit = min(request.max_tokens, room)
        return _Question(place, request, Prompt(tokens, limit, request.temperature, seed, options))


def open_local(name: str, options: ModelOptions) -> Local:
    """The embedded model, or a checkpoint on disk."""
    if options.device not in DEVICES:
        raise unknown("device", options.device, DEVICES)
    if options.precision not in PRECISIONS:
        raise unknown("precision", options.precision, PRECISIONS)
    folder = folder_of(name)
    checkpoint = load_checkpoint(folder)
    shown = name if name == NAME else folder.resolve().name
    return Local(shown, checkpoint, open_engine(checkpoint, options), source_of(folder))


def open_engine(checkpoint: Checkpoint, options: ModelOptions) -> Engine:
    """OpenVINO where it can, else torch."""
    device = _best_device() if options.device == "auto" else options.device
    reason = why_not(checkpoint.config) if device == "cpu" else f"for the device {device}"
    if not reason:
        precision = "float32" if options.precision == "auto" else options.precision
        return open_llama(checkpoint, options.threads, precision)
    if find_spec("torch") is None or find_spec("transformers") is None:
        raise UsageError(NEEDS_TORCH.format(name=checkpoint.folder, reason=reason))
    from upright.models._torch import open_torch  # noqa: PLC0415 - seconds, and optional

    return open_torch(checkpoint, device, options)


def _best_device() -> str:
    if find_spec("torch") is None:
        return "cpu"
    import torch  # noqa: PLC0415 - seconds, and optional

    return "cuda" if torch.cuda.is_available() else "cpu"


def _choice(question: _Question, values: tuple[float, ...]) -> Response:
    """The likeliest option; the first of equals."""
    best = question.request.options[values.index(max(values))]
    return Response(
        text=best,
        finish_reason="choice",
        prompt_tokens=_length(question),
        option_logprobs=values,
    )


def _too_large(question: _Question) -> Response:
    reason = TOO_LARGE.format(tokens=_length(question))
    return Response(finish_reason="error", error=reason, prompt_tokens=_length(question))


def _length(question: _Question) -> int:
    return len(question.prompt.tokens) if question.prompt else 0
