"""How likely a model finds a text as it stands: what perplexity filters go by.

reader = open_reader("local/smollm2-135m")
reader.log_likelihoods(["The sun rises in the east."])      # nats, one array per text
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from upright.core import UsageError
from upright.models import DEFAULTS, ModelOptions
from upright.models._batching import arranged, in_halves
from upright.models._checkpoint import Checkpoint, load_checkpoint
from upright.models._decoding import Engine, Prompt, Tokens, follow
from upright.models._folders import folder_of
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


def open_reader(spec: str, options: ModelOptions = DEFAULTS) -> Reader:
    """Open a local model for reading: `local/smollm2-135m`, what a repair made, or `local/DIR`."""
    prefix, _, name = spec.partition("/")
    if prefix != "local" or not name:
        raise UsageError(
            f"{spec!r} tells no likelihoods of a text here: only local/NAME and local/DIR do."
        )
    checkpoint = load_checkpoint(folder_of(name))
    return Reader(spec, checkpoint, open_engine(checkpoint, options))
