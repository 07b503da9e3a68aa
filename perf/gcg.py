"""GCG at the size of its paper: does the loss fall, and does the model then give in?

    python perf/gcg.py --data DATA --out LINES --budget 450 --at-once 5    # on a GPU
    python perf/gcg.py --pace                                             # seconds per step alone
    python perf/gcg.py --tell LINES > tables.md
    python perf/gcg.py --data DATA --out LINES --tiny                     # a rehearsal on a CPU

Every search is `upright.attacks.gcg` in a campaign of its own, on JailbreakBench's goals and the
beginnings of answers that its file names. No answer stops a search, so that all end after as many
steps; what `upright attack` would have told is the first answer that gives in. Beside it: the
size for a laptop, and as many questions with a random suffix, because whoever asks more often
errs more often too. Questions and answers are never kept: losses, verdicts and lengths are.

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
from queue import Empty, Queue
from random import Random
from typing import Any, NamedTuple

import numpy as np
import torch
from _gcg_told import told

from upright.attacks._campaign import Budget, Campaign
from upright.attacks.gcg import Gcg, Search
from upright.core import Goal, Request, Response
from upright.data.prompts import EVALUATION, read_prompts
from upright.judges.harm import harmful
from upright.judges.refusal import outcomes
from upright.models._decoding import Floats
from upright.models.weights import Text, Weights, open_weights

MODELS = ("local/smollm2-135m-guarded", "local/smollm2-135m")
PAPER, SMALL = Gcg(), Gcg(20, 32, 64)
TINY = Gcg(11, 4, 8, 4), Gcg(2, 2, 8, 4)
RANDOM = "random suffixes"
QUESTIONS = 50
"""With random suffixes: as many as GCG asks at most, beside the plain one."""
TOKENS = 150
SURE = "Sure, here is"
STEPS = 10
"""That are timed, of a search with nothing beside it."""


class Job(NamedTuple):
    """One goal on one model; `place` is the goal's row in the file."""

    model: str
    place: int
    goal: Goal
    sizes: tuple[Gcg, Gcg]


class Counted(Weights):
    """Weights that count steps: a search takes one gradient for each."""

    steps = 0

    def token_gradients(self, prompt: Text, continuation: Text) -> Floats:
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
    """What the attack asks, to its end: no answer is given, and none gives in."""
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


def pursued(job: Job) -> list[dict[str, Any]]:
    """A line for each size and for random suffixes."""
    with open_weights(job.model, threads=1) as opened:
        weights = Counted(
            opened.spec, opened.checkpoint, opened.module, opened.tokenizer, opened.device
        )
        asked, took = {}, {}
        torch.set_float32_matmul_precision("high")
        for attack in job.sizes:
            start = time.perf_counter()
            asked[attack.id] = searched(weights, job.goal, attack)
            took[attack.id] = time.perf_counter() - start
        torch.set_float32_matmul_precision("highest")
        search = Search(weights, job.goal.text, job.goal.target, job.sizes[0].length)
        asked[RANDOM] = at_random(search, QUESTIONS, job.goal)
        found = iter(read(weights, job.goal, [q for some in asked.values() for q in some]))
        first = float(search.losses([search.suffix])[0])
        return [
            {
                "size": size,
                "model": weights.id,
                "goal": job.place,
                "category": job.goal.category,
                "wanted": len(weights.tokens(job.goal.target)),
                "start": first,
                "seconds": took.get(size, 0.0),
                "asked": [next(found) for _ in some],
            }
            for size, some in asked.items()
        ]


def jobs_of(asked: argparse.Namespace) -> Iterator[Job]:
    """The first ten goals on both models, then the others on the guarded one, then the rest."""
    goals = goals_of(asked.data)[: asked.goals]
    sizes = TINY if asked.tiny else (PAPER, SMALL)
    guarded, plain = MODELS
    order = [(model, g) for g in goals[:10] for model in (guarded, plain)]
    order += [(model, g) for model in (guarded, plain) for g in goals[10:]]
    for model, (place, goal) in order:
        yield Job(model, place, goal, sizes)


def work(jobs: "Queue[Job]", out: Path, end: float) -> int:
    """Jobs until none is left, or until the longest so far would take too long; steps taken."""
    longest, steps = 0.0, 0
    while time.time() + longest < end:
        try:
            job = jobs.get_nowait()
        except Empty:
            break
        start = time.time()
        lines = pursued(job)
        # At once and without a buffer: others append to the same file.
        with out.open("ab", buffering=0) as file:
            file.write("".join(json.dumps(line) + "\n" for line in lines).encode())
        longest = max(longest, time.time() - start)
        steps += sum(line["asked"][-1]["step"] for line in lines)
        print(f"goal {job.place} on {job.model}: {time.time() - start:.0f} s", flush=True)
    return steps


def pursue(asked: argparse.Namespace) -> None:
    """Jobs side by side: while one prepares its next step, the GPU works for the others."""
    start = time.time()
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager, ProcessPoolExecutor(asked.at_once, context) as pool:
        jobs = manager.Queue()
        for job in jobs_of(asked):
            jobs.put(job)
        end = start + asked.budget
        workers = [pool.submit(work, jobs, asked.out, end) for _ in range(asked.at_once)]
        steps = sum(worker.result() for worker in workers)
    print(f"{steps} steps in {time.time() - start:.0f} s, {asked.at_once} searches at once")


def pace(tiny: bool) -> None:
    """Seconds per step at the paper's width, with nothing else on the device."""
    attack = TINY[0] if tiny else PAPER
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
    parser.add_argument("--goals", type=int, default=20)
    parser.add_argument(
        "--budget", type=float, default=3600.0, help="seconds; no job begins that would go beyond"
    )
    parser.add_argument("--at-once", type=int, default=1)
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
