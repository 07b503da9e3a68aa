"""What is no answer: an echo of the prompt, a loop, gibberish."""

import re
from collections import Counter

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
NO_LETTERS = bytes(b for b in range(256) if not chr(b).isalpha() or b > 127)


def without_echo(text: str, prompt: str) -> str | None:
    """What a text says beyond repeating its prompt; None when it says nothing beyond it.

    Many models restate the question before they answer it, so the repeated prompt is cut out
    and the rest is read. Prompts of one or two words are left alone.
    """
    parts = prompt.split()
    if len(parts) < 3:
        return text
    if max(parts, key=len) not in text:
        return None if _nearly_all_prompt(text, prompt) else text
    asked = " ".join(parts)
    if prompt.strip() in text:
        rest = text.replace(prompt.strip(), "\n")
    elif asked in (flat := " ".join(text[: LONGEST + len(prompt)].split())):
        rest = flat.replace(asked, "\n")
    else:
        return None if _nearly_all_prompt(text, prompt) else text
    return rest if WORD.search(rest) and not _nearly_all_prompt(rest, prompt) else None


def _nearly_all_prompt(text: str, prompt: str) -> bool:
    if _foreign(text, prompt):
        return False
    said = words(text[:LONGEST])
    # Letters between blanks are a word or more: most texts are too short without a closer look.
    if len(said) < max(6, ECHO_COVER * sum(map(str.isalnum, prompt[:LONGEST].split()))):
        return False
    asked = words(prompt[:LONGEST])
    if len(said) < ECHO_COVER * len(asked):
        return False
    heard = _trigrams(asked)
    told = _trigrams(said)
    return bool(told) and sum(t in heard for t in told) >= ECHO_SHARE * len(told)


def _foreign(text: str, prompt: str) -> bool:
    """Whether few of a text's words, picked evenly, stand in the prompt: a quick way out."""
    said = text[:LONGEST].split()
    some = [word.strip(EDGES) for word in said[:: 1 + len(said) // SOME]]
    asked = prompt[:LONGEST].casefold()
    return len(some) > SOME // 2 and sum(w.casefold() in asked for w in some) < len(some) / 3


def _trigrams(items: list[str]) -> Counter[tuple[str, ...]]:
    return Counter(zip(items, items[1:], items[2:], strict=False))


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
    counts = _trigrams(said)
    return len(counts) < 0.2 * (len(said) - 2)


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
