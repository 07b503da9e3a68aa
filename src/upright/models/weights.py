"""The noun Weights: a tokenizer and a torch module, the only door to hidden states and gradients.

with open_weights("local/smollm2-135m") as weights:
    weights.hidden_states(["Hello", "Good bye"], layers=(15,))      # (2, 1, 576)
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from upright.core import ModelRefused, UsageError, ask, unknown
from upright.models._batching import arranged, in_halves
from upright.models._checkpoint import Checkpoint, load_checkpoint
from upright.models._decoding import Beginning, Prompt, Written, weigh, write
from upright.models._folders import folder_of

if TYPE_CHECKING:
    import torch

Floats = NDArray[np.float32]
Text = str | Sequence[int]
"""A text, or its tokens. A text is read as it stands; `Weights.chat` puts a question to a model."""
DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("float32", "bfloat16")
NO_TORCH = (
    "The weights of {spec} cannot be opened without torch and transformers: "
    "pip install 'upright[weights]'. On Linux without a GPU, install torch's CPU build first."
)
TOO_LARGE = (
    "The GPU's memory does not hold a prompt of {tokens:,} tokens beside the model: open the "
    "weights on the CPU (device='cpu'), or in bfloat16 (precision='bfloat16')."
)


class Weights:
    """An open model. What is here is what several methods need; the rest goes through `module`.

    module      a causal language model of transformers, in evaluation mode
    tokenizer   of transformers, with `apply_chat_template`
    """

    def __init__(
        self, spec: str, checkpoint: Checkpoint, module: Any, tokenizer: Any, device: str
    ) -> None:
        self.spec, self.checkpoint = spec, checkpoint
        self.module, self.tokenizer, self.device = module, tokenizer, device

    @property
    def id(self) -> str:
        """Of what was opened; what changes the module afterwards does not show in it."""
        return f"{self.spec}@{self.checkpoint.fingerprint}"

    @property
    def layers(self) -> int:
        return int(self.module.config.get_text_config().num_hidden_layers)

    def chat(self, question: str) -> list[int]:
        """The tokens of a question as the model is asked it, up to where its answer begins."""
        return self.checkpoint.encode(ask(question))

    def tokens(self, text: Text) -> list[int]:
        return self.checkpoint.encode_answer(text) if isinstance(text, str) else list(text)

    def answers(self, prompts: Sequence[Text], limit: int) -> list[Written]:
        """What it writes after each prompt, greedily, as a run would have it written."""
        from upright.models._torch import Torch  # noqa: PLC0415 - seconds, and optional

        engine = Torch(self.module, self.device)
        asked = [Prompt(self.tokens(prompt), limit) for prompt in prompts]
        found: dict[int, Written] = {}
        for batch in arranged(asked, engine.limits):
            told = write(engine, [asked[i] for i in batch], self.checkpoint.ends)
            found.update(zip(batch, told, strict=True))
        return [found[i] for i in range(len(asked))]

    def hidden_states(
        self, texts: Sequence[Text], layers: Sequence[int], *, every_token: bool = False
    ) -> Floats:
        """The residual stream: layer 0 is the embedding, layer k what block k hands on, the last
        one after the final norm.

        Of each text's last token, (texts, layers, dim); of all tokens, (texts, longest, layers,
        dim), where what a text does not have is NaN.
        """
        import torch  # noqa: PLC0415 - seconds, and optional

        read = [self.tokens(text) for text in texts]
        found = []
        with torch.inference_mode():
            for tokens in read:
                states = self.module(
                    self._batch(tokens), output_hidden_states=True, use_cache=False
                )
                chosen = torch.stack([states.hidden_states[layer][0] for layer in layers], dim=1)
                found.append((chosen if every_token else chosen[-1]).float().cpu().numpy())
        if not every_token:
            return np.stack(found)
        longest = max(len(one) for one in found)
        whole = np.full((len(found), longest, *found[0].shape[1:]), np.nan, np.float32)
        for row, one in zip(whole, found, strict=True):
            row[: len(one)] = one
        return whole

    def loglikelihood(self, prompt: Text, continuation: Text) -> float:
        """log p(continuation | prompt) in nats."""
        import torch  # noqa: PLC0415 - seconds, and optional

        with torch.inference_mode():
            before, after = self.tokens(prompt), self.tokens(continuation)
            return float(-self._loss(self._embedded([*before, *after]), after))

    def losses(self, prompts: Sequence[Text], continuation: Text) -> Floats:
        """-log p(continuation | prompt) in nats for each of one or more prompts, (prompts,).

        What the prompts have in common at their beginning is read once.
        """
        from upright.models._torch import Torch  # noqa: PLC0415 - seconds, and optional

        engine, beginning = Torch(self.module, self.device), Beginning()
        after = (tuple(self.tokens(continuation)),)
        asked = [Prompt(self.tokens(prompt), 0, options=after) for prompt in prompts]

        def weighed(some: Sequence[Prompt]) -> list[tuple[float, ...]]:
            return weigh(engine, some, self.checkpoint.end, beginning)

        found = np.zeros(len(asked), np.float32)
        for batch in arranged(asked, engine.limits):
            told = in_halves(weighed, [asked[i] for i in batch])
            for place, chances in zip(batch, told, strict=True):
                if chances is None:
                    raise ModelRefused(TOO_LARGE.format(tokens=len(asked[place].tokens)))
                found[place] = -chances[0]
        return found

    def token_gradients(self, prompt: Text, continuation: Text) -> Floats:
        """d -log p(continuation | prompt) / d one-hot token, (prompt tokens, vocabulary).

        What GCG and its kin choose their swaps by: the most negative entries promise most.
        """
        import torch  # noqa: PLC0415 - seconds, and optional

        before, after = self.tokens(prompt), self.tokens(continuation)
        embedded = self._embedded([*before, *after]).detach().requires_grad_()
        [slope] = torch.autograd.grad(self._loss(embedded, after), [embedded])
        table = self.module.get_input_embeddings().weight.detach()
        found: Floats = (slope[0, : len(before)] @ table.T).float().cpu().numpy()
        return found

    def _loss(self, embedded: "torch.Tensor", after: Sequence[int]) -> "torch.Tensor":
        """-log p of the last tokens, in nats, of one text's embeddings (1, tokens, dim)."""
        import torch  # noqa: PLC0415 - seconds, and optional

        said = self.module(inputs_embeds=embedded, use_cache=False).logits
        asked = said[0, -len(after) - 1 : -1].float()  # (after, vocabulary)
        wanted = torch.tensor(list(after), device=self.device)
        return torch.nn.functional.cross_entropy(asked, wanted, reduction="sum")

    def _embedded(self, tokens: Sequence[int]) -> "torch.Tensor":
        embedded: torch.Tensor = self.module.get_input_embeddings()(self._batch(tokens))
        return embedded

    def _batch(self, tokens: Sequence[int]) -> "torch.Tensor":
        import torch  # noqa: PLC0415 - seconds, and optional

        return torch.tensor([list(tokens)], device=self.device)


