"""How fast are multiple-choice questions answered, beside lm-evaluation-harness?

The same questions, tokens, float32 weights and threads for all: evenly spaced closed questions
of the mini suite for the embedded model. Every contender is a process of its own and does
the same part of them in turn, round by round; who begins changes. Upright is timed from messages to
answers, lm-eval's HF backend from tokens to log-likelihoods, which favours it a little.

    python3 -m venv CHOICES
    CHOICES/bin/pip install torch==2.13.0 transformers accelerate lm-eval -e .
    CHOICES/bin/python perf/choices.py > table.md
"""

import argparse
import asyncio
import importlib
import json
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
from _mini import requests_of, spread

from upright.core import Request
from upright.models import ModelOptions, mock
from upright.models._checkpoint import Checkpoint, load_checkpoint
from upright.models._decoding import closed
from upright.models._embedded import NAME, embedded_folder
from upright.models.local import Local, open_local

THREADS, QUESTIONS, ROUNDS = 2, 200, 5
FIRST, RIVAL = "Upright", "lm-eval"
OPTIONS = ModelOptions(threads=THREADS, device="cpu")
ENVIRONMENT = {
    **os.environ,
    "OMP_NUM_THREADS": str(THREADS),
    "OMP_WAIT_POLICY": "PASSIVE",  # spinning threads slow torch down fourfold on a busy machine
    "HF_HUB_OFFLINE": "1",
}
HEADER = (
    "You will be asked a question by somebody who prepares an exam. Read all of it, think of what "
    "the words mean, and give only the answer that is asked for, without an explanation. "
)
PACKAGES = ("openvino", "lm-eval", "torch", "transformers", "numpy")
Values = list[list[float]]
Work = Callable[[Sequence[Request]], Values]


def on_upright(engine: str) -> Work:
    """OpenVINO, as a run does it, or the engine on torch."""
    if engine == "OpenVINO":
        model = open_local(NAME, OPTIONS)
    else:
        from upright.models._torch import open_torch

        checkpoint = load_checkpoint(embedded_folder())
        model = Local(NAME, checkpoint, open_torch(checkpoint, "cpu", OPTIONS), "")

    def work(requests: Sequence[Request]) -> Values:
        found: dict[str, list[float]] = {}
        for batch in model.batches(requests):
            for request, response in zip(batch, asyncio.run(model.generate(batch)), strict=True):
                found[request.key] = list(response.option_logprobs or ())
        return [found[request.key] for request in requests]

    return work


def on_lm_eval(batch_size: int) -> Work:
    """Its HF backend; tokens are given, because it would split a prompt's last line feed off."""
    backend = importlib.import_module("lm_eval.models.huggingface")
    folder = str(embedded_folder())
    model = backend.HFLM(folder, dtype="float32", device="cpu", batch_size=batch_size)
    checkpoint = load_checkpoint(embedded_folder())

    def work(requests: Sequence[Request]) -> Values:
        pairs = [_pairs(checkpoint, request) for request in requests]
        asked = [(("", ""), prompt, option) for some in pairs for prompt, option in some]
        found = iter(model._loglikelihood_tokens(asked, disable_tqdm=True))
        return [[next(found)[0] for _ in some] for some in pairs]

    return work


def _pairs(checkpoint: Checkpoint, request: Request) -> list[tuple[list[int], list[int]]]:
    prompt = checkpoint.encode(request.messages)
    options = [checkpoint.encode_answer(option) for option in request.options]
    return [(prompt, option) for option in closed(options, checkpoint.end)]


CONTENDERS: dict[str, Callable[[], Work]] = {
    f"{FIRST}, OpenVINO": partial(on_upright, "OpenVINO"),
    f"{FIRST}, torch": partial(on_upright, "torch"),
    f"{RIVAL}, batch size 1 (its default)": partial(on_lm_eval, 1),
    f"{RIVAL}, batch size 8": partial(on_lm_eval, 8),
    f"{RIVAL}, batch size 32": partial(on_lm_eval, 32),
}


def questions(header: int) -> list[Request]:
    """Closed questions of the mini suite, each after so many sentences that all have in common."""
    chooser = replace(mock.open_mock("echo", OPTIONS), can_choose=True)
    asked = [request for request in requests_of(chooser) if request.options]
    chosen = spread(asked, QUESTIONS)
    return [_after(HEADER * header, request) for request in chosen]


