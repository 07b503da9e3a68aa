"""A random two-layer Llama as a folder on disk, and the same network once more in plain numpy.

The numpy Llama is written from the paper's equations and shares no code with the one under test.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from upright.models import ModelOptions
from upright.models._safetensors import save_tensors

Tensors = dict[str, NDArray[np.float32]]
Reals = NDArray[np.float64]
TWO_THREADS = ModelOptions(threads=2, device="cpu")
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
END = SPECIAL.index("<|im_end|>")
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
WORDS: dict[str, Any] = {
    "bos_token": "<|im_start|>",
    "eos_token": {"content": "<|im_end|>", "special": True},
    "chat_template": TEMPLATE,
}
CONFIG: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,  # not hidden_size / num_attention_heads: some checkpoints differ there
    "vocab_size": len(SPECIAL) + 256,
    "max_position_embeddings": 2048,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10_000.0,
    "hidden_act": "silu",
    "tie_word_embeddings": True,
    "eos_token_id": END,
}


def tokenizer() -> Tokenizer:
    """A token per byte, after the special ones."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocab = {token: i for i, token in enumerate((*SPECIAL, *alphabet))}
    made = Tokenizer(models.BPE(vocab=vocab, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in SPECIAL])
    return made


def tensors(config: Mapping[str, Any] = CONFIG, seed: int = 0) -> Tensors:
    """Random weights, large enough that every part of the network matters."""
    draw = np.random.default_rng(seed)
    hidden, inner, size = config["hidden_size"], config["intermediate_size"], config["head_dim"]
    queries = config["num_attention_heads"] * size
    keys = config["num_key_value_heads"] * size
    made = {"model.embed_tokens.weight": draw.normal(size=(config["vocab_size"], hidden))}
    if not config["tie_word_embeddings"]:
        made["lm_head.weight"] = draw.normal(size=(config["vocab_size"], hidden))
    for layer in range(config["num_hidden_layers"]):
        at = f"model.layers.{layer}."
        for name, out, into in (
            ("self_attn.q_proj", queries, hidden),
            ("self_attn.k_proj", keys, hidden),
            ("self_attn.v_proj", keys, hidden),
            ("self_attn.o_proj", hidden, queries),
            ("mlp.gate_proj", inner, hidden),
            ("mlp.up_proj", inner, hidden),
            ("mlp.down_proj", hidden, inner),
        ):
            made[f"{at}{name}.weight"] = draw.normal(size=(out, into)) * 1.5 / np.sqrt(into)
        for name in ("input_layernorm", "post_attention_layernorm"):
            made[f"{at}{name}.weight"] = draw.normal(1.0, 0.1, size=hidden)
    made["model.norm.weight"] = draw.normal(1.0, 0.1, size=hidden)
    return {name: tensor.astype(np.float32) for name, tensor in made.items()}


def folder(
    place: Path,
    config: Mapping[str, Any] = CONFIG,
    words: Mapping[str, Any] = WORDS,
    weights: Tensors | None = None,
) -> Path:
    """A checkpoint as transformers writes it."""
    place.mkdir(parents=True, exist_ok=True)
    (place / "config.json").write_text(json.dumps(config))
    (place / "tokenizer_config.json").write_text(json.dumps(words))
    tokenizer().save(str(place / "tokenizer.json"))
    save_tensors(place / "model.safetensors", tensors(config) if weights is None else weights)
    return place


def logits(
    text: Sequence[int], weights: Tensors, config: Mapping[str, Any] = CONFIG
) -> Reals:  # (tokens, vocabulary)
    """What the network says after each token of a text, in float64."""
    w = {name: tensor.astype(np.float64) for name, tensor in weights.items()}
    x = w["model.embed_tokens.weight"][list(text)]  # (tokens, hidden)
    epsilon = config["rms_norm_eps"]
    for layer in range(config["num_hidden_layers"]):
        at = f"model.layers.{layer}."
        x = x + _attention(_normed(x, w[f"{at}input_layernorm.weight"], epsilon), at, w, config)
        y = _normed(x, w[f"{at}post_attention_layernorm.weight"], epsilon)
        gate = y @ w[f"{at}mlp.gate_proj.weight"].T
        up = y @ w[f"{at}mlp.up_proj.weight"].T
        x = x + (gate / (1 + np.exp(-gate)) * up) @ w[f"{at}mlp.down_proj.weight"].T
    head = w.get("lm_head.weight", w["model.embed_tokens.weight"])
    said: Reals = _normed(x, w["model.norm.weight"], epsilon) @ head.T
    return said


def log_softmax(said: Reals) -> Reals:
    shifted = said - said.max(axis=-1, keepdims=True)
    chances: Reals = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return chances


def _normed(x: Reals, scale: Reals, epsilon: float) -> Reals:
    normed: Reals = x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + epsilon) * scale
    return normed


def _attention(x: Reals, at: str, w: Mapping[str, Reals], config: Mapping[str, Any]) -> Reals:
    """Each token looks at itself and all before it; query heads share key heads in turn."""
    size, heads = config["head_dim"], config["num_attention_heads"]
    shared_by = heads // config["num_key_value_heads"]
    queries, keys, values = (x @ w[f"{at}self_attn.{n}_proj.weight"].T for n in "qkv")
    mixed = []
    for head in range(heads):
        mine = slice(head * size, (head + 1) * size)
        theirs = slice(head // shared_by * size, (head // shared_by + 1) * size)
        query, key = (
            _rotated(z, config["rope_theta"]) for z in (queries[:, mine], keys[:, theirs])
        )
        scores = query @ key.T / np.sqrt(size)
        scores[np.triu_indices(len(x), 1)] = -np.inf
        mixed.append(np.exp(log_softmax(scores)) @ values[:, theirs])
    joined: Reals = np.concatenate(mixed, axis=1) @ w[f"{at}self_attn.o_proj.weight"].T
    return joined


def _rotated(x: Reals, theta: float) -> Reals:
    """Coordinates i and i + size/2 turn together, as one complex number."""
    half = x.shape[1] // 2
    angles = np.outer(np.arange(len(x)), theta ** (-np.arange(half) / half))
    turned = (x[:, :half] + 1j * x[:, half:]) * np.exp(1j * angles)
    return np.concatenate([turned.real, turned.imag], axis=1)
