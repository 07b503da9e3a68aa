"""Any causal language model that transformers knows, on torch: the engine for the rest.

Safetensors only, and no code that comes with a model is ever run.
"""

import os
from importlib.metadata import version
from inspect import signature

import numpy as np
import torch
from transformers import AutoModelForCausalLM, DynamicCache

from upright.core import ModelRefused, excerpt
from upright.models import ModelOptions
from upright.models._checkpoint import Checkpoint
from upright.models._decoding import Floats, Limits, Step

DEFAULT_CONTEXT = 2048
"""Where config.json names no longest text."""


class Torch:
    """A transformers model and its cache."""

    def __init__(self, model: torch.nn.Module, device: str) -> None:
        self._model, self._device = model, device
        # Newer versions of transformers renamed it.
        known = signature(model.forward).parameters
        self._cache_name = "cache" if "cache" in known else "past_key_values"
        self._cache = DynamicCache(config=model.config)
        self._rows = 0

    @property
    def limits(self) -> Limits:
        text = self._model.config.get_text_config()
        context = int(getattr(text, "max_position_embeddings", None) or DEFAULT_CONTEXT)
        if self._device == "cpu":
            return Limits(context)
        return Limits(context, rows=128, tokens=65536, step=16384)

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

    def read(self, step: Step) -> Floats:
        with torch.inference_mode():
            return self._read(step)

    def _read(self, step: Step) -> Floats:
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
        found: Floats = asked.float().cpu().numpy()
        return found

    def _to(self, array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self._device)


def open_torch(checkpoint: Checkpoint, device: str, options: ModelOptions) -> Torch:
    """Load the network: float32 on a CPU, bfloat16 on a GPU, unless asked otherwise."""
    if device == "cuda" and not torch.cuda.is_available():
        raise ModelRefused("torch sees no GPU (CUDA). Measure on the CPU: --device cpu")
    if options.threads:
        torch.set_num_threads(min(options.threads, os.cpu_count() or 1))
    automatic = "float32" if device == "cpu" else "bfloat16"
    precision = automatic if options.precision == "auto" else options.precision
    try:
        model = AutoModelForCausalLM.from_pretrained(
            checkpoint.folder,
            dtype=getattr(torch, precision),
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
        )
    except (OSError, ValueError, ImportError, KeyError) as error:
        raise ModelRefused(
            f"transformers cannot open {checkpoint.folder}: {excerpt(str(error), 300)}"
        ) from error
    return Torch(model.eval().to(device), device)
