"""The answers that the study of the advisor needs: each prompt plainly, advised, and noted."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from _detectors import Terms
from _prompt_sets import everyday

from upright.core import Model, Request, ask
from upright.data.prompts import ADVBENCH, DO_NOT_ANSWER, read_prompts
from upright.defenses._guardians import ByWords
from upright.defenses.advisor import advised
from upright.defenses.system_note import system_note
from upright.repairs._refusal_data import Near
from upright.stats.logistic import Reals, said, taught

TOKENS, AT_ONCE = 32, 50
WAYS = ("plain", "advised", "noted")


def guardian(data: Path, measured_on: Sequence[str]) -> ByWords:
    """Words alone, taught on AdvBench and Do-Not-Answer beside everyday prompts: other sources
    than those that it is measured on, and nothing that is nearly the same."""
    near = Near(measured_on)
    rows = [row["prompt"] for part in (ADVBENCH, DO_NOT_ANSWER) for row in read_prompts(part, data)]
    harmful, safe = ([p for p in side if p not in near] for side in (rows, everyday(data)))
    terms = Terms([*harmful, *safe])
    yes = np.arange(len(harmful) + len(safe)) < len(harmful)
    weights = taught(terms.table([*harmful, *safe]), yes)

    def chances(texts: Sequence[str]) -> Reals:
        found: Reals = 1 / (1 + np.exp(-said(weights, terms.table(texts))))
        return found

    return ByWords(chances)


def requests(model: str, prompt: str, watch: ByWords) -> dict[str, Request]:
    plain = Request(model=model, messages=ask(prompt), max_tokens=TOKENS)
    noted = asyncio.run(system_note().before(plain))
    assert isinstance(noted, Request)
    return {"plain": plain, "advised": advised(plain, watch.of(prompt)), "noted": noted}


def answers(model: Model, wanted: Sequence[Request], kept: Path) -> list[str]:
    """In order; what lies in the file is not asked again."""
    known: dict[str, str] = {}
    if kept.exists():
        known.update(json.loads(line) for line in kept.read_text("utf-8").splitlines())
    missing = [r for r in wanted if r.key not in known]
    for start in range(0, len(missing), AT_ONCE):
        part = missing[start : start + AT_ONCE]
        told = asyncio.run(model.generate(part))
        with kept.open("a", encoding="utf-8") as file:
            for request, response in zip(part, told, strict=True):
                known[request.key] = response.text
                file.write(json.dumps([request.key, response.text]) + "\n")
    return [known[request.key] for request in wanted]
