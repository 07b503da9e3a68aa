"""GGUF to a folder that transformers, tokenizers and Upright read, without torch.

For Llama checkpoints with the tokenizer of SmolLM2, which is what the embedded model is.
Checked against transformers' own reader: every tensor is equal.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from numpy.typing import NDArray
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from upright.core import DataError
from upright.models._safetensors import Tensors, save_tensors

Weights = NDArray[np.float32]
CONTROL = 3
"""The kind of token that stands for no text."""
WHOLE = {
    "token_embd.weight": "model.embed_tokens.weight",
    "output_norm.weight": "model.norm.weight",
    "output.weight": "lm_head.weight",
}
IN_LAYER = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
}


def convert_gguf(source: Path, folder: Path) -> None:
    """Write config.json, model.safetensors, tokenizer.json and tokenizer_config.json."""
    reader = gguf.GGUFReader(source)
    told = {name: field.contents() for name, field in reader.fields.items()}
    kind = (told.get("general.architecture"), told.get("tokenizer.ggml.pre"))
    if kind != ("llama", "smollm"):
        raise DataError(f"{source.name} is {kind}, not a Llama with the tokenizer of SmolLM2.")
    weights = _weights(reader, told)
    save_tensors(folder / "model.safetensors", weights)
    _write(folder / "config.json", _config(told, tied="lm_head.weight" not in weights))
    _write(folder / "tokenizer_config.json", _words(told))
    _tokenizer(told).save(str(folder / "tokenizer.json"))


def _weights(reader: gguf.GGUFReader, told: Mapping[str, Any]) -> Tensors:
    return {
        _name(tensor.name): _unpermuted(
            gguf.dequantize(tensor.data, tensor.tensor_type)
            .astype(np.float32)
            .reshape([int(size) for size in reversed(tensor.shape)]),
            _heads(tensor.name, told),
        )
        for tensor in reader.tensors
    }


def _name(name: str) -> str:
    """blk.7.attn_q.weight -> model.layers.7.self_attn.q_proj.weight"""
    if name in WHOLE:
        return WHOLE[name]
    _, layer, part, suffix = name.split(".")
    return f"model.layers.{layer}.{IN_LAYER[part]}.{suffix}"


def _heads(name: str, told: Mapping[str, Any]) -> int:
    """How many heads llama.cpp has turned round in a tensor; 0 if it is as it was."""
    if ".attn_q." in name:
        return int(told["llama.attention.head_count"])
    return int(told["llama.attention.head_count_kv"]) if ".attn_k." in name else 0


def _unpermuted(weights: Weights, heads: int) -> Weights:
    """Undo llama.cpp's order of rotary pairs: (0, d/2), (1, d/2+1) ... back to halves."""
    if not heads:
        return weights
    half = weights.shape[0] // heads // 2
    pairs = weights.reshape(heads, half, 2, -1)
    return np.ascontiguousarray(pairs.swapaxes(1, 2).reshape(weights.shape))


def _config(told: Mapping[str, Any], *, tied: bool) -> dict[str, Any]:
    heads, hidden = told["llama.attention.head_count"], told["llama.embedding_length"]
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": hidden,
        "intermediate_size": told["llama.feed_forward_length"],
        "num_hidden_layers": told["llama.block_count"],
        "num_attention_heads": heads,
        "num_key_value_heads": told["llama.attention.head_count_kv"],
        "head_dim": hidden // heads,
        "vocab_size": len(told["tokenizer.ggml.tokens"]),
        "max_position_embeddings": told["llama.context_length"],
        # Seven digits: GGUF stores 1e-05 as the nearest float32.
        "rms_norm_eps": float(f"{told['llama.attention.layer_norm_rms_epsilon']:.7g}"),
        "rope_theta": float(told["llama.rope.freq_base"]),
        "hidden_act": "silu",
        "tie_word_embeddings": tied,
        "bos_token_id": told["tokenizer.ggml.bos_token_id"],
        "eos_token_id": told["tokenizer.ggml.eos_token_id"],
        "torch_dtype": "float32",
    }


def _words(told: Mapping[str, Any]) -> dict[str, Any]:
    tokens = told["tokenizer.ggml.tokens"]
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": tokens[told["tokenizer.ggml.bos_token_id"]],
        "eos_token": tokens[told["tokenizer.ggml.eos_token_id"]],
        "chat_template": told.get("tokenizer.chat_template"),
        "clean_up_tokenization_spaces": False,
        "model_max_length": told["llama.context_length"],
    }


def _tokenizer(told: Mapping[str, Any]) -> Tokenizer:
    tokens, kinds = told["tokenizer.ggml.tokens"], told["tokenizer.ggml.token_type"]
    merges = [tuple(merge.split(" ")) for merge in told["tokenizer.ggml.merges"]]
    tokenizer = Tokenizer(models.BPE(vocab={t: i for i, t in enumerate(tokens)}, merges=merges))
    # llama.cpp's `smollm` splits every digit off, as SmolLM2's own tokenizer does.
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(
        [
            AddedToken(token, special=True, normalized=False)
            for token, kind in zip(tokens, kinds, strict=True)
            if kind == CONTROL
        ]
    )
    return tokenizer


def _write(path: Path, told: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(told, indent=1), encoding="utf-8")
