"""What ReGA watches with: an abstract model of a local model's hidden states, and a threshold.

It is fitted once from published prompts and kept in the user's cache, under a name that changes
with whatever it was made of.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from upright.core import DataError
from upright.data import cache_dir
from upright.data.prompts import ADVBENCH, INSTRUCTIONS, read_prompts
from upright.defenses._abstract_model import (
    Abstraction,
    AbstractModel,
    Flags,
    Floats,
    load_abstract_model,
    most_accurate,
    none_missed,
)

if TYPE_CHECKING:
    from upright.models.weights import Weights

HARMFUL, SAFE = 64, 256
"""Prompts, and as many conversations: the paper's numbers."""
LONGEST = 200
"""Characters of a safe prompt. Longer ones would be told from AdvBench's by their length."""
ANSWER_TOKENS = 24
"""Where the model's own answers are cut that make safe conversations."""
THRESHOLDS = {"accurate": most_accurate, "none_missed": none_missed}
MODEL, CARD = "abstract_model.safetensors", "abstract_model.json"


class Text(NamedTuple):
    """A prompt, or a conversation, as tokens; `prompt_tokens` of them are the prompt."""

    tokens: Sequence[int]
    prompt_tokens: int
    safe: bool


class Training(NamedTuple):
    """Harmful prompts with the answer that an attacker wants, and safe prompts."""

    harmful: Sequence[tuple[str, str]]
    safe: Sequence[str]


def training(data: Path | None, seed: int = 0) -> Training:
    """AdvBench's and LLMBar's prompts, drawn at random."""
    draw = np.random.default_rng(seed)
    harmful = [(row["prompt"], row["target"]) for row in read_prompts(ADVBENCH, data)]
    rows = [row["prompt"] for part in INSTRUCTIONS for row in read_prompts(part, data)]
    safe = [prompt for prompt in dict.fromkeys(rows) if len(prompt) <= LONGEST]
    return Training(
        [harmful[i] for i in draw.permutation(len(harmful))[:HARMFUL]],
        [safe[i] for i in draw.permutation(len(safe))[:SAFE]],
    )


def texts(weights: "Weights", told: Training) -> list[Text]:
    """Every prompt and every conversation; safe answers are the model's own."""
    asked = [weights.chat(prompt) for prompt in told.safe]
    written = [answer.tokens for answer in weights.answers(asked, ANSWER_TOKENS)]
    harmful = [(weights.chat(goal), weights.tokens(target)) for goal, target in told.harmful]
    found = []
    for safe, pairs in ((False, harmful), (True, zip(asked, written, strict=True))):
        for prompt, answer in pairs:
            found.append(Text(prompt, len(prompt), safe))
            found.append(Text(conversation(weights, prompt, answer), len(prompt), safe))
    return found


def conversation(weights: "Weights", prompt: Sequence[int], answer: Sequence[int]) -> list[int]:
    """A prompt with its answer and the token that ends one: all conversations end alike, or what
    their last words happen to be would be most of what tells hidden states apart."""
    return [*prompt, *answer, weights.checkpoint.end]


@dataclass(frozen=True)
class Monitor:
    """An abstract model, and the score below which a text of the training set is taken as harmful,
    by rule."""

    model: AbstractModel
    thresholds: dict[str, float]

    def prompt(self, hidden: Floats) -> float:
        """The score of a prompt, of its tokens' hidden states (tokens, dim)."""
        return self.model.score(hidden)

    def conversation(self, hidden: Floats, prompt_tokens: int) -> float:
        """The lower of what a prompt scores and what it scores with its answer."""
        scores = self.model.scores(hidden)
        return float(min(scores[prompt_tokens - 1], scores[-1]))


def fitted(
    paths: Sequence[Floats], of: Sequence[Text], abstraction: Abstraction | None = None
) -> Monitor:
    """A monitor of texts' hidden states (tokens, dim), and its thresholds on the same texts."""
    safe: Flags = np.array([text.safe for text in of])
    model = (abstraction or Abstraction()).fit(paths, safe)
    plain = Monitor(model, {})
    scores = np.array(
        [plain.conversation(p, text.prompt_tokens) for p, text in zip(paths, of, strict=True)]
    )
    return Monitor(model, {name: rule(scores, safe) for name, rule in THRESHOLDS.items()})


def kept(weights: "Weights", layer: int, data: Path | None) -> Monitor:
    """The monitor of a model's layer, from the user's cache; fitted and kept there if need be."""
    told = training(data)
    folder = cache_dir() / "rega" / _name(weights, layer, told)
    if not (folder / CARD).is_file():
        of = texts(weights, told)
        paths = [hidden_path(weights, text.tokens, layer) for text in of]
        save(folder, fitted(paths, of))
    return load(folder)


def hidden_path(weights: "Weights", tokens: Sequence[int], layer: int) -> Floats:
    """The hidden states of all tokens in one layer, (tokens, dim)."""
    found: Floats = weights.hidden_states([tokens], layers=(layer,), every_token=True)[0, :, 0]
    return found


def save(folder: Path, monitor: Monitor) -> None:
    """The card is written last: a folder that has one is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    monitor.model.save(folder / MODEL)
    told = {"thresholds": monitor.thresholds, "window": monitor.model.window}
    (folder / CARD).write_bytes(msgspec.json.format(msgspec.json.encode(told)))


class _Card(msgspec.Struct):
    thresholds: dict[str, float]
    window: int


def load(folder: Path) -> Monitor:
    """What `save` wrote."""
    try:
        told = msgspec.json.decode((folder / CARD).read_bytes(), type=_Card)
        model = load_abstract_model(folder / MODEL, told.window)
    except (OSError, msgspec.DecodeError, KeyError) as error:
        raise DataError(
            f"{folder} holds no abstract model of ReGA ({error}). Leave the folder out, and one "
            "is fitted."
        ) from error
    return Monitor(model, told.thresholds)


def _name(weights: "Weights", layer: int, told: Training) -> str:
    made_of = (weights.id, layer, asdict(Abstraction()), ANSWER_TOKENS, told)
    return hashlib.sha256(msgspec.json.encode(made_of)).hexdigest()[:16]
