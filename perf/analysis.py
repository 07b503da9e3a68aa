"""What it costs to read runs: leaderboard, comparison and report, beside Inspect's data frames.

    python perf/analysis.py [--runs 10] [--samples 100000] [--rounds 3]

Runs are made up: 28 benchmarks' ids, answers of 600 characters, every table as `upright run`
writes it. Every measurement is a process of its own, so that its memory is its own. With
inspect_ai installed, 10,000 of the same rows are exported as an Inspect log and read by its
`samples_df`, in alternation with our reading of them as a data frame.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

PARTS = 28
Work = Callable[[Path], object]
EXPORTED = 10_000


def make_run(path: Path, seed: int, samples: int) -> None:
    """A stored run of so many answers, each right with a chance of its own model and question."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from upright.core import registry
    from upright.runs.storing.store import write_info
    from upright.runs.storing.tables import COLUMNS, NUMBERS, STORED, write_estimates

    ids = sorted(registry.entries("benchmarks"))[:PARTS]
    own, common = np.random.default_rng(seed), np.random.default_rng(0)
    ease = common.random(samples) + 0.05 * own.normal(size=samples)
    values = (ease > 0.3 + 0.02 * (seed % 5)).astype(float)
    part = np.sort(np.arange(samples) % len(ids))
    filler = "and so on for as long as an answer of some length goes on, " * 9
    texts = {
        "benchmark": [ids[p] for p in part],
        "dimension": [ids[p].split("/")[0] for p in part],
        "score_set": ["upright"] * samples,
        "sample_id": [f"{at:016x}" for at in range(samples)],
        "slices": [f'{{"kind":"{at % 7}"}}' for at in range(samples)],
        "messages": [f'[{{"role":"user","content":"Question {at}?"}}]' for at in range(samples)],
        "prompt": [f"Question {at}?" for at in range(samples)],
        "response": [f"Answer {at} of {seed}: {own.integers(1 << 40)} {filler}" for at in part],
        "finish_reason": ["stop"] * samples,
        "outcome": ["answered"] * samples,
        "judge": ["rule/choice"] * samples,
        "facts": ["{}"] * samples,
        "options": ["[]"] * samples,
    }
    columns = {}
    for name in COLUMNS:
        if name in NUMBERS:
            kind = NUMBERS[name][0]
            told = values if name == "value" else np.zeros(samples)
            columns[name] = pa.array(told).cast(kind)
        else:
            columns[name] = pa.array(texts.get(name, [""] * samples), pa.string())
    path.mkdir(parents=True)
    sizes = [int((part == p).sum()) for p in range(len(ids))]
    table, start = pa.table(columns), 0
    with pq.ParquetWriter(path / "samples.parquet", table.schema, **STORED) as writer:
        for size in sizes:
            writer.write_table(table.slice(start, size))
            start += size
    write_estimates(path / "estimates.parquet", _estimates(ids, part, values))
    write_info(path, _info(seed, samples, ids))


def _estimates(ids: Sequence[str], part: Any, values: Any) -> list[Any]:
    from upright.core import Estimate
    from upright.stats.intervals import wilson

    estimates = []
    for p, id in enumerate(ids):
        mean, n = float(values[part == p].mean()), int((part == p).sum())
        low, high = wilson(mean, n)
        estimates.append(
            Estimate(
                benchmark=id,
                dimension=id.split("/")[0],
                score_set="upright",
                metric="accuracy",
                headline=True,
                slice="",
                value=mean,
                low=low,
                high=high,
                n=n,
                n_unscored=0,
                method="Wilson",
                higher_is_better=True,
                chance=0.5,
                ceiling=1.0,
                column="",
                judge="rule/choice",
            )
        )
    return estimates


