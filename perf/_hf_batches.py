"""What a harness over transformers does: batches of equal size, padded on the left.

Made as fast as is simple: similar lengths lie side by side, and the head is computed for the last
columns alone, where with this padding every option stands.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import torch

from upright.models._decoding import Prompt, Tokens, closed

ROWS = 64


def in_batches(model: Any, end: int, prompts: Sequence[Prompt]) -> list[Any]:
    """Of each prompt the log-likelihoods of its options (nats), or what is written after it."""
    with torch.inference_mode():
        if all(prompt.options for prompt in prompts):
            return _weighed(model, end, prompts)
        return _written(model, [prompt._replace(options=()) for prompt in prompts])


def _weighed(model: Any, end: int, prompts: Sequence[Prompt]) -> list[list[float]]:
    rows = [(i, o) for i, p in enumerate(prompts) for o in closed(p.options, end)]
    texts = [[*prompts[i].tokens, *option] for i, option in rows]
    values = [0.0] * len(rows)
    for places in _batches(texts):
        tokens, seen = _padded([texts[place] for place in places], model.device)
        longest = max(len(rows[place][1]) for place in places)
        positions = (seen.cumsum(dim=1) - 1).clamp(min=0)
        logits = model(
            input_ids=tokens,
            attention_mask=seen,
            position_ids=positions,
            use_cache=False,
            logits_to_keep=longest + 1,
        ).logits
        chances = logits[:, :-1].float().log_softmax(dim=-1)
        asked = chances.gather(2, tokens[:, -longest:, None])[:, :, 0].cpu().numpy()
        for place, chance in zip(places, asked, strict=True):
            values[place] = float(chance[-len(rows[place][1]) :].sum())
    found = iter(values)
    return [[next(found) for _ in closed(p.options, end)] for p in prompts]


def _written(model: Any, prompts: Sequence[Prompt]) -> list[list[int]]:
    written: dict[int, list[int]] = {}
    for places in _batches([prompt.tokens for prompt in prompts]):
        tokens, seen = _padded([prompts[place].tokens for place in places], model.device)
        limit = max(prompts[place].limit for place in places)
        told = model.generate(tokens, attention_mask=seen, max_new_tokens=limit, do_sample=False)
        for place, row in zip(places, told[:, tokens.shape[1] :].tolist(), strict=True):
            written[place] = row[: prompts[place].limit]
    return [written[place] for place in range(len(prompts))]


def _batches(texts: Sequence[Tokens]) -> Iterator[list[int]]:
    order = sorted(range(len(texts)), key=lambda place: -len(texts[place]))
    for start in range(0, len(order), ROWS):
        yield order[start : start + ROWS]


def _padded(texts: Sequence[Tokens], device: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """Tokens (texts, longest), and 1 where they are no padding."""
    width = max(map(len, texts))
    tokens = [[*[0] * (width - len(text)), *text] for text in texts]
    seen = [[*[0] * (width - len(text)), *[1] * len(text)] for text in texts]
    return torch.tensor(tokens, device=device), torch.tensor(seen, device=device)
