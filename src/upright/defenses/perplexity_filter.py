"""Perplexity filter: a request that no person would write is not answered.

Alon and Kamfonas 2023 (arXiv 2308.14132) and Jain et al. 2023 (arXiv 2309.00614): strings that were
searched for token by token read as noise to a language model. The threshold follows JailbreakBench
(arXiv 2404.01318): the largest value among its 100 goals, asked plainly.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from upright.core import Card, Dimension, Request, Response, UsageError
from upright.defenses import refused
from upright.models import ModelOptions
from upright.models.reading import Reals, SharedReader, open_reader

MODEL = "local/smollm2-135m"
THRESHOLDS: Mapping[int, float] = {0: 7.5329, 10: 7.5329}
"""Nats by window, under MODEL@c9074eee: the largest value of JailbreakBench's 100 goals (the file
`jbb/harmful-behaviors.csv` of `upright data list`), rounded up. A test measures them again."""
BY_RULE = 0.0
"""As an option: the threshold that was measured."""
THREADS = 2
"""The model behind the filter wants the other cores."""
CARD = Card(
    title="Perplexity filter",
    paper="2309.00614",
    measures="Whether attacks can be told by how unlikely their words are",
    dimension=Dimension.SAFETY,
    data="JailbreakBench's 100 goals, for the threshold",
    licence="Apache-2.0",
    limits=(
        "JailbreakBench's code reads with Llama-2-7B, Alon and Kamfonas with GPT-2; here it is a "
        "model of 135M parameters by default. Another one needs a threshold of its own.",
        "Attacks in plain words read as plain words: nothing of them is seen.",
        "What is rare is not harmful: other languages, code and names read as noise too.",
        "The first token has nothing before it and does not count: a text of one token passes.",
        "Reads the user's last turn alone.",
        "Windows lie side by side, as with Jain et al.; the last one is moved back to be whole.",
    ),
)


@dataclass(frozen=True)
class PerplexityFilter:
    """`threshold` in nats per token; a `window` of 0 is the whole text, another is so many tokens,
    and the most unlikely one counts."""

    threshold: float = THRESHOLDS[0]
    model: str = MODEL
    window: int = 0
    card: Card = CARD

    @property
    def id(self) -> str:
        mine = (self.threshold, self.model, self.window)
        told = "" if mine == (THRESHOLDS[0], MODEL, 0) else "({:g}, {}, {})".format(*mine)
        return f"perplexity_filter{told}"

    async def before(self, request: Request) -> Request | Response:
        found = await self.log_perplexity(request.messages[-1].content)
        if found <= self.threshold:
            return request
        return refused(f"{found:.2f} nats per token, more than {self.threshold:.2f}")

    async def log_perplexity(self, text: str) -> float:
        """Mean of -log p(token | those before it), of the most unlikely window, in nats; 0 where
        no token has one before it."""
        return most_unlikely(await self._reader.log_likelihoods(text), self.window)

    async def close(self) -> None:
        await self._reader.close()

    @cached_property
    def _reader(self) -> SharedReader:
        options = ModelOptions(device="cpu", threads=THREADS)
        return SharedReader(lambda: open_reader(self.model, options))


def perplexity_filter(
    threshold: float = BY_RULE, model: str = MODEL, window: int = 0
) -> PerplexityFilter:
    """Raises UsageError where nobody has measured the threshold that was not given."""
    if not threshold and (model != MODEL or window not in THRESHOLDS):
        raise UsageError(
            f"perplexity_filter: no threshold is known for {model} with window={window}. Give one "
            "in nats per token, threshold=...; by JailbreakBench's rule it is the largest among "
            "its goals, and perf/stored_attacks.py --filter MODEL --data DIR measures it."
        )
    return PerplexityFilter(threshold or THRESHOLDS[window], model, window)


def most_unlikely(log_likelihoods: Reals, window: int) -> float:
    """The largest mean of -log p over windows side by side, the last one ending with the text."""
    surprise = -log_likelihoods
    if not len(surprise):
        return 0.0
    if not 0 < window < len(surprise):
        return float(surprise.mean())
    last = len(surprise) - window
    starts = [*range(0, last, window), last]
    return float(max(np.mean(surprise[start : start + window]) for start in starts))
