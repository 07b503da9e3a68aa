"""Hidden states of many texts in all layers, on disk: read once, looked at layer by layer."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from upright.models.weights import Weights


@dataclass(frozen=True)
class States:
    """`table` (layers, tokens of all texts, dim) in float16; text i has rows from starts[i] to
    starts[i + 1]."""

    table: NDArray[np.float16]
    starts: Sequence[int]

    def paths(self, layer: int) -> list[NDArray[np.float32]]:
        """Of each text, (tokens, dim)."""
        whole = np.asarray(self.table[layer], np.float32)
        bounds = zip(self.starts[:-1], self.starts[1:], strict=True)
        return [whole[start:end] for start, end in bounds]


def states(
    weights: Weights, texts: Sequence[Sequence[int]], last: int | None, file: Path
) -> States:
    """Of all tokens of each text, or of its last ones. What lies in the file is not made again."""
    sizes = [min(len(text), last or len(text)) for text in texts]
    starts = [0, *np.cumsum(sizes).tolist()]
    shape = (weights.layers + 1, starts[-1], int(weights.module.config.hidden_size))
    if not file.exists():
        fresh = file.with_suffix(".part")
        table = np.memmap(fresh, np.float16, "w+", shape=shape)
        for text, start, end in zip(texts, starts[:-1], starts[1:], strict=True):
            found = weights.hidden_states([text], range(shape[0]), every_token=True)[0]
            table[:, start:end] = found[len(text) - (end - start) :].transpose(1, 0, 2)
        table.flush()
        fresh.rename(file)
    return States(np.memmap(file, np.float16, "r", shape=shape), starts)
