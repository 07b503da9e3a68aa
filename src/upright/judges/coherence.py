"""Coherence triage, by rule: is a response language at all, its own, and the right one?

It finds what is broken, not what is wrong: fluent nonsense passes.
"""

import re
from itertools import pairwise
from typing import Literal

from upright.judges._degenerate import gibberish, looping, own_words, without_echo
from upright.judges._language import ENGLISH, WORDS, language
from upright.judges._plain import LONGEST, WORD, plain, unwrapped

__all__ = [
    "Problem",
    "gibberish",
    "language",
    "looping",
    "loops",
    "own_words",
    "problem",
    "unreadable",
    "without_echo",
]

Problem = Literal["empty", "echo", "gibberish", "loop", "other language", ""]

TAIL = 60
"""A loop fills at least so many of the last words."""
CYCLE = 24
"""... with at most so many words, over and over."""
BLOB = re.compile(r"[A-Za-z0-9+/=_-]{48,}")
NUMBERING = re.compile(r"^\s*\d{1,4}[.):]", re.MULTILINE)
STUTTER = re.compile(r"(.{1,24}?)\1{9,}", re.DOTALL)
BROKEN = re.compile(r"\ufffd|Ã.|â€.?|<unk>|<0x[0-9A-F]{2}>|[\x00-\x08\x0e-\x1f]")
FRAME = re.compile(
    r"^\W*(?:question|prompt|user|human|q)\s*:|\b(?:answer|response|assistant|a)\s*:?\W*$",
    re.IGNORECASE,
)
LETTERS = re.compile(r"[^\W\d_]+")
MASHED = re.compile(
    r"(.)\1{3}|[bcdfghjklmnpqrstvwxz]{5}|^[bcdfghjklmnpqrstvwxz]{4,}$|asdf|sdfg|dfgh|fghj|ghjk|hjkl|qwer|"
    r"wert(?!h)|zxcv|xcvb|q(?!u)[a-z]|[jq][bcdfgjkpqvwxz]|[xz][bdfgjkqvwx]|[bcdfghkmpvw][jqx]"
)
PUNCTUATED = re.compile(r"[^\w\s]|\n|[^\x00-\u024f]")
ENCODES = re.compile(
    r"\b(?:base ?64|hash|encod\w*|encrypt\w*|cipher|token|api key|password|certificate|key|"
    r"hexadecimal|binary|random|sequence|dna|regex|abbreviat\w*|acronym\w*)\b",
    re.IGNORECASE,
)
REPEATS = re.compile(
    r"\b(?:repeat|times|over and over|lyrics|chant|refrain|copy|again and again|forever|"
    r"write out|lines)\b",
    re.IGNORECASE,
)
TRANSLATES = re.compile(
    r"\b(?:translat\w*|(?:in|into|to|auf|en|speak|write|answer|say|learn|phrase\w*) "
    r"(?:english|german|french|spanish|italian|portuguese|dutch|swedish|polish|turkish|vietnamese|"
    r"indonesian|russian|arabic|hebrew|hindi|bengali|chinese|mandarin|japanese|korean|thai|greek|"
    r"latin|deutsch|englisch|français|anglais|español|inglés)|"
    r"übersetz\w*|tradu\w*|languages?|multilingual|greetings?|proverbs?)\b|翻译|翻訳|перев[её]д",
    re.IGNORECASE,
)


def problem(text: str, prompt: str = "") -> Problem:
    """What is broken about a response; "" when nothing is."""
    text, prompt = plain(unwrapped(text)), plain(prompt)
    if not text.strip():
        return "empty"
    rest = without_echo(FRAME.sub("", text), prompt)
    if rest is None:
        return "echo"
    if REPEATS.search(prompt):
        return ""
    parts = _main_parts(rest)
    if any(map(loops, parts)):
        return "loop"
    if not ENCODES.search(prompt) and any(map(unreadable, parts)):
        return "gibberish"
    return "other language" if elsewhere(rest, prompt) else ""


def _main_parts(text: str) -> list[str]:
    """A text, and the paragraph that is its largest part: courtesies around it do not mend it."""
    longest = max(text.split("\n"), key=len)
    return [text, longest] if len(longest) > 0.4 * len(text.strip()) else [text]


def loops(text: str) -> bool:
    """Whether a text ends by saying the same few words over and over, or the same signs."""
    start = text[:LONGEST].strip()
    if looping(start) or _stutters(start):
        return True
    said = [w.casefold() for w in WORD.findall(NUMBERING.sub("", start))]
    tail = said[-TAIL:]
    return len(said) >= 18 and _cyclic(tail)


def unreadable(text: str) -> bool:
    """Whether a text is no language: signs, encoded data, a mashed keyboard, broken characters."""
    start = text[:LONGEST]
    dense = len("".join(start.split()))
    broken = BROKEN.findall(start)
    if sum(map(len, broken)) > 0.15 * dense or gibberish(start):
        return True
    blobs = sum(len(b) for b in BLOB.findall(start) if _random_looking(b))
    if blobs > 0.6 * dense:
        return True
    return _mashed(start) or _salad(start)


def elsewhere(text: str, prompt: str) -> bool:
    """Whether a text is in another language than its prompt, which did not ask for that."""
    asked, told = language(prompt), language(text)
    return bool(asked and told) and asked != told and not TRANSLATES.search(prompt)


def _stutters(text: str) -> bool:
    """Ten times the same up to 24 characters, and little else; rules and dots do not count."""
    hit = STUTTER.search(text[-600:])
    if hit is None:
        return False
    return hit[1].strip("-=_.*# \n|~") != "" and len(hit[0]) > 0.4 * len(text[-600:])


def _cyclic(tail: list[str]) -> bool:
    """Whether the last words repeat with one period, three times or more."""
    for period in range(1, min(CYCLE, len(tail) // 3) + 1):
        same = sum(a == b for a, b in zip(tail[period:], tail, strict=False))
        if same >= 0.9 * (len(tail) - period):
            return True
    return False


def _random_looking(blob: str) -> bool:
    """Letters of both cases and digits in turn, as encoded data has them."""
    kinds = [c.islower() + 2 * c.isupper() + 3 * c.isdigit() for c in blob]
    turns = sum(a != b for a, b in pairwise(kinds))
    return turns > 0.25 * len(blob)


def _mashed(text: str) -> bool:
    """Whether half of the longer Latin words look like no word of any language."""
    said = [w.lower() for w in LETTERS.findall(text) if len(w) > 3]
    if not said or sum(map(len, said)) < 0.4 * len(text):
        return False
    mashed = sum(len(w) for w in said if w.isascii() and MASHED.search(w))
    least = 0.4 if len(said) > 1 or len(said[0]) > 6 else 2.0
    return mashed >= least * sum(map(len, said))


def _salad(text: str) -> bool:
    """Whether an unpunctuated row of words holds only little words, or none of any language."""
    said = [w.casefold() for w in LETTERS.findall(text)]
    if len(said) < 12 or len(said) > 200 or PUNCTUATED.search(text.strip()[:-1]):
        return False
    little = sum(w in ENGLISH for w in said)
    return little > 0.85 * len(said) or not any(
        w in known for w in said for known in WORDS.values()
    )
