"""Linear models over hashed n-grams: one score per head, then a sigmoid.

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

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from upright.core import Calibration, DataError
from upright.judges._ngrams import Bag, Features, bags
from upright.models._safetensors import load_tensors, save_tensors

Scores = NDArray[np.float64]
WEIGHTS = Path(__file__).parent / "weights"
BATCH = 256
WIDEST = 2048
"""The largest gap between two bins that are stored; float16 is exact up to it."""


@dataclass(frozen=True)
class Linear:
    """`bins` (2 ** bits, heads); `bias` and `slope` (heads,)."""

    heads: tuple[str, ...]
    features: Features
    bins: NDArray[np.float32]
    bias: NDArray[np.float32]
    slope: NDArray[np.float32]

    def scores(self, texts: Sequence[str]) -> Scores:
        """Scores (texts, heads); above 0 means yes."""
        starts = range(0, len(texts), BATCH)
        parts = [self._some(texts[i : i + BATCH]) for i in starts]
        found = np.concatenate(parts) if parts else np.zeros((0, len(self.heads)))
        scores: Scores = (found + self.bias) * self.slope
        return scores

    def _some(self, texts: Sequence[str]) -> Scores:
        total = np.zeros((len(texts), len(self.heads)))
        for bag in bags(texts, self.features):
            total += row_scale(bag)[:, None] * (counted(bag, len(self.bins)) @ self.bins)
        return total

    def told(self) -> dict[str, Any]:
        """What the card says of it."""
        return {"heads": list(self.heads), "features": asdict(self.features)}

    def tensors(self) -> dict[str, NDArray[np.float32] | NDArray[np.float16]]:
        """What is stored: the bins that are not empty, and how far each is from the one before."""
        places = np.flatnonzero(self.bins.any(axis=1))
        gaps = np.diff(places, prepend=0)
        if gaps.max(initial=0) > WIDEST:
            raise DataError(f"Bins lie more than {WIDEST} apart: use fewer bits.")
        return {
            "bins": self.bins[places].astype(np.float16),
            "gaps": gaps.astype(np.float16),
            "bias": self.bias,
            "slope": self.slope,
        }


@dataclass(frozen=True)
class Shipped:
    """A judge as it lies in `weights/`: its linear parts, other tensors by name, and its card."""

    parts: Mapping[str, Linear]
    tensors: Mapping[str, NDArray[np.float32]]
    card: Mapping[str, Any]


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
def load(name: str) -> Shipped:
    """A shipped judge; a file that is not the one on its card is refused."""
    path = WEIGHTS / f"{name}.safetensors"
    card = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    if hashlib.sha256(path.read_bytes()).hexdigest() != card["sha256"]:
        raise DataError(f"{path} is not the file of its card: install Upright again.")
    tensors = load_tensors(path)
    parts = {part: _part(part, told, tensors) for part, told in card["parts"].items()}
    rest = {key: tensor for key, tensor in tensors.items() if "." not in key}
    return Shipped(parts, rest, card)


def _part(name: str, told: Mapping[str, Any], tensors: Mapping[str, Any]) -> Linear:
    plain: dict[str, Any] = {
        k: tuple(v) if isinstance(v, list) else v for k, v in told["features"].items()
    }
    features, heads = Features(**plain), tuple(told["heads"])
    bins = np.zeros((1 << features.bits, len(heads)), np.float32)
    bins[tensors[f"{name}.gaps"].astype(np.int64).cumsum()] = tensors[f"{name}.bins"]
    return Linear(heads, features, bins, tensors[f"{name}.bias"], tensors[f"{name}.slope"])


def save(path: Path, parts: Mapping[str, Linear], tensors: Mapping[str, Any]) -> str:
    """Write a judge's weights; returns their sha256."""
    named = {f"{name}.{k}": t for name, part in parts.items() for k, t in part.tensors().items()}
    save_tensors(path, {**named, **tensors})
    return hashlib.sha256(path.read_bytes()).hexdigest()


@cache
def calibrations(name: str) -> tuple[Calibration, ...]:
    """How well a shipped judge agrees with people, on each set it was measured on."""
    told = load(name).card["calibrations"]
    return msgspec.convert(told, tuple[Calibration, ...])
