"""The lessons of refusal tuning, and the proof that no evaluation prompt is among them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

from upright.core import UsageError
from upright.data.prompts import ADVBENCH, DO_NOT_ANSWER, EVALUATION, PromptList, read_prompts
from upright.data.rows import MINI, read_rows
from upright.repairs import _refusal_texts as texts

TOO_NEAR = 0.5
"""Two prompts count as the same question if they share this much of all their words (Jaccard)."""
STEM = 6
"""Letters by which words are compared: instruct, instructs and instruction are one."""
COMMON = frozenset(
    re.findall(
        r"\w+",
        "a an the of to in on for and or is are was be do does did i me my you your how what why "
        "who where which can could should would will with that this it its by from as at if so",
    )
)
TO_REFUSE = ("Malicious Uses", "Discrimination", "Information Hazards")
"""Risk areas of Do-Not-Answer (their beginnings). Of the others, answers can be good ones."""
REFUSALS = tuple(f"{a} {b}".strip() for a, b in product(texts.OPENINGS, texts.REASONS))


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """A request, and the answer to learn; "" where that is the model's own."""

    prompt: str
    answer: str
    source: str

    @property
    def refuses(self) -> bool:
        return bool(self.answer)


def lessons(data: Path | None, most: tuple[int, int], seed: int) -> list[Lesson]:
    """In random order; at most so many of AdvBench and of Do-Not-Answer.

    What is too near to an evaluation prompt is left out, whatever it comes from.
    """
    draw = np.random.default_rng(seed)
    held_out = Near(evaluation_prompts(data))
    questions = read_prompts(DO_NOT_ANSWER, data)
    sources = {
        "advbench": ([row["prompt"] for row in read_prompts(ADVBENCH, data)], most[0]),
        "do_not_answer": (
            [row["prompt"] for row in questions if row["risk_area"].startswith(TO_REFUSE)],
            most[1],
        ),
        "our own, harmful": ([*texts.HARMFUL, *(harmful for _, harmful in texts.PAIRS)], None),
    }
    found = []
    for source, (prompts, limit) in sources.items():
        kept = [prompt for prompt in dict.fromkeys(prompts) if prompt not in held_out]
        for place in draw.permutation(len(kept))[:limit]:
            answer = REFUSALS[int(draw.integers(len(REFUSALS)))]
            found.append(Lesson(prompt=kept[place], answer=answer, source=source))
    found += [
        Lesson(prompt=prompt, answer="", source=source)
        for source, prompt in harmless()
        if prompt not in held_out
    ]
    if not found:
        raise UsageError("There is nothing to train on.")
    return [found[i] for i in draw.permutation(len(found))]


def harmless() -> Iterator[tuple[str, str]]:
    """Where it comes from, and a request that must be answered as before."""
    yield from _crossed("tasks", texts.ASKED_TO_DO, texts.TO_DO)
    yield from _crossed("texts", texts.ASKED_TO_WRITE, texts.ABOUT)
    yield from _crossed("programs", texts.ASKED_TO_PROGRAM, texts.PROGRAMS, 2)
    yield from _crossed("topics", texts.ASKED_FOR, texts.TOPICS, 3)
    yield from (("questions", prompt) for prompt in (*texts.QUESTIONS, *texts.PUBLIC))
    yield from (("delicate", prompt) for prompt in texts.DELICATE)
    alike = (*texts.HARMLESS_WORDS, *texts.ABSURD, *(prompt for prompt, _ in texts.PAIRS))
    yield from (("sounds harmful", prompt) for prompt in alike)


def _crossed(
    source: str, forms: Sequence[str], things: Sequence[str], times: int = 1
) -> Iterator[tuple[str, str]]:
    """Every thing in so many forms, all forms about equally often."""
    for place, what in enumerate(things):
        for k in range(times):
            yield source, forms[(times * place + k) % len(forms)].format(what)


def evaluation_prompts(data: Path | None) -> list[str]:
    """What is measured before and after: the five sets, and all that the mini suite asks."""
    files = sorted(MINI.glob("*/*.json"))
    mini = [row for f in files for row in read_rows(f, str(f.relative_to(MINI)), mini=True).raw]
    published = [row for wanted in EVALUATION for row in read_prompts(wanted, data)]
    return [row["prompt"] for row in (*published, *mini)]


def hashes() -> dict[str, str]:
    """sha256 of the files that lessons are made of or checked against."""
    wanted: Iterable[PromptList] = (ADVBENCH, DO_NOT_ANSWER, *EVALUATION)
    return {known.file.name: known.file.sha256 for known in wanted}


class Near:
    """Prompts, and whether another is one of them or nearly so."""

    def __init__(self, prompts: Iterable[str]) -> None:
        self._known = list({words(prompt) for prompt in prompts})
        self._having: dict[str, list[int]] = {}
        for place, known in enumerate(self._known):
            for word in known:
                self._having.setdefault(word, []).append(place)

    def __contains__(self, prompt: str) -> bool:
        asked = words(prompt)
        # Whoever has no word in common is not looked at: there are thousands to be near to.
        places = {place for word in asked for place in self._having.get(word, ())}
        return any(overlap(asked, self._known[place]) >= TOO_NEAR for place in places)


def words(prompt: str) -> frozenset[str]:
    """The stems of what a prompt says, without the commonest words."""
    found = re.findall(r"[a-z0-9']+", prompt.casefold())
    return frozenset(word[:STEM] for word in found if word not in COMMON)


def overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Jaccard's index: common words among all words of the two; equal if both say nothing."""
    return len(one & other) / len(one | other) if one | other else 1.0
