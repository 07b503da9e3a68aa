"""A linear probe of a local model's hidden states: whether a request is harmful.

Fitted once on AdvBench's and LLMBar's prompts, as ReGA is, and kept in the user's cache under a
name that changes with whatever it was made of. docs/explain/rega.md has its figures.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import msgspec
import numpy as np

from upright.data import cache_dir
from upright.defenses._rega_monitor import Training, training
from upright.models._safetensors import load_tensors, save_tensors
from upright.stats.logistic import Flags, Reals, said, taught

if TYPE_CHECKING:
    from upright.models.weights import Weights


@dataclass(frozen=True)
class Probe:
    """Logistic regression on columns of mean 0 and variance 1.

    mean, spread    (dim,)
    weights         (1 + dim,), the bias first
    """

    mean: Reals
    spread: Reals
    weights: Reals

    @classmethod
    def fit(cls, hidden: Reals, harmful: Flags) -> Self:
        """Of hidden states (prompts, dim)."""
        mean, spread = hidden.mean(axis=0), hidden.std(axis=0) + 1e-9
        return cls(mean, spread, taught((hidden - mean) / spread, harmful))

    def log_odds(self, hidden: Reals) -> Reals:
        """That each of the prompts (prompts, dim) is harmful."""
        return said(self.weights, (hidden - self.mean) / self.spread)

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        tensors = {"mean": self.mean, "spread": self.spread, "weights": self.weights}
        save_tensors(path, {name: t.astype(np.float32) for name, t in tensors.items()})


def load_probe(path: Path) -> Probe:
    """What `Probe.save` wrote."""
    found = {name: tensor.astype(np.float64) for name, tensor in load_tensors(path).items()}
    return Probe(found["mean"], found["spread"], found["weights"])


def kept_probe(weights: "Weights", layer: int, data: Path | None) -> Probe:
    """The probe of a model's layer, from the user's cache; fitted and kept there if need be."""
    told = training(data)
    made_of = msgspec.json.encode((weights.id, layer, told))
    path = cache_dir() / "probe" / f"{hashlib.sha256(made_of).hexdigest()[:16]}.safetensors"
    if not path.is_file():
        _fitted(weights, layer, told).save(path)
    return load_probe(path)


def _fitted(weights: "Weights", layer: int, told: Training) -> Probe:
    prompts = [*(prompt for prompt, _ in told.harmful), *told.safe]
    hidden = weights.hidden_states([weights.chat(prompt) for prompt in prompts], (layer,))
    harmful = np.arange(len(prompts)) < len(told.harmful)
    return Probe.fit(hidden[:, 0].astype(np.float64), harmful)
