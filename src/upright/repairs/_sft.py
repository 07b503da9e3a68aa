"""Supervised fine-tuning of the upper layers of a small model, on a CPU in minutes.

Three things save most of the work and change no number. The frozen lower layers say the same in
every epoch, so they read each text once. What all prompts begin with (the template, a system
prompt) is read once per batch. The head is computed only where an answer's token is asked for.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.nn import Identity, ModuleList, Parameter
from torch.nn.functional import cross_entropy
from transformers import DynamicCache

from upright.core import OnStep
from upright.models._decoding import in_common
from upright.models._torch import cache_name

NOT_ASKED = -100
"""The target of tokens that are no answer; torch leaves it out of the loss."""
WARM_UP = 0.1
"""Of all steps, in which the learning rate grows; after them it falls to nothing."""


class Taught(NamedTuple):
    """Tokens of a prompt, and of the answer to learn."""

    prompt: Sequence[int]
    answer: Sequence[int]


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How to tune. `checks` are how often per epoch the held-out part is looked at; after
    `patience` looks without a better one the tuning stops, and the best state is kept."""

    frozen: int
    learning_rate: float
    epochs: int
    rows: int
    weight_decay: float
    clip: float
    checks: int
    patience: int
    seed: int


class Check(NamedTuple):
    """Mean losses per answer token in nats, after so many steps."""

    step: int
    training: float
    held_out: float


class _Batch(NamedTuple):
    """As the frozen layers left it."""

    beginning: torch.Tensor  # (1, common, dim), of all rows
    rest: torch.Tensor  # (rows, width, dim)
    targets: torch.Tensor  # (rows, width), the token that comes next


def tune(
    module: Any,
    taught: Sequence[Taught],
    held_out: Sequence[Taught],
    how: Schedule,
    on_step: OnStep,
) -> list[Check]:
    """Change the layers from `how.frozen` on; what was seen on the way."""
    layers = len(module.model.layers)
    trained = _release(module, how.frozen)
    with _only(module.model, 0, how.frozen):
        texts = [*_rows(taught, how.rows), *_rows(held_out, how.rows)]
        common = in_common([one.prompt[:-1] for one in (*taught, *held_out)])
        read = []
        for place, rows in enumerate(texts):
            on_step("Reading", place, len(texts))
            read.append(_read(module, rows, common))
    on_step("Reading", len(texts), len(texts))
    learning, checking = read[: ceil(len(taught) / how.rows)], read[ceil(len(taught) / how.rows) :]
    with _only(module.model, how.frozen, layers):
        return _learn(module, trained, learning, checking, how, on_step)


def _learn(
    module: Any,
    trained: Sequence[Parameter],
    learning: Sequence[_Batch],
    checking: Sequence[_Batch],
    how: Schedule,
    on_step: OnStep,
) -> list[Check]:
    draw = np.random.default_rng(how.seed)
    optimizer = torch.optim.AdamW(trained, lr=how.learning_rate, weight_decay=how.weight_decay)
    total = how.epochs * len(learning)
    every = max(1, len(learning) // how.checks)
    checks = [Check(0, float("nan"), _mean_loss(module, checking))]
    best, since, seen = [p.detach().clone() for p in trained], 0, []
    order = [int(i) for _ in range(how.epochs) for i in draw.permutation(len(learning))]
    for step, place in enumerate(order, start=1):
        for group in optimizer.param_groups:
            group["lr"] = how.learning_rate * _share(step, total)
        loss = _loss(module, learning[place])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, how.clip)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        seen.append(loss.item())
        on_step("Tuning", step, total)
        if step % every and step < total:
            continue
        checks.append(Check(step, float(np.mean(seen)), _mean_loss(module, checking)))
        seen = []
        if checks[-1].held_out <= min(check.held_out for check in checks):
            best, since = [p.detach().clone() for p in trained], 0
        else:
            since += 1
            if since >= how.patience:
                break
    with torch.no_grad():
        for parameter, value in zip(trained, best, strict=True):
            parameter.copy_(value)
    return checks


def _release(module: Any, frozen: int) -> list[Parameter]:
    """The parameters of the layers to train; all others are frozen."""
    module.requires_grad_(False)
    for layer in module.model.layers[frozen:]:
        layer.requires_grad_(True)
    return [p for p in module.parameters() if p.requires_grad]


@contextmanager
def _only(body: Any, start: int, stop: int) -> Iterator[None]:
    """Some layers of a transformers decoder, as a decoder; the final norm comes after the last."""
    layers, norm = body.layers, body.norm
    body.layers = ModuleList(list(layers)[start:stop])
    if stop < len(layers):
        body.norm = Identity()
    _number(body.layers)
    try:
        yield
    finally:
        body.layers, body.norm = layers, norm
        _number(layers)


def _number(layers: Any) -> None:
    """A layer's number is its place in the cache."""
    for number, layer in enumerate(layers):
        layer.self_attn.layer_idx = number


def _rows(taught: Sequence[Taught], size: int) -> Iterator[Sequence[Taught]]:
    for start in range(0, len(taught), size):
        yield taught[start : start + size]


def _read(module: Any, rows: Sequence[Taught], common: int) -> _Batch:
    """Padded on the right, where nothing that counts looks: no mask is needed."""
    width = max(len(one.prompt) + len(one.answer) for one in rows) - 1
    tokens = np.zeros((len(rows), width), np.int64)
    targets = np.full((len(rows), width), NOT_ASKED, np.int64)
    for row, (prompt, answer) in enumerate(rows):
        text = [*prompt, *answer]
        tokens[row, : len(text) - 1] = text[:-1]
        targets[row, len(prompt) - 1 : len(text) - 1] = answer
    device = next(module.parameters()).device
    with torch.no_grad():
        embedded = module.model.embed_tokens(torch.from_numpy(tokens).to(device))
        beginning, rest = _through(module.model, embedded[:1, :common], embedded[:, common:])
    return _Batch(beginning, rest, torch.from_numpy(targets[:, common:]).to(device))


def _through(
    body: Any, beginning: torch.Tensor, rest: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """What the layers make of a beginning (1, common, dim) and of the rows that go on from it.

    Gradients reach the beginning through the keys and values that the rows look at.
    """
    if not beginning.shape[1]:
        return beginning, body(inputs_embeds=rest, use_cache=False).last_hidden_state
    cache = {cache_name(body): DynamicCache()}
    first = body(inputs_embeds=beginning, use_cache=True, **cache).last_hidden_state
    for kept in cache.values():
        kept.batch_repeat_interleave(len(rest))
    return first, body(inputs_embeds=rest, use_cache=True, **cache).last_hidden_state


def _loss(module: Any, batch: _Batch, reduction: str = "mean") -> torch.Tensor:
    """Over the answers' tokens only."""
    _, states = _through(module.model, batch.beginning, batch.rest)
    asked = batch.targets != NOT_ASKED
    logits = module.lm_head(states[asked]).float()  # (answer tokens, vocabulary)
    return cross_entropy(logits, batch.targets[asked], reduction=reduction)


def _mean_loss(module: Any, batches: Sequence[_Batch]) -> float:
    with torch.no_grad():
        total = sum(float(_loss(module, batch, "sum")) for batch in batches)
    return total / sum(int((batch.targets != NOT_ASKED).sum()) for batch in batches)


def _share(step: int, total: int) -> float:
    """Of the learning rate: up in a straight line, then down in one."""
    up = max(1.0, WARM_UP * total)
    return min(step / up, (total - step + 1) / (total - up + 1))
