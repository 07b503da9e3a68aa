"""Run directories made by hand: what the reports read, without a run."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from upright.core import Estimate

TEXT = (
    *("benchmark", "dimension", "score_set", "sample_id", "group", "slices", "messages"),
    *("prompt", "target", "options", "facts", "worst", "response", "finish_reason", "error"),
    "decisions",
    *("outcome", "label", "judge", "reason", "request_key"),
)
WHOLE = ("epoch", "prompt_tokens", "completion_tokens", "attempts")
REAL = ("latency_s", "value")
SCHEMA = pa.schema(
    [(name, pa.string()) for name in TEXT]
    + [(name, pa.int64()) for name in WHOLE]
    + [(name, pa.float64()) for name in REAL]
)
CARD = {"title": "A title", "measures": "What it asks", "paper": "2401.05561"}


def estimate(benchmark: str, score_set: str = "upright", **changed: Any) -> Estimate:
    """A plain headline; every field may be changed."""
    fields: dict[str, Any] = {
        "benchmark": benchmark,
        "dimension": benchmark.split("/", maxsplit=1)[0],
        "score_set": score_set,
        "metric": "accuracy",
        "headline": True,
        "slice": "",
        "value": 0.75,
        "low": 0.6,
        "high": 0.9,
        "n": 4,
        "n_unscored": 0,
        "method": "Wilson",
        "higher_is_better": True,
        "chance": 0.5,
        "ceiling": 1.0,
        "column": "",
        "judge": "rule/choice",
        "withheld": "",
    }
    return Estimate(**{**fields, **changed})


def sample(benchmark: str, value: float | None, **changed: Any) -> dict[str, Any]:
    """A row of samples.parquet."""
    fields: dict[str, Any] = {
        "benchmark": benchmark,
        "dimension": benchmark.split("/", maxsplit=1)[0],
        "score_set": "upright",
        "sample_id": "s1",
        "epoch": 0,
        "group": "",
        "slices": "{}",
        "messages": json.dumps([{"role": "user", "content": "Is it so?"}]),
        "prompt": "Is it so?",
        "target": "Yes",
        "options": "[]",
        "facts": "{}",
        "worst": "",
        "response": "No",
        "finish_reason": "stop",
        "error": "",
        "prompt_tokens": 5,
        "completion_tokens": 1,
        "latency_s": 0.1,
        "attempts": 1,
        "outcome": "answered",
        "value": value,
        "label": "no",
        "judge": "rule/choice",
        "reason": "said 'no'",
        "request_key": "k",
    }
    return {**fields, **changed}


@dataclass
class Stored:
    """What goes into a run directory."""

    estimates: list[Estimate] = field(default_factory=list)
    samples: list[dict[str, Any]] = field(default_factory=list)
    cards: dict[str, dict[str, Any]] = field(default_factory=dict)
    run: dict[str, Any] = field(default_factory=dict)

    def write(self, path: Path) -> Path:
        path.mkdir(parents=True, exist_ok=True)
        ids = {e.benchmark: CARD for e in self.estimates}
        run = {
            "upright": "0.1.0",
            "python": "3.13.1",
            "platform": "Linux x86_64",
            "packages": {"numpy": "2.4.6"},
            "started": "2026-05-12T09:30:00+00:00",
            "finished": "2026-05-12T09:33:12+00:00",
            "status": "finished",
            "command": ["upright", "run", "mock/oracle", "--suite", "mini"],
            "model": {"id": "mock/oracle", "facts": {"kind": "responder"}},
            "judge": None,
            "settings": {"suite": "mini", "seed": 0, "limit": None},
            "data": {"safety/misuse.json": {"sha256": "ab" * 32, "rows": 9, "patches": {"D11": 1}}},
            "benchmarks": {**ids, **self.cards},
            "calls": {"planned": 12, "asked": 10, "from_cache": 2, "errors": 0},
            "tokens": {"prompt": 1200, "completion": 340},
            **self.run,
        }
        (path / "run.json").write_text(json.dumps(run))
        write_rows(path / "estimates.parquet", [msgspec.to_builtins(e) for e in self.estimates])
        pq.write_table(pa.Table.from_pylist(self.samples, SCHEMA), path / "samples.parquet")
        return path


def write_rows(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    pq.write_table(pa.Table.from_pylist(list(rows)), path)