@contextmanager
def open_weights(
    spec: str, device: str = "auto", precision: str = "float32", threads: int | None = None
) -> Iterator[Weights]:
    """Open a local model's weights: `local/smollm2-135m`, what a repair made, or `local/DIR`.

    Eager attention in float32: the same machine gives the same numbers. The memory is given back
    at the end of the block.
    """
    name = _name(spec)
    if device not in DEVICES:
        raise unknown("device", device, DEVICES)
    if precision not in PRECISIONS:
        raise unknown("precision", precision, PRECISIONS)
    if find_spec("torch") is None or find_spec("transformers") is None:
        raise UsageError(NO_TORCH.format(spec=spec))
    folder = folder_of(name)
    import torch  # noqa: PLC0415 - seconds, and optional
    from transformers import PreTrainedTokenizerFast  # noqa: PLC0415

    from upright.models._torch import load_module  # noqa: PLC0415

    if threads:
        torch.set_num_threads(threads)
    chosen = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    checkpoint = load_checkpoint(folder)
    module = load_module(checkpoint, chosen, precision, attention="eager")
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=checkpoint.tokenizer,
        chat_template=checkpoint.template or None,
        **checkpoint.special,
    )
    weights = Weights(spec, checkpoint, module, tokenizer, chosen)
    try:
        yield weights
    finally:
        del weights.module


def _name(spec: str) -> str:
    """Of a model that may have weights here; nothing is looked for or fetched yet."""
    prefix, _, name = spec.partition("/")
    if prefix != "local" or not name:
        raise UsageError(f"{spec!r} has no weights here: only local/NAME and local/DIR do.")
    return name
