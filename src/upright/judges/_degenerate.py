"""What is no answer: an echo of the prompt, a loop, gibberish."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from upright.judges._plain import LONGEST, words
from upright.judges._plain import WORD as ONE_WORD

ECHO_SHARE = 0.9
"""An echo consists of the prompt's words to this share ..."""
ECHO_COVER = 0.6
"""... and holds this share of the prompt. A quotation of one option stays an answer."""
COPIED = 4
"""So many words in a row that stand in the prompt, too, are taken from there."""
WORD = re.compile(r"\w")
LETTER = re.compile(r"[^\W\d_]")
SIGNS = re.compile(r"[\W_]+")
EDGES = ".,;:!?\"'()[]*_-"
SOME = 8
BLANKED = bytes(b if chr(b).isalnum() and b < 128 else 32 for b in range(256))
"""Every sign becomes a blank."""
NO_LETTERS = bytes(b for b in range(256) if not chr(b).isalpha() or b > 127)


def without_echo(text: str, prompt: str) -> str | None:
    """What a text says beyond repeating its prompt; None when it says nothing beyond it.

    Many models restate the question before they answer it, so the repeated prompt is cut out
    and the rest is read. Prompts of one or two words are left alone.
    """
    return _beyond(_Said(text), prompt)


def without_echoes(texts: Sequence[str], prompts: Sequence[str]) -> list[str | None]:
    """The same of many. Responders that do not think give one text to many prompts: what only
    the text decides is looked at once."""
    said = {text: _Said(text) for text in dict.fromkeys(texts)}
    return [_beyond(said[text], prompt) for text, prompt in zip(texts, prompts, strict=True)]


@dataclass(frozen=True)
class _Said:
    """A text, and what of it can be compared with any prompt."""

    text: str

    @cached_property
    def words(self) -> list[str]:
        return words(self.text[:LONGEST])

    @cached_property
    def trigrams(self) -> set[tuple[str, ...]]:
        return _trigrams(self.words)

    @cached_property
    def some(self) -> list[str]:
        """A few of its words, picked evenly."""
        parts = self.text[:LONGEST].split()
        return [part.strip(EDGES).casefold() for part in parts[:: 1 + len(parts) // SOME]]


def _beyond(said: _Said, prompt: str) -> str | None:
    text, first = said.text, prompt.split(maxsplit=SOME)[:SOME]
    if len(first) < 3:
        return text
    # A quick look first: a text without one of the prompt's words holds it not.
    if not all(map(text.__contains__, first)):
        return None if _nearly_all_prompt(said, prompt) else text
    asked = " ".join(prompt.split())
    if prompt.strip() in text:
        rest = text.replace(prompt.strip(), "\n")
    elif asked in (flat := " ".join(text[: LONGEST + len(prompt)].split())):
        rest = flat.replace(asked, "\n")
    else:
        return None if _nearly_all_prompt(said, prompt) else text
    if not WORD.search(rest) or _nearly_all_prompt(_Said(rest), prompt):
        return None
    return rest


def _nearly_all_prompt(said: _Said, prompt: str) -> bool:
    asked, count = prompt[:LONGEST], len(said.words)
    if count < 6:
        return False
    # Quick ways out: too short to hold the prompt, or too long to come from it, which has fewer
    # trigrams than words.
    least, most = _words_within(asked)
    if count < ECHO_COVER * least or most < ECHO_SHARE * len(said.trigrams):
        return False
    if _foreign(said, asked):
        return False
    asked_words = words(asked)
    if count < ECHO_COVER * len(asked_words):
        return False
    told = said.trigrams
    return len(told & _trigrams(asked_words)) >= ECHO_SHARE * len(told)


def _words_within(text: str) -> tuple[int, int]:
    """How many words a text has at least and at most, found in a tenth of the time."""
    if text.isascii():
        runs = len(text.encode().translate(BLANKED).split())
        return runs - text.count("'"), runs  # which may join two of them
    # Letters between blanks are a word or more.
    return sum(map(str.isalnum, text.split())), len(text)


def _foreign(said: _Said, asked: str) -> bool:
    """Whether few of a text's words stand in the prompt: a quick way out."""
    if len(said.some) <= SOME // 2:
        return False
    found = sum(map(asked.casefold().__contains__, said.some))
    return found < len(said.some) / 3


def _trigrams(items: list[str]) -> set[tuple[str, ...]]:
    return set(zip(items, items[1:], items[2:], strict=False))


def own_words(text: str, prompt: str) -> str:
    """A text without what it copies from its prompt, four words in a row or more.

    Unlike `without_echo` it cuts parts of the prompt, too: for rules that look for a word which
    the prompt itself may hold. An answer that quotes one long option has few words of its own.
    """
    start = text[:LONGEST]
    hits = list(ONE_WORD.finditer(start))
    asked = words(prompt[:LONGEST])
    size = min(COPIED, len(asked))
    told = [hit[0].casefold() for hit in hits]
    known = set(_runs(asked, size))
    copied: set[int] = set()
    for first, run in enumerate(_runs(told, size)):
        if run in known:
            copied.update(range(first, first + size))
    return _without(start, [hits[i].span() for i in sorted(copied)])


def _runs(items: list[str], size: int) -> list[tuple[str, ...]]:
    return [tuple(items[i : i + size]) for i in range(len(items) - size + 1)] if size else []


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    """A text without some stretches of it."""
    kept, at = [], 0
    for first, last in spans:
        kept.append(text[at:first])
        at = last
    return "".join((*kept, text[at:]))


def ordinary(text: str) -> bool:
    """Many different words of usual length, most of it ASCII letters: a quick way out.

    Such a text is neither a loop, which repeats its words, nor gibberish.
    """
    start = text[:LONGEST]
    parts = start.split()
    different = len(set(parts))
    if different <= 8 or 2 * different <= len(parts) or max(map(len, parts)) >= 100:
        return False
    return 2 * len(start.encode("ascii", "ignore").translate(None, NO_LETTERS)) > len(start)


def looping(text: str) -> bool:
    """Whether a text says the same few words over and over, up to its end."""
    if ordinary(text):
        return False
    said = words(text[:LONGEST])
    if len(said) < 30:
        return False
    return len(_trigrams(said)) < 0.2 * (len(said) - 2)


def gibberish(text: str) -> bool:
    """Whether a text holds no language: no letters, or one run of characters without words."""
    start = text[:LONGEST]
    if not LETTER.search(start):
        return not any(c.isdigit() for c in start)
    if len(start) < 40 or ordinary(start):
        return False
    parts = start.split()
    known = len(SIGNS.sub("", start))
    longest = max(map(len, parts), default=0)
    few = len(set(start.casefold())) < 8
    return few or known < 0.2 * sum(map(len, parts)) or longest > 0.9 * len(start) > 200
