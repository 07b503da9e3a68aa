"""The Llama on OpenVINO against the same network in plain numpy."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.models import tiny
from upright.core import DataError
from upright.models import ModelOptions
from upright.models._checkpoint import load_checkpoint
from upright.models._decoding import Prompt, Step, weigh, write
from upright.models._llama import OpenVino, open_llama, shape_of, why_not

JUNK = 77
"""What stands in padded places: nobody may look at it."""
VARIANTS: dict[str, dict[str, Any]] = {
    "tied head, grouped queries": {},
    "head of its own": {"tie_word_embeddings": False},
    "a key head per query head": {"num_key_value_heads": 4},
    "one key head for all": {"num_key_value_heads": 1},
}
TEXTS = ([5, 9, 2, 250, 7, 7, 31], [100], [8, 8, 3, 4])


@pytest.fixture(scope="module")
def weights() -> tiny.Tensors:
    return tiny.tensors()


@pytest.fixture(scope="module")
def engine(weights: tiny.Tensors) -> OpenVino:
    return OpenVino(shape_of(tiny.CONFIG), weights, threads=2)


class Reading:
    """Feeds an engine with padded rows and knows what each row has read."""

    def __init__(self, engine: OpenVino) -> None:
        engine.forget()
        self._engine = engine
        self._seen = np.zeros((0, 0), bool)
        self.texts: list[list[int]] = []

    def read(self, new: Sequence[Sequence[int]], parents: Sequence[int] = ()) -> np.ndarray:
        """The logits after every new token, row by row."""
        if not self.texts:
            parents, self.texts = range(len(new)), [[] for _ in new]
            self._seen = np.zeros((len(new), 0), bool)
        self.texts = [[*self.texts[p], *text] for p, text in zip(parents, new, strict=True)]
        width = max(map(len, new))
        tokens = np.array([[JUNK] * (width - len(text)) + list(text) for text in new], np.int64)
        real = np.array([[False] * (width - len(text)) + [True] * len(text) for text in new])
        self._seen = np.concatenate([self._seen[list(parents)], real], axis=1)
        places = np.maximum(self._seen.cumsum(axis=1)[:, -width:] - 1, 0)
        step = Step(tokens, self._seen, places, np.array(parents), np.flatnonzero(real))
        return self._engine.read(step).values().copy()


def expected(reading: Reading, new: Sequence[Sequence[int]], weights: tiny.Tensors) -> np.ndarray:
    rows = zip(reading.texts, new, strict=True)
    return np.concatenate([tiny.logits(text, weights)[-len(n) :] for text, n in rows])


@pytest.mark.parametrize("changes", VARIANTS.values(), ids=VARIANTS.keys())
def test_logits_are_those_of_the_paper(changes: dict[str, Any]) -> None:
    config = tiny.CONFIG | changes
    weights = tiny.tensors(config)
    found = Reading(OpenVino(shape_of(config), weights, threads=2)).read([TEXTS[0]])
    np.testing.assert_allclose(found, tiny.logits(TEXTS[0], weights, config), atol=1e-4)


def test_padding_is_never_seen(engine: OpenVino, weights: tiny.Tensors) -> None:
    reading = Reading(engine)
    np.testing.assert_allclose(reading.read(TEXTS), expected(reading, TEXTS, weights), atol=1e-4)


def test_rows_go_on_from_any_row_read_before(engine: OpenVino, weights: tiny.Tensors) -> None:
    """More rows, fewer rows, another order; new tokens padded behind old padding."""
    reading = Reading(engine)
    reading.read(TEXTS)
    for new, parents in (
        ([[1], [2, 3, 4], [5], [6, 7], [8]], [2, 0, 0, 1, 2]),
        ([[9, 9, 9], [10]], [4, 3]),
        ([[11], [12]], [1, 0]),
    ):
        found = reading.read(new, parents)
        np.testing.assert_allclose(found, expected(reading, new, weights), atol=1e-4)


def test_what_was_forgotten_leaves_no_trace(engine: OpenVino) -> None:
    first = Reading(engine).read([TEXTS[2]])
    Reading(engine).read([TEXTS[0]])
    assert np.array_equal(Reading(engine).read([TEXTS[2]]), first)


def test_answers_and_likelihoods_are_those_of_the_plain_network(
    engine: OpenVino, weights: tiny.Tensors
) -> None:
    """The whole way: batch, padding, growing texts, options."""
    prompts = [Prompt(text, 5) for text in TEXTS]
    for prompt, answer in zip(prompts, write(engine, prompts, frozenset()), strict=True):
        text = list(prompt.tokens)
        for token in answer.tokens:
            assert token == tiny.logits(text, weights)[-1].argmax()
            text.append(token)
    options = ([40, 41, 42], [50])
    weighed = weigh(engine, [p._replace(options=options) for p in prompts], tiny.END)
    for prompt, values in zip(prompts, weighed, strict=True):
        direct = [likelihood(prompt.tokens, option, weights) for option in options]
        assert values == pytest.approx(direct, abs=1e-4)


def likelihood(prompt: Sequence[int], option: Sequence[int], weights: tiny.Tensors) -> float:
    chances = tiny.log_softmax(tiny.logits([*prompt, *option], weights))
    return float(sum(chances[len(prompt) - 1 + k, token] for k, token in enumerate(option)))


def test_a_lower_precision_is_told_and_is_near(weights: tiny.Tensors) -> None:
    engine = OpenVino(shape_of(tiny.CONFIG), weights, threads=1, precision="bfloat16")
    assert engine.facts["precision"] == "bfloat16"
    assert engine.facts["threads"] == "1"
    np.testing.assert_allclose(
        Reading(engine).read([TEXTS[1]]), tiny.logits(TEXTS[1], weights), atol=0.5
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, ""),
        ({"architectures": ["MistralForCausalLM"]}, "architecture MistralForCausalLM"),
        ({"architectures": None}, "architecture unnamed"),
        ({"rope_scaling": {"type": "linear", "factor": 2.0}}, "rope scaling linear"),
        ({"rope_scaling": {"rope_type": "llama3"}}, "rope scaling llama3"),
        ({"rope_parameters": {"rope_type": "default", "rope_theta": 1e4}}, ""),
        ({"hidden_act": "gelu"}, "activation gelu"),
        ({"attention_bias": True}, "attention_bias"),
        ({"mlp_bias": True}, "mlp_bias"),
        ({"quantization_config": {"bits": 4}}, "quantization_config"),
    ],
)
def test_what_the_graph_cannot_do_is_named(changes: dict[str, Any], reason: str) -> None:
    assert why_not(tiny.CONFIG | changes) == reason


def test_config_is_read_in_both_spellings() -> None:
    old = shape_of({**tiny.CONFIG, "rope_theta": 5e5})
    new = {k: v for k, v in tiny.CONFIG.items() if k != "rope_theta"}
    assert shape_of({**new, "rope_parameters": {"rope_theta": 5e5}}) == old
    bare = {k: v for k, v in tiny.CONFIG.items() if k not in ("head_dim", "num_key_value_heads")}
    assert shape_of(bare) == replace(
        shape_of(tiny.CONFIG), head_size=32 // 4, kv_heads=tiny.CONFIG["num_attention_heads"]
    )
    with pytest.raises(DataError, match="lacks 'hidden_size'"):
        shape_of({k: v for k, v in tiny.CONFIG.items() if k != "hidden_size"})


def test_a_missing_tensor_is_named(tmp_path: Path, weights: tiny.Tensors) -> None:
    lacking = {k: v for k, v in weights.items() if k != "model.layers.1.mlp.up_proj.weight"}
    checkpoint = load_checkpoint(tiny.folder(tmp_path, weights=lacking))
    with pytest.raises(DataError, match=r"no tensor model\.layers\.1\.mlp\.up_proj\.weight"):
        open_llama(checkpoint, 2, "float32")


def test_transformers_says_the_same(tmp_path: Path, engine: OpenVino) -> None:
    """The engine on torch: the same logits, and the same answers through the same decoder."""
    for name in ("torch", "transformers"):
        pytest.importorskip(name)
    from upright.models._torch import open_torch  # noqa: PLC0415 - optional

    options = ModelOptions(threads=2)
    torch = open_torch(load_checkpoint(tiny.folder(tmp_path)), "cpu", options)
    texts = [*TEXTS, [*TEXTS[0], 12, 13]]
    prompts = [Prompt(text, 8, options=((40, 41), (50,))) for text in texts]
    ends = frozenset([tiny.END])
    assert write(torch, prompts, ends) == write(engine, prompts, ends)
    for ours, theirs in zip(
        weigh(engine, prompts, tiny.END), weigh(torch, prompts, tiny.END), strict=True
    ):
        assert ours == pytest.approx(theirs, abs=1e-4)
