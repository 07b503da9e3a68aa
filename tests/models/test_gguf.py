"""GGUF files become folders that say the same."""

import json
from pathlib import Path

import gguf
import numpy as np
import pytest

from tests.models import tiny, tiny_gguf
from upright.core import DataError, ask
from upright.models._checkpoint import load_checkpoint
from upright.models._decoding import Prompt, write
from upright.models._gguf import convert_gguf
from upright.models._llama import open_llama
from upright.models._safetensors import load_tensors

Kind = gguf.GGMLQuantizationType
KINDS = (Kind.F32, Kind.F16, Kind.BF16, Kind.Q4_0, Kind.Q4_1, Kind.Q5_0, Kind.Q5_1, Kind.Q8_0)
BLOCK = 20
"""Bytes of 32 weights in Q4_1: a scale and a minimum in float16, then 32 half bytes."""


def converted(place: Path, kind: gguf.GGMLQuantizationType) -> Path:
    folder = place / "model"
    folder.mkdir()
    convert_gguf(tiny_gguf.write(place / "model.gguf", kind), folder)
    return folder


def from_q4_1(raw: np.ndarray, width: int) -> np.ndarray:
    """Q4_1 as llama.cpp's ggml-quants.c reads it, written once more."""
    blocks = raw.reshape(-1, BLOCK)
    scale, least = blocks[:, :4].copy().view(np.float16).astype(np.float32).T[:, :, None]
    halves = np.concatenate([blocks[:, 4:] & 15, blocks[:, 4:] >> 4], axis=1)
    weights: np.ndarray = halves * scale + least
    return weights.reshape(-1, width)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_tensor_is_what_the_reference_reads(
    tmp_path: Path, kind: gguf.GGMLQuantizationType
) -> None:
    """Also: names, shapes and the order of rows in q and k are those of transformers."""
    found = load_tensors(converted(tmp_path, kind) / "model.safetensors")
    published = tiny_gguf.weights()
    assert set(found) == set(published)
    for name, tensor in published.items():
        stored = tiny_gguf.quantized(tensor, kind)
        expected = gguf.dequantize(stored, kind) if tensor.ndim > 1 else tensor
        assert np.array_equal(found[name], expected), name


def test_q4_1_is_what_llama_cpp_reads(tmp_path: Path) -> None:
    found = load_tensors(converted(tmp_path, Kind.Q4_1) / "model.safetensors")
    for name, tensor in tiny_gguf.weights().items():
        if tensor.ndim > 1:
            direct = from_q4_1(gguf.quantize(tensor, Kind.Q4_1), tensor.shape[1])
            np.testing.assert_allclose(found[name], direct, rtol=1e-6, atol=1e-6)


def test_the_folder_answers_as_the_network_it_came_from(tmp_path: Path) -> None:
    checkpoint = load_checkpoint(converted(tmp_path, Kind.F32))
    engine = open_llama(checkpoint, 2, "float32")
    text = checkpoint.encode(ask("Hi?"))
    (answer,) = write(engine, [Prompt(text, 6)], frozenset())
    for k, token in enumerate(answer.tokens):
        said = tiny.logits([*text, *answer.tokens[:k]], tiny_gguf.weights(), tiny_gguf.CONFIG)
        assert token == said[-1].argmax()


def test_config_and_words_are_those_that_transformers_writes(tmp_path: Path) -> None:
    folder = converted(tmp_path, Kind.Q8_0)
    config = json.loads((folder / "config.json").read_text())
    size = len(tiny_gguf.VOCABULARY) + len(tiny_gguf.MERGED)
    assert tiny_gguf.CONFIG | {"vocab_size": size} == {k: config[k] for k in tiny_gguf.CONFIG}
    checkpoint = load_checkpoint(folder)
    assert checkpoint.template == tiny.TEMPLATE
    assert checkpoint.special == {"bos_token": "<|im_start|>", "eos_token": "<|im_end|>"}
    assert checkpoint.end == tiny.END
    assert checkpoint.ends == {tiny.END}


def test_text_is_cut_as_smollm_cuts_it(tmp_path: Path) -> None:
    checkpoint = load_checkpoint(converted(tmp_path, Kind.Q8_0))
    tokens = [checkpoint.tokenizer.id_to_token(t) for t in checkpoint.encode_answer("Hi 12é")]
    assert tokens == ["Hi", "Ġ", "1", "2", "Ã", "©"]
    marked = checkpoint.encode_answer("<|im_start|>Hi<|im_end|>")
    assert marked[0] == 1
    assert marked[-1] == tiny.END
    assert checkpoint.decode(marked) == "Hi"


@pytest.mark.parametrize("told", [{"pre": "llama-bpe"}, {"arch": "qwen2"}])
def test_another_architecture_or_tokenizer_is_refused(tmp_path: Path, told: dict[str, str]) -> None:
    source = tiny_gguf.write(tmp_path / "other.gguf", Kind.F32, **told)
    with pytest.raises(DataError, match=r"other\.gguf is .*not a Llama with the tokenizer"):
        convert_gguf(source, tmp_path)
