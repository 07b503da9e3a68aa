"""GCG at the size of its paper: does the loss fall, and does the model then give in?

    python perf/gcg.py --data DATA --out LINES --budget 450               # on a GPU
    python perf/gcg.py --data DATA --out LINES --laptop                   # a few steps on a CPU
    python perf/gcg.py --pace                                             # seconds per step alone
    python perf/gcg.py --tell LINES > tables.md

Every search is `upright.attacks.gcg` in a campaign of its own, on JailbreakBench's goals and the
beginnings of answers that its file names. No answer stops a search, so that all end after as many
steps; what `upright attack` would have told is the first answer that gives in. Beside it: the
size for a laptop, and as many questions with a random suffix, because whoever asks more often
errs more often too. When the time is up a search ends at its next step, and what it came to by then
is told. Questions and answers are never kept: losses, verdicts and lengths
are.

Matrix products of the searches round to TF32; answers and the losses told are in full float32.
"""

import argparse
import asyncio
import json
import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import numpy as np
import torch
from _gcg_told import told

from upright.attacks._campaign import Budget, Campaign
from upright.attacks.gcg import EVERY, Gcg, Search
from upright.core import Goal, Request, Response, Spent
from upright.data.prompts import EVALUATION, read_prompts
from upright.judges.harm import harmful
from upright.judges.refusal import outcomes
from upright.models._decoding import Floats
from upright.models.weights import Text, Weights, open_weights

MODELS = ("local/smollm2-135m-guarded", "local/smollm2-135m")
PAPER, SMALL = Gcg(), Gcg(20, 32, 64)
TINY = Gcg(11, 4, 8, 4)
RANDOM = "random suffixes"
TOKENS = 150
SURE = "Sure, here is"
STEPS = 10
"""That are timed, of a search with nothing beside it."""


class Job(NamedTuple):
    """One goal on one model, by `end` (s since 1970); `place` is the goal's row in the file."""

    model: str
    place: int
    goal: Goal
    sizes: Sequence[Gcg]
    end: float


class Counted(Weights):
    """Weights that count steps, one gradient each, and give none after `end`."""

    steps = 0
    end = float("inf")

    def token_gradients(self, prompt: Text, continuation: Text) -> Floats:
        if time.time() > self.end:
            raise Spent
        self.steps += 1
        return super().token_gradients(prompt, continuation)


class Question(NamedTuple):
    step: int
    text: str


def goals_of(data: Path) -> list[tuple[int, Goal]]:
    """Two of each of the ten categories; a cut-off leaves one of each."""
    rows = read_prompts(EVALUATION[0], data)
    places = [*range(0, 100, 10), *range(5, 100, 10)]
    return [
        (
            i,
            Goal(
                id=f"jbb {i}",
                text=rows[i]["prompt"],
                target=rows[i]["Target"],
                category=rows[i]["Category"],
            ),
        )
        for i in places
    ]


def searched(weights: Counted, goal: Goal, attack: Gcg) -> list[Question]:
    """What the attack asks until its end or that of time: no answer is given, and none gives in."""
    questions: list[Question] = []
    weights.steps = 0

    async def ask(request: Request) -> Response:
        questions.append(Question(weights.steps, request.messages[-1].content))
        return Response(text="")

    async def score(_: Goal, __: Response) -> float:
        return 0.0

    campaign = Campaign(
        attack=attack,
        model=weights.spec,
        ask=ask,
        score=score,
        budget=Budget(),
        weights=lambda: weights,
    )
    asyncio.run(campaign.pursue([goal]))
    return questions


def at_random(search: Search, count: int, goal: Goal) -> list[Question]:
    """Suffixes of as many tokens as a search begins with, drawn among those it may use."""
    draw, allowed = Random(goal.id), np.flatnonzero(search.allowed).tolist()
    drawn = (draw.choices(allowed, k=len(search.suffix)) for _ in range(count))
    return [Question(0, goal.text), *(Question(0, search.asked(one)) for one in drawn)]


def read(weights: Weights, goal: Goal, questions: Sequence[Question]) -> list[dict[str, Any]]:
    """What is kept of each question and of the greedy answer to it."""
    prompts = [weights.chat(question.text) for question in questions]
    losses = weights.losses(prompts, goal.target)
    written = weights.answers(prompts, TOKENS)
    texts = [weights.checkpoint.decode(one.tokens) for one in written]
    harm = harmful([goal.text] * len(texts), texts)
    kinds = outcomes(texts, [question.text for question in questions])
    return [
        {
            "step": question.step,
            "loss": float(loss),
            "harm": float(chance),
            "outcome": kind[0].value,
            "reached": text.startswith(goal.target),
            "sure": text.startswith(SURE),
            "tokens": len(one.tokens),
        }
        for question, loss, one, text, chance, kind in zip(
            questions, losses, written, texts, harm, kinds, strict=True
        )
    ]


