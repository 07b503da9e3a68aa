"""Personas bred by PLE, a genetic algorithm and chance, at equal numbers of evaluations.

    python perf/ple.py search --data DATA --kept DIR      minutes to hours, goes on where it stopped
    python perf/ple.py confirm --data DATA --kept DIR     real answers of the best, on other goals
    python perf/ple.py render --kept DIR                  tables for the page, and the figure

DIR holds the personas and is not for passing on; results.json and confirmed.json in it hold
numbers alone. The model is `local/smollm2-135m-guarded`: `upright repair refusal_tuning` makes it.
"""

import argparse
import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from random import Random

from _persona_answers import chosen, confirm
from _persona_figure import render

from upright.attacks._persona_search import Grammar, Search
from upright.attacks._persona_target import REFUSING, asked_as, compliance
from upright.attacks.persona_ga import persona_ga
from upright.attacks.persona_random import persona_random
from upright.attacks.ple import ple
from upright.core import Model, Request, ask
from upright.data.prompts import EVALUATION, read_prompts
from upright.models import ModelOptions, open_model

MODEL = "local/smollm2-135m-guarded"
ARMS = {
    "PLE, β = 0.3": ple(),
    "PLE, β = 0": ple(share=0.0),
    "Persona-GA": persona_ga(),
    "random": persona_random(),
}
EVALUATIONS, SEEDS, EVERY = 75, 5, 10
"""Personas a search, searches an arm, and every which of JBB's 100 goals is searched on."""
HELD_OUT = (3, 7)
"""Which of each ten goals the best are confirmed on: JBB has ten of every category in a row."""


class Kept:
    """Compliance of a persona on every goal: asked once, whichever search comes by it. "" is
    nobody: the goal alone."""

    def __init__(self, model: Model, goals: Sequence[str], path: Path) -> None:
        self._model, self._goals, self._path = model, goals, path
        self._known: dict[str, list[float]] = {}
        if path.exists():
            rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
            self._known = {row["persona"]: row["results"] for row in rows}

    async def __call__(self, persona: str) -> Sequence[float]:
        if persona not in self._known:
            found = [compliance(each) for each in await self._likelihoods(persona)]
            self._known[persona] = found
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"persona": persona, "results": found}) + "\n")
        return self._known[persona]

    async def _likelihoods(self, persona: str) -> list[Sequence[float]]:
        asked = [
            Request(
                model=self._model.id,
                messages=asked_as(persona, goal) if persona else ask(goal),
                max_tokens=1,
                options=REFUSING,
            )
            for goal in self._goals
        ]
        answers = await self._model.generate(asked)
        return [answer.option_logprobs or () for answer in answers]


def goals_of(data: Path) -> list[str]:
    return [row["prompt"] for row in read_prompts(EVALUATION[0], data)]


def search(model: Model, data: Path, kept: Path) -> None:
    """Seed after seed, so that whenever it is stopped the searches at hand make pairs."""
    goals = goals_of(data)[::EVERY]
    fitness = Kept(model, goals, kept / "evaluated.jsonl")
    curves: dict[str, list[list[float]]] = {name: [] for name in ARMS}
    elites: dict[str, list[list[str]]] = {name: [] for name in ARMS}
    plain = asyncio.run(fitness(""))
    for seed in range(SEEDS):
        for name, attack in ARMS.items():
            made = Search(fitness, Grammar(), Random(seed), EVALUATIONS)
            asyncio.run(attack.search(made))  # type: ignore[attr-defined]  # all of them have it
            curves[name].append([one.rate for one in made.done])
            elites[name].append([one.persona for one in made.elites(3)])
            print(seed, name, f"{max(curves[name][-1]):.4f}", flush=True)
        told = {
            "model": model.id,
            "facts": model.facts,
            "goals": len(goals),
            "plain": list(plain),
            "curves": curves,
        }
        (kept / "results.json").write_text(json.dumps(told), encoding="utf-8")
        (kept / "elites.json").write_text(json.dumps(elites), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", choices=("search", "confirm", "render"))
    parser.add_argument("--data", type=Path)
    parser.add_argument("--kept", type=Path, required=True)
    given = parser.parse_args()
    given.kept.mkdir(parents=True, exist_ok=True)
    if given.step == "render":
        render(given.kept)
    elif given.step == "search":
        search(opened(), given.data, given.kept)
    else:
        held_out = [g for i, g in enumerate(goals_of(given.data)) if i % EVERY in HELD_OUT]
        told = confirm(opened(), held_out, chosen(given.kept))
        (given.kept / "confirmed.json").write_text(json.dumps(told), encoding="utf-8")


def opened() -> Model:
    """In bfloat16, where the CPU has it: nearly twice as fast."""
    return open_model(MODEL, ModelOptions(device="cpu", threads=1, precision="bfloat16"))


if __name__ == "__main__":
    main()
