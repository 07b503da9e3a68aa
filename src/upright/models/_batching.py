"""Which prompts are answered together, and what becomes of a batch that memory cannot hold.

Prompts that begin alike (a system prompt, solved examples) lie side by side, because what a
batch has in common is read once. Among them, similar lengths lie side by side, because a row
is padded to the longest. No answer depends on its batch, so all of this is free choice.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from upright.models._decoding import Limits, OutOfMemory, Prompt, Tokens, closed, in_common

SOME_END = 0
"""Stands for the token that ends an answer where only lengths matter."""
SHORTEST = 64
"""Tokens in common that make a family: an instruction, not two questions' first word."""
Answer = TypeVar("Answer")


def arranged(prompts: Sequence[Prompt], limits: Limits) -> Iterator[list[int]]:
    """Batches of the prompts' places: closed questions first, one kind in each."""
    for is_closed in (True, False):
        places = [i for i, p in enumerate(prompts) if bool(p.options) == is_closed]
        for family in _families([p.tokens for p in prompts], places, limits.apart):
            yield from _batches(prompts, family, limits)


def in_halves(
    work: Callable[[Sequence[Prompt]], list[Answer]], prompts: Sequence[Prompt]
) -> list[Answer | None]:
    """The answers to a batch, in as many parts as memory wants; None where it holds not even
    that one prompt."""
    try:
        return [*work(prompts)]
    except OutOfMemory:
        if len(prompts) == 1:
            return [None]
    # Outside the handler: an exception under way holds on to the memory of its frames.
    half = len(prompts) // 2
    return in_halves(work, prompts[:half]) + in_halves(work, prompts[half:])


def _families(texts: Sequence[Tokens], places: Sequence[int], apart: int) -> list[list[int]]:
    """Texts with a beginning in common that is worth batches of their own; then all others."""
    families: list[list[int]] = []
    for place in sorted(places, key=lambda i: tuple(texts[i])):
        if families and in_common([texts[families[-1][-1]], texts[place]]) >= SHORTEST:
            families[-1].append(place)
        else:
            families.append([place])
    own: list[list[int]] = []
    rest: list[int] = []
    for family in families:
        # Texts are in order: what the first and the last share, all between them share.
        saved = (len(family) - 1) * in_common([texts[family[0]], texts[family[-1]]])
        # One more batch and one beginning read apart cost about twice what one of them costs.
        if saved >= 2 * apart:
            own.append(family)
        else:
            rest += family
    return [*own, rest]


def _batches(
    prompts: Sequence[Prompt], family: Sequence[int], limits: Limits
) -> Iterator[list[int]]:
    """Similar lengths together, within what the engine takes at once."""
    batch: list[int] = []
    rows = width = 0
    for place in sorted(family, key=lambda i: _order(prompts[i], i)):
        prompt = prompts[place]
        more, wider = rows + _rows(prompt), max(width, _width(prompt))
        if batch and (len(batch) == limits.rows or more * wider > limits.tokens):
            yield batch
            batch, more, wider = [], _rows(prompt), _width(prompt)
        batch.append(place)
        rows, width = more, wider
    if batch:
        yield batch


def _order(prompt: Prompt, place: int) -> tuple[int, int, int]:
    # Longest first: what memory cannot hold shows at once, and later batches fit.
    return -prompt.limit if not prompt.options else 0, -_width(prompt), place


def _rows(prompt: Prompt) -> int:
    """Texts to remember: one, or one for each option that is read beyond its first token."""
    return max(1, sum(len(option) > 1 for option in closed(prompt.options, SOME_END)))


def _width(prompt: Prompt) -> int:
    """The longest text that may come of a prompt."""
    longest = max(map(len, prompt.options)) if prompt.options else prompt.limit
    return len(prompt.tokens) + longest
