"""A linear model over hashed n-grams and a few numbers: one score per head, then a sigmoid.

Weights are plain arrays in a safetensors file with a JSON card beside it. The score of a text is
the sum over its kinds of n-grams of the mean-like sum(weights) / sqrt(count), so that neither a
long text nor a kind with many n-grams drowns the others.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from upright.core import Calibration, DataError
from upright.judges._ngrams import Bag, Features, bags
from upright.models._safetensors import load_tensors

Scores = NDArray[np.float64]
WEIGHTS = Path(__file__).parent / "weights"
BATCH = 512


@dataclass(frozen=True)
class Linear:
    """`bins` (2 ** bits, heads); `dense` (numbers, heads); `bias` and `slope` (heads,)."""

    heads: tuple[str, ...]
    features: tuple[Features, ...]
    bins: NDArray[np.float32]
    dense: NDArray[np.float32]
    bias: NDArray[np.float32]
    slope: NDArray[np.float32]

    def scores(self, columns: Sequence[Sequence[str]], dense: Scores | None = None) -> Scores:
        """Scores (texts, heads); above 0 means yes. `columns`: texts for each of `features`."""
        n = len(columns[0])
        parts = [self._some([c[i : i + BATCH] for c in columns]) for i in range(0, n, BATCH)]
        found = np.concatenate(parts) if parts else np.zeros((0, len(self.heads)))
        if dense is not None:
            found = found + dense @ self.dense
        scores: Scores = (found + self.bias) * self.slope
        return scores

    def _some(self, columns: Sequence[Sequence[str]]) -> Scores:
        total = np.zeros((len(columns[0]), len(self.heads)))
        for salt, (texts, features) in enumerate(zip(columns, self.features, strict=True)):
            for bag in bags(texts, features, salt):
                total += row_scale(bag)[:, None] * (counted(bag, len(self.bins)) @ self.bins)
        return total


def counted(bag: Bag, width: int) -> csr_array:
    """A bag as a sparse matrix (texts, bins) of ones; a bin may occur twice in a row."""
    ones = np.ones(len(bag.bins), np.float32)
    indices, starts = bag.bins.astype(np.int32), bag.starts.astype(np.int32)
    return csr_array((ones, indices, starts), shape=(len(starts) - 1, width))


def row_scale(bag: Bag) -> Scores:
    scale: Scores = 1.0 / np.sqrt(np.maximum(np.diff(bag.starts), 1))
    return scale


def sigmoid(scores: Scores) -> Scores:
    chances: Scores = 0.5 + 0.5 * np.tanh(0.5 * scores)
    return chances


@cache
def load(name: str) -> tuple[Linear, Mapping[str, Any]]:
    """A shipped judge and its card; a file that is not the one on the card is refused."""
    path = WEIGHTS / f"{name}.safetensors"
    card = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != card["sha256"]:
        raise DataError(f"{path} is not the file of its card: install Upright again.")
    return from_file(path, card), card


def calibration(name: str) -> Calibration:
    """The first calibration on a judge's card."""
    told = load(name)[1]["calibrations"][0]
    return Calibration(**{field: told[field] for field in Calibration.__struct_fields__})


def from_file(path: Path, card: Mapping[str, Any]) -> Linear:
    tensors = load_tensors(path)
    features = tuple(
        Features(**{k: tuple(v) if isinstance(v, list) else v for k, v in told.items()})
        for told in card["features"]
    )
    return Linear(tuple(card["heads"]), features, **tensors)


def described(features: Sequence[Features]) -> list[dict[str, Any]]:
    return [asdict(f) for f in features]
