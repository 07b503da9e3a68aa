"""The Llama architecture on the OpenVINO runtime: float32, exact, no torch.

The graph is written down here operation by operation, from the tensors of a checkpoint. Two
things differ from a textbook Llama. Keys and values stay inside the engine as state, so that
OpenVINO's CPU plug-in fuses them with the attention. And the head, a fifth of the work in a
small model, is computed only where the next token is asked for.

OpenVINO's own GGUF reader is not used: it changes Q4_1 weights by 8-9 % (docs/adr/0003).
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
import openvino as ov
from openvino import opset13 as op

from upright.core import DataError
from upright.models._checkpoint import Checkpoint
from upright.models._decoding import Floats, Limits, Logits, Step
from upright.models._safetensors import Tensors, load_tensors

HIDDEN = np.float32(-1e9)
"""Added to the attention of what must not be seen; its exponential is 0."""
PRECISIONS = {"float32": "f32", "bfloat16": "bf16"}
Node = Any
"""OpenVINO's nodes and outputs are used interchangeably."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What the graph needs to know from config.json."""

    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_size: int
    epsilon: float
    theta: float
    context: int


def why_not(config: Mapping[str, Any]) -> str:
    """What of a checkpoint this graph cannot do; "" if nothing."""
    if config.get("architectures") != ["LlamaForCausalLM"]:
        return f"architecture {', '.join(config.get('architectures') or ['unnamed'])}"
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    kind = rope.get("rope_type", rope.get("type", "default"))
    if kind != "default" or rope.get("partial_rotary_factor", 1) != 1:
        return f"rope scaling {kind}"
    if config.get("hidden_act", "silu") != "silu":
        return f"activation {config['hidden_act']}"
    wanting = ("attention_bias", "mlp_bias", "quantization_config")
    return next((name for name in wanting if config.get(name)), "")


def shape_of(config: Mapping[str, Any]) -> Shape:
    """Read config.json, in the spelling of transformers 4 or 5."""
    try:
        heads = int(config["num_attention_heads"])
        rope = config.get("rope_parameters") or config
        return Shape(
            layers=int(config["num_hidden_layers"]),
            hidden=int(config["hidden_size"]),
            heads=heads,
            kv_heads=int(config.get("num_key_value_heads") or heads),
            head_size=int(config.get("head_dim") or config["hidden_size"] // heads),
            epsilon=float(config.get("rms_norm_eps", 1e-6)),
            theta=float(rope.get("rope_theta", 10_000.0)),
            context=int(config.get("max_position_embeddings", 2048)),
        )
    except KeyError as error:
        raise DataError(f"config.json lacks {error}.") from error


def open_llama(checkpoint: Checkpoint, threads: int | None, precision: str) -> "OpenVino":
    """Compile a checkpoint's network."""
    weights = {name: t for path in checkpoint.weights for name, t in load_tensors(path).items()}
    if "lm_head.weight" not in weights and checkpoint.config.get("tie_word_embeddings") is False:
        raise DataError(f"{checkpoint.folder} has no tensor lm_head.weight, and none stands in.")
    return OpenVino(shape_of(checkpoint.config), weights, threads, precision)


class OpenVino:
    """A compiled graph and its state."""

    def __init__(
        self,
        shape: Shape,
        weights: Tensors,
        threads: int | None = None,
        precision: str = "float32",
    ) -> None:
        self.limits = Limits(shape.context)
        settings: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": PRECISIONS[precision],
            "KV_CACHE_PRECISION": PRECISIONS[precision],
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0",
            "PERFORMANCE_HINT": "LATENCY",
        }
        if threads:
            settings["INFERENCE_NUM_THREADS"] = min(threads, os.cpu_count() or 1)
        graph = _Graph(shape, weights).model()
        self._compiled = ov.Core().compile_model(graph, "CPU", settings)
        self._request = self._compiled.create_infer_request()
        # What was compiled, not what was asked for: not every CPU has bfloat16.
        compiled = self._compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name()
        self._precision = next(name for name, ov_name in PRECISIONS.items() if ov_name == compiled)

    @property
    def facts(self) -> dict[str, str]:
        return {
            "engine": f"OpenVINO {version('openvino')}",
            "device": "cpu",
            "precision": self._precision,
            "threads": str(self._compiled.get_property("INFERENCE_NUM_THREADS")),
        }

    def forget(self) -> None:
        self._request = self._compiled.create_infer_request()

    def keep(self) -> dict[str, Floats]:
        return {state.name: state.state.data.copy() for state in self._request.query_state()}

    def go_back(self, kept: dict[str, Floats], length: int) -> None:
        self.forget()
        for state in self._request.query_state():
            state.state = ov.Tensor(np.ascontiguousarray(kept[state.name][:, :, :length]))

    def read(self, step: Step) -> Logits:
        inputs = {
            "tokens": np.ascontiguousarray(step.tokens),
            "mask": _mask(step),
            "positions": np.ascontiguousarray(step.positions),
            "parents": step.parents.astype(np.int32),
            "wanted": step.wanted,
        }
        self._request.infer(inputs, share_inputs=True)
        return Logits(self._request.get_output_tensor(0).data)