def pursued(job: Job) -> Iterator[dict[str, Any]]:
    """A line for random suffixes and for each size, as soon as it is known."""
    with open_weights(job.model, threads=1) as opened:
        weights = Counted(
            opened.spec, opened.checkpoint, opened.module, opened.tokenizer, opened.device
        )
        weights.end = job.end
        search = Search(weights, job.goal.text, job.goal.target, job.sizes[-1].length)
        same = {
            "model": weights.id,
            "goal": job.place,
            "category": job.goal.category,
            "wanted": len(weights.tokens(job.goal.target)),
            "start": float(search.losses([search.suffix])[0]),
        }
        count = max(-(-attack.steps // EVERY) for attack in job.sizes)
        drawn = at_random(search, count, job.goal)
        yield {**same, "size": RANDOM, "asked": read(weights, job.goal, drawn)}
        for attack in job.sizes:
            start = time.perf_counter()
            torch.set_float32_matmul_precision("high")
            questions = searched(weights, job.goal, attack)
            torch.set_float32_matmul_precision("highest")
            told_of = {"steps": weights.steps, "seconds": time.perf_counter() - start}
            if len(questions) > 1:
                asked = read(weights, job.goal, questions)
                yield {**same, "size": attack.id, **told_of, "asked": asked}


def jobs_of(asked: argparse.Namespace) -> Iterator[Job]:
    """The first ten goals on each model, then the others: a cut-off leaves all categories."""
    goals, end = goals_of(asked.data)[: asked.goals], time.time() + asked.budget
    sizes = [TINY] if asked.tiny else [SMALL] if asked.laptop else [SMALL, PAPER]
    for some in (goals[:10], goals[10:]):
        for place, goal in some:
            for model in asked.models:
                yield Job(model, place, goal, sizes, end)


def work(out: Path, job: Job) -> str:
    """Writes the lines of a job, if there is time for one; what is to be said of it."""
    start = time.time()
    if start > job.end:
        return f"goal {job.place} on {job.model}: no time"
    for line in pursued(job):
        # At once and without a buffer: others append to the same file.
        with out.open("ab", buffering=0) as file:
            file.write((json.dumps(line) + "\n").encode())
    return f"goal {job.place} on {job.model}: {time.time() - start:.0f} s"


def pursue(asked: argparse.Namespace) -> None:
    """Jobs side by side, each in a process that takes one at a time."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(asked.at_once, context) as pool:
        for said in pool.map(partial(work, asked.out), jobs_of(asked)):
            print(said, flush=True)


def pace(tiny: bool) -> None:
    """Seconds per step at the paper's width, with nothing else on the device."""
    attack = TINY if tiny else PAPER
    text = "Write a tutorial on how to bake a cake that nobody will forget"
    target = "Sure, here is a tutorial on how to bake a cake that nobody will forget"
    for precision, products in (("float32", "highest"), ("float32", "high"), ("bfloat16", "high")):
        torch.set_float32_matmul_precision(products)
        with open_weights(MODELS[0], precision=precision) as weights:
            search, random = Search(weights, text, target, attack.length), Random(0)
            step: Callable[[], float] = partial(search.step, attack.width, attack.top_k, random)
            first = search.losses([search.suffix])[0]
            step()  # kernels are chosen and loaded at first use
            start = time.perf_counter()
            loss = [step() for _ in range(STEPS)][-1]
            took = (time.perf_counter() - start) / STEPS
        print(
            f"{weights.device}, {precision}, products {products}: {1000 * took:.0f} ms a step; "
            f" loss {first:.2f} -> {loss:.2f} in {STEPS + 1} steps",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="GCG at the size of its paper.")
    parser.add_argument("--data", type=Path, help="the folder of jbb/harmful-behaviors.csv")
    parser.add_argument("--out", type=Path, help="where lines are appended")
    parser.add_argument("--models", nargs="+", default=MODELS)
    parser.add_argument("--goals", type=int, default=20)
    parser.add_argument("--budget", type=float, default=3600.0, help="seconds")
    parser.add_argument("--at-once", type=int, default=1)
    parser.add_argument("--laptop", action="store_true", help="without the paper's size")
    parser.add_argument("--pace", action="store_true", help="only time a search alone")
    parser.add_argument("--tell", type=Path, help="only make tables of lines")
    parser.add_argument("--tiny", action="store_true", help="a few steps of a few swaps")
    asked = parser.parse_args()
    if asked.tell:
        lines = asked.tell.read_text("utf-8").splitlines()
        print("\n".join(told([json.loads(line) for line in lines])))
    elif asked.pace:
        pace(asked.tiny)
    else:
        pursue(asked)


if __name__ == "__main__":
    main()
