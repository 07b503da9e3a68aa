"""What the study of ReGA reads of a model, once: training texts, test prompts and conversations."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from _prompt_sets import Comparison, comparisons
from _states import States, states
from numpy.typing import NDArray

from upright.data.prompts import ADVBENCH, read_prompts
from upright.defenses._rega_monitor import ANSWER_TOKENS, Text, conversation, texts, training
from upright.models.weights import Weights, open_weights

LAST = 3
"""Tokens that a score looks at."""


@dataclass(frozen=True)
class Gathered:
    """`prompts` has the states of every comparison's harmful prompts, then its safe ones, in
    order; `conversations` those of the first comparison with an answer; `surprise` is the mean
    -log p of each prompt's tokens, in nats."""

    texts: Sequence[Text]
    prompts_fitted_on: Sequence[str]
    training: States
    comparisons: Sequence[Comparison]
    prompts: States
    conversations: States
    surprise: NDArray[np.float64]


def gathered(spec: str, data: Path, folder: Path) -> Gathered:
    folder.mkdir(parents=True, exist_ok=True)
    told = training(data)
    found = comparisons(data, told)
    asked = [prompt for c in found for side in (c.harmful, c.safe) for prompt in side]
    with open_weights(spec, device="cpu", threads=1) as weights:
        made = _kept(folder / "texts.json", lambda: [list(t) for t in texts(weights, told)])
        of = [Text(*text) for text in made]
        spoken = _kept(folder / "spoken.json", lambda: _conversations(weights, found[0], data))
        chats = [weights.chat(prompt) for prompt in asked]
        return Gathered(
            of,
            [*(goal for goal, _ in told.harmful), *told.safe],
            states(weights, [t.tokens for t in of], None, folder / "training.f16"),
            found,
            states(weights, chats, LAST, folder / "prompts.f16"),
            states(weights, spoken, LAST, folder / "conversations.f16"),
            np.array(_kept(folder / "surprise.json", lambda: _surprise(weights, asked))),
        )


def _conversations(weights: Weights, of: Comparison, data: Path) -> list[list[int]]:
    """Harmful prompts with AdvBench's targets, safe ones with the model's own answers."""
    targets = {row["prompt"]: row["target"] for row in read_prompts(ADVBENCH, data)}
    asked = [weights.chat(prompt) for prompt in (*of.harmful, *of.safe)]
    wanted = [weights.tokens(targets[prompt]) for prompt in of.harmful]
    written = [own.tokens for own in weights.answers(asked[len(wanted) :], ANSWER_TOKENS)]
    pairs = zip(asked, [*wanted, *written], strict=True)
    return [conversation(weights, prompt, answer) for prompt, answer in pairs]


def _surprise(weights: Weights, prompts: Sequence[str]) -> list[float]:
    """Mean -log p of a prompt's tokens, after what stands before it in a chat."""
    empty, other = weights.chat(""), weights.chat("x")
    shared = next(i for i, (a, b) in enumerate(zip(empty, other, strict=False)) if a != b)
    found = []
    for prompt in prompts:
        tokens = weights.tokens(prompt)
        found.append(-weights.loglikelihood(empty[:shared], tokens) / len(tokens))
    return found


def _kept(file: Path, make: Callable[[], Any]) -> Any:
    """What is in the file, or what is made and then lies there."""
    if not file.exists():
        file.write_text(json.dumps(make()))
    return json.loads(file.read_text())
