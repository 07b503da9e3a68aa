"""Weights & Biases: what a few lines of Python log there (docs/how-to/bring-and-take-results.md).

Not a W&B run: the binary format of one is nobody's to imitate. The files are named and shaped as
those that W&B keeps beside a run: `wandb-summary.json`, `config.yaml`, and tables as JSON.
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from upright.interop.exporters._flat import estimates, numbers, samples
from upright.interop.exporters._folder import appearing
from upright.interop.exporters._keys import named
from upright.runs.storing.store import Run


def write(run: Run, out: Path) -> None:
    with appearing(out) as folder:
        _write(folder / "wandb-summary.json", dict(named(numbers(run))))
        (folder / "config.yaml").write_text(_config(run.info), encoding="utf-8")
        _write(folder / "estimates.table.json", _table(estimates(run)))
        _write(folder / "samples.table.json", _table(samples(run)))


def _config(info: Mapping[str, Any]) -> str:
    """Each value under `value`, as W&B writes it; JSON is YAML."""
    told = {
        "model": info["model"]["id"],
        "upright": info["upright"],
        "started": info["started"],
        **info["settings"],
    }
    # Escaped to ASCII: YAML forbids characters that JSON allows.
    return "".join(f"{json.dumps(k)}: {json.dumps({'value': v})}\n" for k, v in told.items())


def _table(table: pa.Table) -> dict[str, Any]:
    rows = [[_finite(v) for v in row.values()] for row in table.to_pylist()]
    return {"columns": table.column_names, "data": rows}


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _write(path: Path, document: object) -> None:
    path.write_text(json.dumps(document, ensure_ascii=False, allow_nan=False), encoding="utf-8")
