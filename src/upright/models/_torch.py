"""Any causal language model that transformers knows, on torch: the engine for the rest.

Safetensors only, and no code that comes with a model is ever run.
"""

import os
from collections.abc import Sequence
from importlib.metadata import version
from inspect import signature
from typing import Any, NamedTuple

import numpy as np
import torch
from transformers import AutoModelForCausalLM, DynamicCache
from transformers.cache_utils import DynamicLayer

from upright.core import ModelRefused, excerpt
from upright.models import ModelOptions
from upright.models._checkpoint import Checkpoint
from upright.models._decoding import Floats, Ints, Limits, OutOfMemory, Reals, Step

DEFAULT_CONTEXT = 2048
"""Where config.json names no longest text."""


SHARE_FOR_TEXTS = 0.4
"""Of a GPU's free memory, for keys and values: they are copied while they grow or are regrouped,
and the network needs room to work in."""
Kept = list[tuple[torch.Tensor, torch.Tensor]]


class OnDevice(NamedTuple):
    """Logits that stay where they were made: only what was asked about them is fetched."""

    logits: torch.Tensor

    def likeliest(self) -> Ints:
        found: Ints = self.logits.argmax(dim=-1).cpu().numpy()
        return found

    def log_likelihoods(self, rows: Sequence[int], tokens: Sequence[int]) -> Reals:
        sums = self.logits.logsumexp(dim=-1)
        places = torch.tensor(list(rows), device=self.logits.device)
        asked = self.logits[places, torch.tensor(list(tokens), device=self.logits.device)]
        found: Reals = (asked - sums[places]).double().cpu().numpy()
        return found

    def values(self) -> Floats:
        found: Floats = self.logits.cpu().numpy()
        return found


class Torch:
    """A transformers model and its cache."""

    def __init__(self, model: torch.nn.Module, device: str) -> None:
        self._model, self._device = model, device
        self._cache_name = cache_name(model)
        self._cache = DynamicCache(config=model.config)
        self._rows = 0
        self.limits = _limits(model, device)

    @property
    def facts(self) -> dict[str, str]:
        gpu = torch.cuda.get_device_name() if self._device == "cuda" else ""
        return {
            "engine": f"torch {torch.__version__}, transformers {version('transformers')}",
            "device": gpu or self._device,
            "precision": str(self._model.dtype).removeprefix("torch."),
            "threads": str(torch.get_num_threads()),
        }

    def forget(self) -> None:
        self._cache = DynamicCache(config=self._model.config)
        self._rows = 0

    def keep(self) -> Kept | None:
        layers = self._cache.layers
        # A sliding window has dropped what a shorter beginning would need; some layers have none.
        if any(type(layer) is not DynamicLayer or layer.keys is None for layer in layers):
            return None
        return [(layer.keys.clone(), layer.values.clone()) for layer in layers]

    def go_back(self, kept: Kept, length: int) -> None:
        self.forget()
        for number, (keys, values) in enumerate(kept):
            self._cache.update(keys[:, :, :length], values[:, :, :length], number)
        self._rows = 1

    def read(self, step: Step) -> OnDevice:
        try:
            with torch.inference_mode():
                return self._read(step)
        except torch.cuda.OutOfMemoryError:
            pass
        # Outside the handler, where no frame of the failure holds on to its tensors.
        self.forget()
        if self._device == "cuda":
            torch.cuda.empty_cache()
        self.limits = self.limits._replace(tokens=max(1, step.seen.size // 2))
        raise OutOfMemory

    def _read(self, step: Step) -> OnDevice:
        rows, width = step.tokens.shape
        if self._rows and not np.array_equal(step.parents, np.arange(self._rows)):
            self._cache.reorder_cache(self._to(step.parents))
        self._rows = rows
        first = int(min(step.wanted % width, default=width - 1))
        logits = self._model(
            input_ids=self._to(step.tokens),
            attention_mask=self._to(step.seen.astype(np.int64)),
            position_ids=self._to(step.positions),
            use_cache=True,
            logits_to_keep=width - first,  # the head is computed from the first wanted column on
            **{self._cache_name: self._cache},
        ).logits
        asked = logits[self._to(step.wanted // width), self._to(step.wanted % width - first)]
        return OnDevice(asked.float())

    def _to(self, array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self._device)


def cache_name(model: torch.nn.Module) -> str:
    """What forward() calls its cache: newer versions of transformers renamed it."""
    return "cache" if "cache" in signature(model.forward).parameters else "past_key_values"


def _limits(model: torch.nn.Module, device: str) -> Limits:
    """On a GPU, as many texts as its free memory holds, up to where more stop paying."""
    text = model.config.get_text_config()
    context = int(getattr(text, "max_position_embeddings", None) or DEFAULT_CONTEXT)
    if device == "cpu":
        return Limits(context)
    free, _ = torch.cuda.mem_get_info()
    tokens = int(free * SHARE_FOR_TEXTS) // _bytes_per_token(text, model.dtype)
    return Limits(context, rows=256, tokens=max(1, tokens), step=32768, apart=8192)


def _bytes_per_token(config: Any, dtype: torch.dtype) -> int:
    """Of keys and values in all layers; as if every head had its own where it is not told."""
    heads = getattr(config, "num_attention_heads", 1)
    size = getattr(config, "head_dim", None) or config.hidden_size // heads
    shared = getattr(config, "num_key_value_heads", None) or heads
    return int(2 * config.num_hidden_layers * shared * size * dtype.itemsize)


def open_torch(checkpoint: Checkpoint, device: str, options: ModelOptions) -> Torch:
    """Load the network: float32 on a CPU, bfloat16 on a GPU, unless asked otherwise."""
    automatic = "float32" if device == "cpu" else "bfloat16"
    precision = automatic if options.precision == "auto" else options.precision
    if options.threads:
        torch.set_num_threads(min(options.threads, os.cpu_count() or 1))
    return Torch(load_module(checkpoint, device, precision), device)


def load_module(
    checkpoint: Checkpoint, device: str, precision: str, attention: str | None = None
) -> torch.nn.Module:
    """The network of a checkpoint, ready to be asked; `attention` as transformers names it."""
    if device == "cuda" and not torch.cuda.is_available():
        raise ModelRefused("torch sees no GPU (CUDA). Measure on the CPU: --device cpu")
    try:
        model = AutoModelForCausalLM.from_pretrained(
            checkpoint.folder,
            dtype=getattr(torch, precision),
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            attn_implementation=attention,
        )
    except (OSError, ValueError, ImportError, KeyError) as error:
        raise ModelRefused(
            f"transformers cannot open {checkpoint.folder}: {excerpt(str(error), 300)}"
        ) from error
    module: torch.nn.Module = model.eval().to(device)
    return module
