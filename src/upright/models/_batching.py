"""Which prompts are answered together, and what becomes of a batch that memory cannot hold.

Prompts that begin alike (a system prompt, solved examples) lie side by side, because what a
batch has in common is read once. Among them, similar lengths lie side by side, because a row
is padded to the longest. No answer depends on its batch, so all of this is free choice.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from upright.models._decoding import Limits, OutOfMemory, Prompt, closed, in_common

SOME_END = 0
"""Stands for the token that ends an answer where only lengths matter."""
Answer = TypeVar("Answer")


def arranged(prompts: Sequence[Prompt], limits: Limits) -> Iterator[list[int]]:
    """Batches of the prompts' places: closed questions first, one kind in each."""
    for is_closed in (True, False):
        places = [i for i, p in enumerate(prompts) if bool(p.options) == is_closed]
        for family in _families(prompts, places, limits.apart):
            yield from _batches(prompts, family, limits)


def in_halves(
    work: Callable[[Sequence[Prompt]], list[Answer]], prompts: Sequence[Prompt]
) -> list[Answer]:
    """The answers to a batch, in as many parts as memory wants; one prompt is not divisible."""
    try:
        return work(prompts)
    except OutOfMemory:
        if len(prompts) == 1:
            raise
    # Outside the handler: an exception under way holds on to the memory of its frames.
    half = len(prompts) // 2
    return in_halves(work, prompts[:half]) + in_halves(work, prompts[half:])


def _families(prompts: Sequence[Prompt], places: Sequence[int], apart: int) -> list[list[int]]:
    """Prompts with a beginning in common that is worth a batch of its own; then all others."""
    alike = sorted(places, key=lambda i: tuple(prompts[i].tokens))
    families: list[list[int]] = []
    shared: list[int] = []
    for before, place in zip([None, *alike], alike, strict=False):
        texts = [prompts[i].tokens for i in (before, place) if i is not None]
        common = in_common(texts) if len(texts) == 2 else 0
        if common >= apart:
            families[-1].append(place)
            shared[-1] = min(shared[-1], common)
        else:
            families.append([place])
            shared.append(len(prompts[place].tokens))
    # A batch more and a beginning read apart cost about twice what one of them costs.
    worth = [(len(f) - 1) * s >= 2 * apart for f, s in zip(families, shared, strict=True)]
    rest = [i for f, own in zip(families, worth, strict=True) if not own for i in f]
    own = [f for f, own in zip(families, worth, strict=True) if own]
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
