"""Harmful and harmless prompts, each harmful set with a harmless one to be told from."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from upright.data.prompts import ADVBENCH, INSTRUCTIONS, read_prompts
from upright.defenses._rega_monitor import LONGEST, Training
from upright.repairs._refusal_data import Near

MOST = 150
"""Prompts of a set that others than the paired sets are cut down to."""


class Comparison(NamedTuple):
    """`kind` says how far the prompts are from those that detectors were fitted on."""

    name: str
    kind: str
    harmful: Sequence[str]
    safe: Sequence[str]


def comparisons(data: Path, fitted_on: Training, seed: int = 0) -> list[Comparison]:
    """In distribution, across data sets, and paired. What is too near to a training prompt (half
    of all words in common) is left out of the sets across data sets; of the paired ones, all stay.
    """
    used = {*(prompt for prompt, _ in fitted_on.harmful), *fitted_on.safe}
    rows = [r["prompt"] for part in INSTRUCTIONS for r in read_prompts(part, data)]
    short = [prompt for prompt in dict.fromkeys(rows) if len(prompt) <= LONGEST]
    advbench = [row["prompt"] for row in read_prompts(ADVBENCH, data)]
    near = Near(used)
    across = {
        "HarmBench / HaluEval": (
            _csv(data / "harmbench/harmbench_behaviors_text_test.csv", "Behavior", "standard"),
            _jsonl(data / "halueval/general_data.jsonl", "user_query"),
        ),
        "StrongREJECT / TruthfulQA": (
            _csv(data / "strongreject/strongreject_dataset.csv", "forbidden_prompt"),
            _csv(data / "truthfulqa/TruthfulQA.csv", "Question"),
        ),
    }
    found = [
        Comparison(
            "AdvBench / LLMBar",
            "same sources",
            _drawn([p for p in advbench if p not in used], seed),
            _drawn([p for p in short if p not in used], seed),
        )
    ]
    for name, sides in across.items():
        kept = [[p for p in side if p not in near and len(p) <= LONGEST] for side in sides]
        found.append(Comparison(name, "other sources", *(_drawn(side, seed) for side in kept)))
    return [*found, *paired(data)]


def paired(data: Path) -> list[Comparison]:
    """XSTest's contrast and safe prompts, JBB's harmful and benign ones, whole."""
    xstest, jbb = data / "xstest/xstest_prompts.csv", data / "jbb"
    return [
        Comparison(
            "XSTest",
            "same topics",
            _csv(xstest, "prompt", "unsafe"),
            _csv(xstest, "prompt", "safe"),
        ),
        Comparison(
            "JBB",
            "same topics",
            _csv(jbb / "harmful-behaviors.csv", "Goal"),
            _csv(jbb / "benign-behaviors.csv", "Goal"),
        ),
    ]


def everyday(data: Path) -> list[str]:
    """Harmless questions and instructions of three sources, none of which sounds harmful."""
    llmbar = [row["prompt"] for part in INSTRUCTIONS for row in read_prompts(part, data)]
    return [
        *llmbar,
        *_jsonl(data / "halueval/general_data.jsonl", "user_query"),
        *_csv(data / "truthfulqa/TruthfulQA.csv", "Question"),
    ]


def _csv(path: Path, column: str, wanted: str = "") -> list[str]:
    """A column, of rows that say `wanted` in one of the others."""
    with path.open(encoding="utf-8", newline="") as file:
        return [r[column] for r in csv.DictReader(file) if not wanted or wanted in r.values()]


def _jsonl(path: Path, field: str) -> list[str]:
    return [json.loads(line)[field] for line in path.read_text("utf-8").splitlines() if line]


def _drawn(prompts: Sequence[str], seed: int) -> list[str]:
    some = list(dict.fromkeys(prompts))
    order = np.random.default_rng(seed).permutation(len(some))[:MOST]
    return [some[i] for i in order]
