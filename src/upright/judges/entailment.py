"""Entailment and groundedness, by rule: does the evidence support a statement?

Lexical: how many of the statement's content words the best part of the evidence holds, weighted by
how rare they are in the evidence; whether its numbers and names occur there; whether one of the two
denies what the other says, or says its opposite. Good at invented names, numbers and details. It
does not reason: a paraphrase in other words counts as not mentioned, and a refutation without a
"not", an opposite or another number is taken for support. On claims that scientists refute with
other words its verdicts are worth nothing (its card: SciFact, HealthVer, Climate-FEVER).
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

from upright.judges._plain import plain, sentences, unwrapped, words
from upright.judges.similarity import STOP

Support = Literal["supported", "contradicted", "not mentioned"]
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
NAME = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-Z][a-z]{2,}\b")
DENIES = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|neither|nor|without|hardly|cannot|fail(?:s|ed)? to|"
    r"unable|lacks?|false|myth|untrue|incorrect|unlikely)\b|n't\b"
)
# fmt: off
OPPOSITES = (
    ("increas", "decreas"), ("increas", "reduc"), ("increas", "declin"), ("higher", "lower"),
    ("high", "low"), ("more", "less"), ("more", "fewer"), ("first", "last"), ("before", "after"),
    ("rise", "fall"), ("rise", "decline"), ("grow", "shrink"), ("gain", "loss"),
    ("better", "worse"),
    ("best", "worst"), ("safe", "danger"), ("true", "false"), ("alive", "dead"), ("born", "died"),
    ("win", "lose"), ("won", "lost"), ("warm", "cool"), ("hot", "cold"), ("north", "south"),
    ("east", "west"), ("male", "female"), ("positi", "negati"), ("caus", "prevent"),
    ("support", "oppos"), ("allow", "ban"), ("open", "clos"), ("start", "end"), ("old", "new"),
    ("older", "younger"), ("larger", "smaller"), ("large", "small"), ("many", "few"),
    ("effect", "ineffe"), ("common", "rare"), ("major", "minor"), ("majori", "minori"),
    ("all", "none"), ("always", "never"), ("improv", "worsen"), ("activ", "inhib"),
    ("upregu", "downre"), ("enhanc", "inhib"), ("promot", "suppre"), ("promot", "inhib"),
)
# fmt: on
OPPOSITE: Mapping[str, frozenset[str]] = {
    stem: frozenset({b for a, b in OPPOSITES if a == stem} | {a for a, b in OPPOSITES if b == stem})
    for pair in OPPOSITES
    for stem in pair
}
ON_TOPIC = 0.5
"""With so much of a statement found a mismatch contradicts; with less it is about other things."""


class Reading(NamedTuple):
    """`probability` of support."""

    label: Support
    probability: float


class Signs(NamedTuple):
    """What is measured.

    whole, near       the share of the statement in all of the evidence, and in its best sentence
    numbers, names    the shares of them that the evidence lacks
    denied, opposed   whether only one of the two denies; whether one says the other's opposite
    denies            whether only the statement denies
    length            of the statement, as log of its content words
    """

    whole: float
    near: float
    numbers: float
    names: float
    denied: float
    opposed: float
    denies: float
    length: float


BIAS = -6.5
WEIGHTS = Signs(
    whole=6.7,
    near=4.3,
    numbers=-0.9,
    names=-4.3,
    denied=-1.4,
    opposed=0.0,
    denies=-6.0,
    length=-0.8,
)
"""Fitted on BEGIN alone, which carried over to the other sets better than a fit on all of them.

`denies` is set by hand: it is rare there.
"""


def entails(evidence: str, statement: str) -> Reading:
    """Whether the evidence supports, contradicts or does not mention a statement."""
    found = signs(evidence, statement)
    scale = BIAS + sum(w * s for w, s in zip(WEIGHTS, found, strict=True))
    probability = 1.0 / (1.0 + math.exp(-scale))
    if probability >= 0.5:
        return Reading("supported", probability)
    against = max(found.denied, found.opposed, found.numbers) > 0
    label: Support = "contradicted" if against and found.near >= ON_TOPIC else "not mentioned"
    return Reading(label, probability)


def signs(evidence: str, statement: str) -> Signs:
    evidence, statement = plain(evidence), plain(unwrapped(statement))
    parts = [(part, stems(part)) for part in _windows(sentences(evidence))]
    told = stems(statement)
    rarity = _rarity([s for _, s in parts])
    heard = frozenset().union(*(s for _, s in parts))
    best, own = max(parts, key=lambda p: _share(told, p[1], rarity), default=("", frozenset()))
    unlike = bool(DENIES.search(best.lower())) != bool(DENIES.search(statement.lower()))
    return Signs(
        whole=_share(told, heard, rarity),
        near=_share(told, own, rarity),
        numbers=_missing(_numbers(statement), _numbers(evidence)),
        names=_missing(_names(statement), {w[:6] for w in words(evidence)}),
        denied=float(unlike),
        denies=float(unlike and bool(DENIES.search(statement.lower()))),
        opposed=float(_opposed(told, own)),
        length=math.log1p(len(told)),
    )


def stems(text: str) -> frozenset[str]:
    """Content words without endings, cut to six letters."""
    return frozenset(_stem(w) for w in words(text) if w not in STOP)


def _stem(word: str) -> str:
    for ending in ("'s", "ing", "ed", "es", "s", "ly"):
        if len(word) > len(ending) + 3 and word.endswith(ending):
            word = word.removesuffix(ending)
            break
    return word[:6]


def _windows(parts: Sequence[str]) -> list[str]:
    """Each sentence, and each with the one after it: a pronoun points back."""
    return [*parts, *(f"{a} {b}" for a, b in pairwise(parts))]


def _rarity(parts: Sequence[frozenset[str]]) -> Mapping[str, float]:
    """The weight of a stem: the fewer parts of the evidence hold it, the more it says."""
    counts = Counter(stem for part in parts for stem in part)
    return {stem: 1.0 + math.log(len(parts) / n) for stem, n in counts.items()}


def _share(told: frozenset[str], heard: frozenset[str], rarity: Mapping[str, float]) -> float:
    """How much of what is told was heard; one the evidence lacks weighs as a rare one.

    `fsum` gives one sum in any order: that of a set changes from run to run.
    """
    if not told:
        return 0.0
    rare = max(rarity.values(), default=1.0)
    total = math.fsum(rarity.get(stem, rare) for stem in told)
    return math.fsum(rarity.get(stem, rare) for stem in told & heard) / total


def _numbers(text: str) -> set[str]:
    return {n.replace(",", "").rstrip(".0") or "0" for n in NUMBER.findall(text)}


def _names(text: str) -> set[str]:
    return {name.casefold()[:6] for name in NAME.findall(text)}


def _missing(told: set[str], heard: set[str]) -> float:
    return len(told - heard) / len(told) if told else 0.0


def _opposed(told: frozenset[str], heard: frozenset[str]) -> bool:
    return any(
        OPPOSITE[stem] & heard and stem not in heard and not OPPOSITE[stem] & told
        for stem in told
        if stem in OPPOSITE
    )