def _info(seed: int, samples: int, ids: Sequence[str]) -> dict[str, Any]:
    from upright.runs.storing.store import FINISHED

    return {
        "upright": "0", "python": "", "platform": "", "packages": {}, "status": FINISHED,
        "started": "2026-01-01T00:00:00+00:00", "finished": "2026-01-01T01:00:00+00:00",
        "command": [], "plan": "", "model": {"id": f"made-up/{seed}", "facts": {}},
        "judge": None, "settings": {"suite": "made up", "seed": 0}, "data": {},
        "benchmarks": {id: {"title": id, "measures": id, "version": 1} for id in ids},
        "calibrations": {},
        "calls": {"planned": samples, "asked": samples, "from_cache": 0, "errors": 0},
        "tokens": {"prompt": 0, "completion": 0},
    }  # fmt: skip


def leaderboard() -> Work:
    from upright.api import leaderboard as made

    return lambda folder: made(sorted(folder.glob("run-*")))


def compare() -> Work:
    from upright.comparisons.two_runs.compare import compare as made
    from upright.runs.storing.store import open_run

    # The ids are real, the answers are not: the mean value, as for benchmarks not installed here.
    return lambda folder: made(
        open_run(folder / "run-0"), open_run(folder / "run-1"), lambda id: None
    )


def report() -> Work:
    from upright.reports import load_profile, write_page

    return lambda folder: write_page(load_profile(folder / "small"), folder / "report.html")


def read() -> Work:
    """Every column and row as a data frame, which is what `samples_df` gives."""
    import pandas  # noqa: F401 - its import is no part of reading

    from upright.runs.storing.store import open_run

    return lambda folder: len(open_run(folder / "small").samples)


def inspect() -> Work:
    from inspect_ai.analysis import samples_df

    return lambda folder: len(samples_df(str(folder / "log"), quiet=True))


WORK: Mapping[str, Callable[[], Work]] = {
    f.__name__: f for f in (leaderboard, compare, report, read, inspect)
}


class Cost(NamedTuple):
    """Wall seconds of the imports and of the work, and the most MB held."""

    imports: float
    work: float
    megabytes: float


def measured(name: str, folder: Path) -> Cost:
    """One piece of work in a process of its own."""
    words = [sys.executable, __file__, "--part", name, "--folder", str(folder)]
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
    return Cost(*json.loads(done.stdout.splitlines()[-1]))


def carry_out(name: str, folder: Path) -> Cost:
    start = time.perf_counter()
    work = WORK[name]()
    imported = time.perf_counter()
    work(folder)
    done = time.perf_counter()
    # Not ru_maxrss: Linux hands the parent's down to a new process.
    status = Path("/proc/self/status").read_text()
    held = int(status.split("VmHWM:")[1].split()[0]) / 1024
    return Cost(imported - start, done - imported, held)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--part", choices=sorted(WORK))
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    if given.part:
        print(json.dumps(carry_out(given.part, given.folder)))
        return
    with TemporaryDirectory() as told:
        folder = Path(told)
        for seed in range(given.runs):
            make_run(folder / f"run-{seed}", seed, given.samples)
        make_run(folder / "small", 0, EXPORTED)
        names = ["leaderboard", "compare", "report", "read"]
        if find_spec("inspect_ai"):
            from upright.api import export

            export(folder / "small", "inspect", folder / "log")
            names.append("inspect")
        rounds = [{name: measured(name, folder) for name in names} for _ in range(given.rounds)]
        print(f"{given.runs} runs of {given.samples:,} answers; report and reading of {EXPORTED:,}")
        for name in names:
            of = [round_[name] for round_ in rounds]
            imports, work = median(c.imports for c in of), median(c.work for c in of)
            most = max(c.megabytes for c in of)
            print(f"{name:12} {work:8.2f} s after {imports:.2f} s of imports, {most:.0f} MB")
        if "inspect" in names:
            ratio = median(round_["inspect"].work / round_["read"].work for round_ in rounds)
            print(f"Inspect's samples_df takes {ratio:.0f} times as long as reading ours")
        page = (folder / "report.html").stat().st_size
        print(f"the report has {page / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
