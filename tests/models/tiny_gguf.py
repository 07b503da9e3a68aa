"""The tiny Llama as llama.cpp stores one."""

from pathlib import Path
from typing import Any

import gguf
import numpy as np

from tests.models import tiny
from upright.models._gguf import IN_LAYER, WHOLE

CONFIG: dict[str, Any] = tiny.CONFIG | {"intermediate_size": 64, "head_dim": 8}
"""Blocks of quantized weights hold 32."""
KNOWN: dict[str, int] = tiny.tokenizer().get_vocab()
VOCABULARY = tuple(sorted(KNOWN, key=KNOWN.__getitem__))
MERGED = ("Hi",)
NORMAL, CONTROL = 1, 3


def weights() -> tiny.Tensors:
    """As in the checkpoint that the file was made from."""
    return tiny.tensors(CONFIG | {"vocab_size": len(VOCABULARY) + len(MERGED)})


def quantized(tensor: np.ndarray, kind: gguf.GGMLQuantizationType) -> np.ndarray:
    """Norms stay float32, as in every GGUF file."""
    return gguf.quantize(tensor, kind) if tensor.ndim > 1 else tensor


def permuted(tensor: np.ndarray, heads: int) -> np.ndarray:
    """llama.cpp's own code (convert_hf_to_gguf.py): the halves of each head are interleaved."""
    apart = tensor.reshape(heads, 2, tensor.shape[0] // heads // 2, *tensor.shape[1:])
    return apart.swapaxes(1, 2).reshape(tensor.shape)


def write(
    path: Path, kind: gguf.GGMLQuantizationType, *, pre: str = "smollm", arch: str = "llama"
) -> Path:
    writer = gguf.GGUFWriter(path, arch)
    _describe(writer, pre)
    for name, tensor in weights().items():
        told = _name(name)
        heads = {"attn_q": 4, "attn_k": 2}.get(told.split(".")[-2], 0)
        turned = permuted(tensor, heads) if heads else tensor
        raw = kind if tensor.ndim > 1 else gguf.GGMLQuantizationType.F32
        writer.add_tensor(told, quantized(turned, kind), raw_dtype=raw)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _name(name: str) -> str:
    """model.layers.1.mlp.up_proj.weight -> blk.1.ffn_up.weight"""
    for ours, theirs in WHOLE.items():
        if name == theirs:
            return ours
    _, _, layer, part = name.removesuffix(".weight").split(".", 3)
    short = next(ours for ours, theirs in IN_LAYER.items() if theirs == part)
    return f"blk.{layer}.{short}.weight"


def _describe(writer: gguf.GGUFWriter, pre: str) -> None:
    writer.add_context_length(CONFIG["max_position_embeddings"])
    writer.add_embedding_length(CONFIG["hidden_size"])
    writer.add_block_count(CONFIG["num_hidden_layers"])
    writer.add_feed_forward_length(CONFIG["intermediate_size"])
    writer.add_head_count(CONFIG["num_attention_heads"])
    writer.add_head_count_kv(CONFIG["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(CONFIG["rms_norm_eps"])
    writer.add_rope_freq_base(CONFIG["rope_theta"])
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list([*VOCABULARY, *MERGED])
    special = len(tiny.SPECIAL)
    rest = len(VOCABULARY) + len(MERGED) - special
    writer.add_token_types([CONTROL] * special + [NORMAL] * rest)
    writer.add_token_merges(["H i"])
    writer.add_bos_token_id(tiny.SPECIAL.index("<|im_start|>"))
    writer.add_eos_token_id(tiny.END)
    writer.add_chat_template(tiny.TEMPLATE)
