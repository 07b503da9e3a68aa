"""How likely a model finds a text as it stands: what perplexity filters go by.

reader = open_reader("local/smollm2-135m")
reader.log_likelihoods(["The sun rises in the east."])      # nats, one array per text
"""

import asyncio
from collections.abc import Callable, Sequence
from itertools import pairwise
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from upright.core import UsageError
from upright.models import DEFAULTS, ModelOptions
from upright.models._batching import arranged, in_halves
from upright.models._checkpoint import Checkpoint, load_checkpoint
from upright.models._decoding import Engine, Prompt, Tokens, follow
from upright.models._folders import folder_of
from upright.models._pool import GATHERING
from upright.models.local import open_engine

Reals = NDArray[np.float64]
TOO_LARGE = (
    "The memory does not hold a text of {tokens:,} tokens beside the model that reads it: read on "
    "the CPU."
)


class Reader:
    """A checkpoint that reads and writes nothing. For one thread at a time."""

    def __init__(self, spec: str, checkpoint: Checkpoint, engine: Engine) -> None:
        self._spec, self._checkpoint, self._engine = spec, checkpoint, engine

    @property
    def id(self) -> str:
        """Ends with a hash of what decides the likelihoods."""
        return f"{self._spec}@{self._checkpoint.fingerprint}"

    def log_likelihoods(self, texts: Sequence[str]) -> list[Reals]:
        """Of each text, log p(token | those before it) in nats, for every token but the first,
        before which nothing stands: none of a text of one token or none.

        No chat template; special tokens as the model's tokenizer puts them. What lies past the
        context window is read in a window of its own, whose first token is the last one's last.
        """
        pieces = [self._pieces(text) for text in texts]
        whole = [piece for parts in pieces for piece in parts]
        found = iter(self._follow(whole))
        return [np.concatenate([np.zeros(0), *(next(found) for _ in parts)]) for parts in pieces]

    def _pieces(self, text: str) -> list[Tokens]:
        tokens = self._checkpoint.tokenizer.encode(text).ids
        ends = [*range(0, len(tokens) - 1, self._engine.limits.context - 1), len(tokens) - 1]
        return [tokens[start : end + 1] for start, end in pairwise(ends) if end > start]

    def _follow(self, texts: Sequence[Tokens]) -> list[Reals]:
        """In batches of texts that begin alike or are of similar length."""
        prompts = [Prompt(text, 0) for text in texts]
        found: dict[int, Reals] = {}
        for batch in arranged(prompts, self._engine.limits):
            told = in_halves(self._of_prompts, [prompts[i] for i in batch])
            for place, one in zip(batch, told, strict=True):
                if one is None:
                    raise UsageError(TOO_LARGE.format(tokens=len(texts[place])))
                found[place] = one
        return [found[place] for place in range(len(texts))]

    def _of_prompts(self, prompts: Sequence[Prompt]) -> list[Reals]:
        return follow(self._engine, [prompt.tokens for prompt in prompts])


class SharedReader:
    """One reader behind many tasks that each have one text at a time: what they ask at one moment
    is read together, which takes a fifth of the time. Opened when the first text comes."""

    def __init__(self, opened: Callable[[], Reader]) -> None:
        self._open = opened
        self._reader: Reader | None = None
        self._busy = Lock()
        self._waiting: list[tuple[str, asyncio.Future[Reals]]] = []
        self._under_way: set[asyncio.Task[None]] = set()

    async def log_likelihoods(self, text: str) -> Reals:
        """As `Reader.log_likelihoods`; raises what opening the reader raises."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_later(GATHERING, self._send)
        answer: asyncio.Future[Reals] = loop.create_future()
        self._waiting.append((text, answer))
        return await answer

    async def close(self) -> None:
        """Gives the memory back; a text that comes later opens it again."""
        await asyncio.gather(*self._under_way, return_exceptions=True)
        self._reader = None

    def _send(self) -> None:
        waiting, self._waiting = self._waiting, []
        task = asyncio.create_task(self._answer(waiting))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _answer(self, waiting: Sequence[tuple[str, asyncio.Future[Reals]]]) -> None:
        wanted = [(text, answer) for text, answer in waiting if not answer.cancelled()]
        try:
            found = await asyncio.to_thread(self._read, [text for text, _ in wanted])
        except Exception as error:  # noqa: BLE001 - whoever asked is told
            for _, answer in wanted:
                if not answer.done():
                    answer.set_exception(error)
        else:
            for (_, answer), one in zip(wanted, found, strict=True):
                if not answer.done():
                    answer.set_result(one)

    def _read(self, texts: Sequence[str]) -> list[Reals]:
        with self._busy:
            if self._reader is None:
                self._reader = self._open()
            return self._reader.log_likelihoods(texts)


def open_reader(spec: str, options: ModelOptions = DEFAULTS) -> Reader:
    """Open a local model for reading: `local/smollm2-135m`, what a repair made, or `local/DIR`."""
    prefix, _, name = spec.partition("/")
    if prefix != "local" or not name:
        raise UsageError(
            f"{spec!r} tells no likelihoods of a text here: only local/NAME and local/DIR do."
        )
    checkpoint = load_checkpoint(folder_of(name))
    return Reader(spec, checkpoint, open_engine(checkpoint, options))
