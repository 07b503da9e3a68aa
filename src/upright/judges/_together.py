"""Lets rules ask about one text at a time, and has the answers found for many texts together.

While many answers are read, a rule that asks is stopped, and starts anew once what all of them
asked is known. Rules decide by what they are given, so the second time they ask the same.
"""

from collections.abc import Callable, Sequence
from contextvars import ContextVar

from upright.core import Outcome, Verdict

Kind = tuple[Outcome, str]
"""What kind of answer a text is, and why."""
Find = Callable[[Sequence[str], Sequence[str]], list[Kind]]
"""(texts, prompts) -> kinds; far cheaper for many at once."""


class _LaterError(Exception):
    """Stops a rule that asks for what is not known yet."""


class _Round:
    """What is known, and what was asked and is not."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], Kind] = {}
        self.wanted: dict[tuple[str, str], Find] = {}

    def ask(self, text: str, prompt: str, find: Find) -> Kind:
        if (text, prompt) not in self.known:
            self.wanted[text, prompt] = find
            raise _LaterError
        return self.known[text, prompt]

    def find(self) -> None:
        for find in set(self.wanted.values()):
            keys = [key for key, by in self.wanted.items() if by is find]
            texts, prompts = zip(*keys, strict=True)
            self.known.update(zip(keys, find(texts, prompts), strict=True))
        self.wanted.clear()


_ROUND: ContextVar[_Round | None] = ContextVar("round", default=None)


def ask_one(text: str, prompt: str, find: Find) -> Kind:
    """The kind of one text; with those of others where `in_rounds` reads many answers."""
    now = _ROUND.get()
    return find([text], [prompt])[0] if now is None else now.ask(text, prompt, find)


def in_rounds(read: Callable[[int], Verdict], count: int) -> list[Verdict]:
    """What `read` says of each place, from 0 on. It may use `ask_one`, and must do nothing else
    than decide."""
    now, found = _Round(), dict[int, Verdict]()
    left = list(range(count))
    before = _ROUND.set(now)
    try:
        while left:
            later = []
            for place in left:
                try:
                    found[place] = read(place)
                except _LaterError:
                    later.append(place)
            left = later
            now.find()
    finally:
        _ROUND.reset(before)
    return [found[place] for place in range(count)]