def _after(header: str, request: Request) -> Request:
    first, *rest = request.messages
    begun = msgspec.structs.replace(first, content=header + first.content)
    return msgspec.structs.replace(request, messages=(begun, *rest))


def serve(name: str, header: int) -> None:
    """The other side of `Contender`: a JSON line per round."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever libraries print must not come between
    asked = questions(header)
    work = CONTENDERS[name]()
    work(asked[:4])  # many engines arrange their weights at first use
    print("{}", file=out, flush=True)
    for line in sys.stdin:
        part = asked[int(line) % ROUNDS :: ROUNDS]
        start, cpu = time.perf_counter(), time.process_time()
        found = work(part)
        seconds = [time.perf_counter() - start, time.process_time() - cpu]
        print(json.dumps({"seconds": seconds, "found": found}), file=out, flush=True)


@dataclass
class Contender:
    """A process of its own, and what was measured of it: wall clock and CPU time by round."""

    name: str
    process: subprocess.Popen[str]
    seconds: list[list[float]] = field(default_factory=list)
    found: Values = field(default_factory=list)

    def listen(self) -> dict[str, Any]:
        line = self.process.stdout.readline() if self.process.stdout else ""
        if not line:
            raise SystemExit(f"{self.name} ended with exit code {self.process.wait()}.")
        return dict(json.loads(line))

    def do(self, turn: int) -> None:
        if self.process.stdin:
            self.process.stdin.write(f"{turn}\n")
            self.process.stdin.flush()
        told = self.listen()
        self.seconds.append(told["seconds"])
        self.found += told["found"]
        _say(f"{self.name}: {self.seconds[-1][0]:.1f} s")


def call(name: str, header: int) -> Contender:
    command = [sys.executable, __file__, "--serve", name, "--header", str(header)]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=ENVIRONMENT)
    contender = Contender(name, process)
    contender.listen()
    return contender


def table(contenders: Sequence[Contender]) -> Iterator[str]:
    """Ratios are medians of paired rounds, in samples per second relative to each rival."""
    first = contenders[0]
    yield (
        "| contender | samples/s | first row is faster by (range), CPU | same answers | nats off |"
    )
    yield "| --- | --- | --- | --- | --- |"
    for c in contenders:
        pairs = list(zip(c.seconds, first.seconds, strict=True))
        wall, cpu = [a[0] / b[0] for a, b in pairs], [a[1] / b[1] for a, b in pairs]
        ratio = f"{median(wall):.2f} ({min(wall):.2f}-{max(wall):.2f}), {median(cpu):.2f}"
        values = list(zip(c.found, first.found, strict=True))
        same = sum(a.index(max(a)) == b.index(max(b)) for a, b in values)
        most = max(abs(x - y) for a, b in values for x, y in zip(a, b, strict=True))
        speed = QUESTIONS / ROUNDS / median(s[0] for s in c.seconds)
        yield f"| {c.name} | {speed:.1f} | {ratio} | {same}/{len(values)} | {most:.1g} |"


def circumstances(loads: Sequence[float], header: int) -> str:
    cpu = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text("utf-8"))
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"\n{QUESTIONS} questions, {header} header sentences; {time.strftime('%Y-%m-%d')}; "
        f"{cpu[1] if cpu else platform.processor()}, {os.cpu_count()} cores, {THREADS} threads; "
        f"Python {platform.python_version()}, {versions}; {len(loads)} rounds at a load of "
        f"{min(loads):.1f}-{max(loads):.1f}."
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Multiple choice, beside lm-eval.")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--header", type=int, default=0, help="sentences all questions begin with")
    parser.add_argument("--only", nargs="*", default=list(CONTENDERS), choices=CONTENDERS)
    parser.add_argument("--serve", choices=CONTENDERS, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        serve(asked.serve, asked.header)
        return
    contenders = [call(name, asked.header) for name in asked.only]
    loads: list[float] = []
    for turn in range(asked.rounds):
        loads.append(os.getloadavg()[0])
        first = turn % len(contenders)
        for contender in (*contenders[first:], *contenders[:first]):
            contender.do(turn)
    print("\n".join([*table(contenders), circumstances(loads, asked.header)]))
    for contender in contenders:
        contender.process.kill()


if __name__ == "__main__":
    main()
