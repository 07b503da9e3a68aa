"""Verdicts of two models on the same questions: simulated, and of real ones."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import NamedTuple

import numpy as np

from upright.core import UPRIGHT, Benchmark, Metric, Request, Sample, Settings, ask, registry
from upright.runs import Item, Plan, open_run
from upright.stats.metrics import mean

Values = Mapping[str, float]
"""By sample."""
SHELL = "safety/misuse"
"""A benchmark under whose name questions of other sets are replayed."""


class Pair(NamedTuple):
    """A model's verdicts and another one's, on one benchmark of a plan."""

    plan: Plan
    id: str
    ours: Values
    theirs: Values

    @property
    def agreement(self) -> float:
        shared = self.ours.keys() & self.theirs.keys()
        return float(np.mean([self.ours[id] == self.theirs[id] for id in shared]))


def flipped(values: Values, rate: float, flips: float, rng: np.random.Generator) -> Values:
    """Each verdict is the other one at this rate."""
    return {id: abs(v - float(rng.random() < flips)) for id, v in values.items()}


def fewer(values: Values, rate: float, flips: float, rng: np.random.Generator) -> Values:
    """So many of all verdicts are wrong that were right, and none the other way round."""
    return {id: v * float(rng.random() >= flips / rate) for id, v in values.items()}


def shuffled(values: Values, rate: float, flips: float, rng: np.random.Generator) -> Values:
    """As many right, and of other questions."""
    return dict(zip(values, rng.permutation(list(values.values())), strict=True))


def labelled(data: Path) -> dict[str, list[Pair]]:
    """Each two models of a set that people (or its authors' judge) labelled, both ways round."""
    return {
        "Do-Not-Answer, harmless (people)": _pairs(_do_not_answer(data, harmful=True)),
        "Do-Not-Answer, declined (people)": _pairs(_do_not_answer(data, harmful=False)),
        "XSTest, full compliance (people)": _pairs(_xstest(data)),
        **{
            f"JailbreakBench {attack}, not jailbroken (its judge)": _pairs(_jbb(data, attack))
            for attack in ("GCG", "JBC", "PAIR", "prompt_with_random_search")
        },
    }


def _do_not_answer(data: Path, *, harmful: bool) -> dict[str, Values]:
    rows = _rows(data / "do_not_answer" / "data_en.csv")
    column = "harmful" if harmful else "action"
    models = [name.removesuffix("_harmful") for name in rows[0] if name.endswith("_harmful")]
    return {
        model: {row["question"]: float(row[f"{model}_{column}"] == "0") for row in rows}
        for model in models
    }


def _xstest(data: Path) -> dict[str, Values]:
    found: dict[str, Values] = {}
    for file in sorted((data / "xstest" / "model_completions").glob("*.csv")):
        rows = _rows(file)
        found[file.stem] = {r["prompt"]: float(r["final_label"][0] == "1") for r in rows}
    return found


def _jbb(data: Path, attack: str) -> dict[str, Values]:
    found: dict[str, Values] = {}
    for file in sorted((data / "jbb" / "attack-artifacts" / attack).glob("*/*.json")):
        rows = json.loads(file.read_bytes())["jailbreaks"]
        found[file.stem] = {row["behavior"]: float(not row["jailbroken"]) for row in rows}
    return found


def _rows(file: Path) -> Sequence[Mapping[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _pairs(models: Mapping[str, Values]) -> list[Pair]:
    """Of the questions that all were asked."""
    shared = sorted(set.intersection(*(set(values) for values in models.values())))
    samples = {question: Sample(messages=ask(question)) for question in shared}
    plan = _replayed(list(samples.values()))
    by_id = [{samples[q].id: values[q] for q in shared} for values in models.values()]
    return [Pair(plan, SHELL, ours, theirs) for ours, theirs in permutations(by_id, 2)]


def _replayed(samples: Sequence[Sample]) -> Plan:
    shell: Benchmark = registry.load("benchmarks", SHELL)
    plain = replace(shell.upright, metrics=(Metric(name="right", compute=mean()),))
    items = tuple(
        Item(
            benchmark=SHELL,
            score_set=UPRIGHT,
            sample=sample,
            epoch=0,
            request=Request(model="replayed", messages=sample.messages),
        )
        for sample in samples
    )
    return Plan(
        benchmarks={SHELL: replace(shell, upright=plain)},
        settings=Settings(),
        parts={(SHELL, UPRIGHT): items},
        requests=[item.request for item in items],
        hash="replayed",
    )


def stored(plan: Plan, runs: Sequence[Path]) -> Iterator[tuple[str, Pair]]:
    """Each two of these runs, both ways round, on each benchmark that both asked."""
    found = {open_run(run).info["model"]["id"]: _by_benchmark(run) for run in runs}
    for ours, theirs in permutations(found, 2):
        for id in sorted(found[ours].keys() & found[theirs].keys()):
            pair = Pair(plan, id, found[ours][id], found[theirs][id])
            yield f"{id}, {ours} like {theirs}", pair


def _by_benchmark(run: Path) -> dict[str, Values]:
    table = open_run(run).samples
    scored = table[(table.score_set == UPRIGHT) & table.value.notna()]
    return {
        str(id): dict(zip(part.sample_id, part.value, strict=True))
        for id, part in scored.groupby("benchmark")
    }