def _mask(step: Step) -> Floats:
    """What each new token may see: (rows, 1, new, read); nothing padded, nothing after it."""
    new, read = step.tokens.shape[1], step.seen.shape[1]
    before = np.arange(read) <= np.arange(read - new, read)[:, None]
    return np.where(step.seen[:, None, None, :] & before, np.float32(0), HIDDEN)


class _Graph:
    """One Llama, written down."""

    def __init__(self, shape: Shape, weights: Tensors) -> None:
        self._shape, self._weights = shape, weights
        self._states: list[Node] = []
        self._tokens = _input("tokens", [-1, -1], ov.Type.i64)
        self._mask = _input("mask", [-1, 1, -1, -1], ov.Type.f32)
        self._positions = _input("positions", [-1, -1], ov.Type.i64)
        self._parents = _input("parents", [-1], ov.Type.i32)
        self._wanted = _input("wanted", [-1], ov.Type.i64)
        self._cos, self._sin = self._angles()
        self._empty = self._nothing_read()

    def model(self) -> ov.Model:
        embedding = self._tensor("model.embed_tokens.weight")
        tied = "lm_head.weight" not in self._weights
        x = op.gather(embedding, self._tokens, _ints(0))  # (rows, new, hidden)
        for layer in range(self._shape.layers):
            at = f"model.layers.{layer}."
            x = op.add(x, self._attention(self._normed(x, f"{at}input_layernorm"), at))
            x = op.add(x, self._feed_forward(self._normed(x, f"{at}post_attention_layernorm"), at))
        flat = op.reshape(x, _ints([-1, self._shape.hidden]), special_zero=False)
        asked = self._normed(op.gather(flat, self._wanted, _ints(0)), "model.norm")
        head = embedding if tied else self._tensor("lm_head.weight")
        logits = op.matmul(asked, head, transpose_a=False, transpose_b=True)
        inputs = [self._tokens, self._mask, self._positions, self._parents, self._wanted]
        return ov.Model([op.result(logits)], self._states, inputs, "llama")

    def _attention(self, x: Node, at: str) -> Node:
        shape, at = self._shape, f"{at}self_attn."
        queries = self._rotated(self._heads(x, f"{at}q_proj", shape.heads))
        keys = self._rotated(self._heads(x, f"{at}k_proj", shape.kv_heads))
        values = self._heads(x, f"{at}v_proj", shape.kv_heads)
        mixed = op.scaled_dot_product_attention(
            queries,
            self._with_past(keys, f"{at}keys"),
            self._with_past(values, f"{at}values"),
            self._mask,
        )
        joined = op.reshape(
            op.transpose(mixed, _ints([0, 2, 1, 3])),
            _ints([0, 0, shape.heads * shape.head_size]),
            special_zero=True,
        )
        return self._linear(joined, f"{at}o_proj")

    def _feed_forward(self, x: Node, at: str) -> Node:
        gate = op.swish(self._linear(x, f"{at}mlp.gate_proj"))
        return self._linear(
            op.multiply(gate, self._linear(x, f"{at}mlp.up_proj")), f"{at}mlp.down_proj"
        )

    def _heads(self, x: Node, name: str, heads: int) -> Node:
        """(rows, new, hidden) -> (rows, heads, new, head size)"""
        split = _ints([0, 0, heads, self._shape.head_size])
        apart = op.reshape(self._linear(x, name), split, special_zero=True)
        return op.transpose(apart, _ints([0, 2, 1, 3]))

    def _with_past(self, new: Node, name: str) -> Node:
        """Keys or values of all that was read, one per query head; remembered for the next step."""
        shape = self._shape
        form = ov.PartialShape([-1, shape.kv_heads, -1, shape.head_size])
        past = op.gather(
            op.read_value(self._empty, name, ov.Type.f32, form), self._parents, _ints(0)
        )
        everything = op.concat([past, new], 2)
        self._states.append(op.assign(everything, name))
        shared_by = shape.heads // shape.kv_heads
        if shared_by == 1:
            return everything
        repeated = op.broadcast(
            op.unsqueeze(everything, _ints(2)),
            _ints([1, 1, shared_by, 1, 1]),
            broadcast_spec="BIDIRECTIONAL",
        )
        whole = _ints([0, shape.heads, -1, shape.head_size])
        return op.reshape(repeated, whole, special_zero=True)

    def _rotated(self, x: Node) -> Node:
        """Rotary position embedding."""
        half, size = self._shape.head_size // 2, self._shape.head_size
        step, axis = _ints([1]), _ints([3])
        first = op.slice(x, _ints([0]), _ints([half]), step, axis)
        second = op.slice(x, _ints([half]), _ints([size]), step, axis)
        turned = op.concat([op.multiply(second, _floats(-1.0)), first], -1)
        return op.add(op.multiply(x, self._cos), op.multiply(turned, self._sin))

    def _angles(self) -> tuple[Node, Node]:
        """Cosine and sine of every position's angles: (rows, 1, new, head size)."""
        size = self._shape.head_size
        exponents = np.arange(0, size, 2, dtype=np.float32) / size
        frequencies = _floats((1.0 / self._shape.theta**exponents).reshape(1, 1, 1, -1))
        positions = op.unsqueeze(self._positions, _ints([1, 3]))
        half = op.multiply(op.convert(positions, ov.Type.f32), frequencies)
        angles = op.concat([half, half], -1)
        return op.cos(angles), op.sin(angles)

    def _nothing_read(self) -> Node:
        """The state before the first step: no columns."""
        rows = op.gather(op.shape_of(self._tokens), _ints([0]), _ints(0))
        rest = _ints([self._shape.kv_heads, 0, self._shape.head_size])
        return op.broadcast(_floats(0.0), op.concat([rows, rest], 0))

    def _normed(self, x: Node, name: str) -> Node:
        """Root-mean-square norm."""
        mean = op.reduce_mean(op.power(x, _floats(2.0)), _ints([-1]), keep_dims=True)
        scale = op.divide(_floats(1.0), op.sqrt(op.add(mean, _floats(self._shape.epsilon))))
        return op.multiply(op.multiply(x, scale), self._tensor(f"{name}.weight"))

    def _linear(self, x: Node, name: str) -> Node:
        return op.matmul(x, self._tensor(f"{name}.weight"), transpose_a=False, transpose_b=True)

    def _tensor(self, name: str) -> Node:
        if name not in self._weights:
            raise DataError(f"The checkpoint has no tensor {name}: it is not a Llama.")
        return op.constant(self._weights[name], shared_memory=True)


def _input(name: str, form: list[int], type: ov.Type) -> Node:
    parameter = op.parameter(form, type, name=name)
    parameter.output(0).set_names({name})
    return parameter


def _ints(value: object) -> Node:
    return op.constant(np.array(value, np.int64))


def _floats(value: object) -> Node:
    return op.constant(np.array(value, np.float32))
