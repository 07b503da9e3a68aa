"""The stored attack strings, and what local models make of them, measured once and kept.

A kept row names a text by its hash: no attack string is written anywhere.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from upright.core import Model, Request, ask
from upright.interop.jbb import read_artifacts
from upright.models.reading import Reader

AT_ONCE = 32
Measure = Callable[[Sequence[str]], Sequence[Any]]
"""Texts to what is found about each, as JSON can hold it."""


class String(NamedTuple):
    """A distinct string of an attack, and the behaviour it was made for."""

    attack: str
    behaviour: int
    text: str


class Filed(NamedTuple):
    """What an attack's files hold: rows, rows with a prompt, verdicts that were recorded."""

    rows: int
    prompts: int
    jailbroken: int
    absent: int


def strings_of(folder: Path) -> tuple[dict[str, list[String]], dict[str, Filed]]:
    """By attack: each string once, however many models it was sent to; and what was counted."""
    strings: dict[str, dict[str, String]] = {}
    counts: dict[str, Filed] = {}
    for stored in read_artifacts(folder):
        rows, attack = stored.artifact.jailbreaks, stored.attack
        prompts = [(row.index, row.prompt) for row in rows if row.prompt]
        mine = strings.setdefault(attack, {})
        mine.update((text, String(attack, index, text)) for index, text in prompts)
        known = counts.get(attack, Filed(0, 0, 0, 0))
        more = (len(rows), len(prompts), stored.artifact.successes, 100 - len(rows))
        counts[attack] = Filed(*(a + b for a, b in zip(known, more, strict=True)))
    return {attack: list(found.values()) for attack, found in strings.items()}, counts


def measured(texts: Sequence[str], measure: Measure, what: str, kept: Path) -> list[Any]:
    """In the order of the texts; what an earlier call measured is not measured again."""
    known = dict(_read(kept, what))
    # Sorted, texts that begin alike come together: a template is read once for many.
    missing = sorted(text for text in set(texts) if _name(text) not in known)
    for start in range(0, len(missing), AT_ONCE):
        part = missing[start : start + AT_ONCE]
        found = measure(part)
        with kept.open("a", encoding="utf-8") as file:
            for text, value in zip(part, found, strict=True):
                row = {"what": what, "text": _name(text), "value": value}
                file.write(json.dumps(row) + "\n")
                known[_name(text)] = value
    return [known[_name(text)] for text in texts]


def read_by(reader: Reader) -> Measure:
    """The log-likelihood (nats) of every token of a text but the first."""
    return lambda texts: [
        [round(float(one), 5) for one in found] for found in reader.log_likelihoods(texts)
    ]


def weighed_by(model: Model, beginnings: Sequence[str]) -> Measure:
    """The log-likelihood (nats) of each beginning of an answer."""

    def weigh(texts: Sequence[str]) -> list[Any]:
        asked = [Request(model=model.id, messages=ask(t), options=tuple(beginnings)) for t in texts]
        return [r.option_logprobs for r in asyncio.run(model.generate(asked))]

    return weigh


def answered_by(model: Model, tokens: int) -> Measure:
    """What it answers, greedily."""

    def answer(texts: Sequence[str]) -> list[Any]:
        asked = [Request(model=model.id, messages=ask(t), max_tokens=tokens) for t in texts]
        return [response.text for response in asyncio.run(model.generate(asked))]

    return answer


def _read(kept: Path, what: str) -> Iterator[tuple[str, Any]]:
    if kept.exists():
        for line in kept.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if row["what"] == what:
                yield row["text"], row["value"]


def _name(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
