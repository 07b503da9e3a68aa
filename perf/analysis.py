"""What it costs to read runs: leaderboard, comparison and report, beside Inspect's data frames.

    python perf/analysis.py [--runs 10] [--samples 100000] [--rounds 3]

Runs are made up: 28 benchmarks' ids, answers of 600 characters, every table as `upright run`
writes it. Every measurement is a process of its own, so that its memory is its own, and takes in
the imports. With inspect_ai installed, 10,000 of the same rows are exported as an Inspect log and
read by its `samples_df`, in alternation with our reading of them; seconds are scaled by rows.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

PARTS = 28
EXPORTED = 10_000


def make_run(path: Path, seed: int, samples: int) -> None:
    """A stored run of so many answers, each right with a chance of its own model and question."""
    import numpy as np
    import pyarrow as pa

    from upright.core import Estimate, registry
    from upright.runs.store import FINISHED, write_info
    from upright.runs.tables import COLUMNS, NUMBERS, write_estimates, write_table
    from upright.stats.intervals import wilson

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
    write_table(path / "samples.parquet", pa.table(columns), sizes)
    estimates = []
    for p, id in enumerate(ids):
        mean, n = float(values[part == p].mean()), sizes[p]
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
    write_estimates(path / "estimates.parquet", estimates)
    info: dict[str, Any] = {
        "upright": "0", "python": "", "platform": "", "packages": {}, "status": FINISHED,
        "started": "2026-01-01T00:00:00+00:00", "finished": "2026-01-01T01:00:00+00:00",
        "command": [], "plan": "", "model": {"id": f"made-up/{seed}", "facts": {}},
        "judge": None, "settings": {"suite": "made up", "seed": 0}, "data": {},
        "benchmarks": {id: {"title": id, "measures": "nothing", "version": 1} for id in ids},
        "calibrations": {},
        "calls": {"planned": samples, "asked": samples, "from_cache": 0, "errors": 0},
        "tokens": {"prompt": 0, "completion": 0},
    }  # fmt: skip
    write_info(path, info)


def leaderboard(folder: Path) -> None:
    from upright.api import leaderboard as made

    made(sorted(folder.glob("run-*")))


def compare(folder: Path) -> None:
    from upright.comparisons.compare import compare as made
    from upright.runs.store import open_run

    # The ids are real, the answers are not: the mean value, as for benchmarks not installed here.
    made(open_run(folder / "run-0"), open_run(folder / "run-1"), lambda id: None)


def report(folder: Path) -> None:
    from upright.reports import load_profile, write_page

    write_page(load_profile(folder / "small"), folder / "report.html")


def read(folder: Path) -> None:
    """Every column and row as a data frame, which is what `samples_df` gives."""
    from upright.runs.store import open_run

    assert len(open_run(folder / "small").samples) == EXPORTED


def inspect(folder: Path) -> None:
    from inspect_ai.analysis import samples_df

    assert len(samples_df(str(folder / "log"), quiet=True)) == EXPORTED


WORK: Mapping[str, Callable[[Path], None]] = {
    f.__name__: f for f in (leaderboard, compare, report, read, inspect)
}


def measured(name: str, folder: Path) -> tuple[float, float]:
    """Wall seconds and peak MB of one piece of work in a process of its own."""
    words = [sys.executable, __file__, "--part", name, "--folder", str(folder)]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    seconds, megabytes = json.loads(done.stdout.splitlines()[-1])
    return seconds, megabytes


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--part", choices=sorted(WORK))
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    if given.part:
        start = time.perf_counter()
        WORK[given.part](given.folder)
        spent = time.perf_counter() - start
        print(json.dumps([spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
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
            seconds = median(round_[name][0] for round_ in rounds)
            most = max(round_[name][1] for round_ in rounds)
            print(f"{name:12} {seconds:8.2f} s {most:8.0f} MB")
        if "inspect" in names:
            ratios = [round_["inspect"][0] / round_["read"][0] for round_ in rounds]
            print(f"Inspect's samples_df takes {median(ratios):.0f} times as long as reading ours")
        page = (folder / "report.html").stat().st_size
        print(f"the report has {page / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
