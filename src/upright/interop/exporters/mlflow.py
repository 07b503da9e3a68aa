"""MLflow: a run in a file store, `mlruns/EXPERIMENT/RUN/{meta.yaml,params,metrics,tags,artifacts}`.

MLflow 3 keeps the file store in maintenance mode and wants to be told that it is meant
(MLFLOW_ALLOW_FILE_STORE=true); `mlflow migrate-filestore` moves it into a database.
"""

import json
import re
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from upright.core import digest
from upright.interop.exporters._flat import numbers
from upright.interop.exporters._folder import appearing
from upright.interop.exporters._keys import named, plain
from upright.runs.storing.store import Run

EXPERIMENT = "upright"
FINISHED, LOCAL = 3, 4
"""MLflow's numbers for the status of a run and the type of its source."""
ARTIFACTS = ("run.json", "estimates.parquet", "report.html")
LONGEST_PARAM = 500
"""What every version of MLflow accepts."""


def write(run: Run, out: Path) -> None:
    """Add the run to the store, which may hold others."""
    experiment = _experiment(out)
    about = _about(run, experiment)
    with appearing(experiment / about["run_id"]) as folder:
        for name in ("params", "metrics", "tags", "artifacts"):
            (folder / name).mkdir()
        for name, number in named(numbers(run)):
            _put(folder / "metrics" / name, f"{about['end_time']} {number!r} 0\n")
        for name, text in _params(run.info).items():
            _put(folder / "params" / plain(name), text[:LONGEST_PARAM])
        for name, text in _tags(run).items():
            _put(folder / "tags" / name, text)
        for name in ARTIFACTS:
            if (run.path / name).is_file():
                shutil.copyfile(run.path / name, folder / "artifacts" / name)
        _put(folder / "meta.yaml", _yaml(about))


def _about(run: Run, experiment: Path) -> dict[str, Any]:
    """The run's own meta.yaml; the same run has the same id, so that it is not there twice."""
    info, name = run.info, run.path.resolve().name
    id = digest((name, info["plan"], info["started"]))[:32]
    return {
        "artifact_uri": (experiment.resolve() / id / "artifacts").as_uri(),
        "end_time": _milliseconds(info["finished"] or info["started"]),
        "entry_point_name": "",
        "experiment_id": experiment.name,
        "lifecycle_stage": "active",
        "run_id": id,
        "run_name": name,
        "source_name": "",
        "source_type": LOCAL,
        "source_version": "",
        "start_time": _milliseconds(info["started"]),
        "status": FINISHED,
        "tags": [],
        "user_id": "upright",
    }


def _experiment(store: Path) -> Path:
    """The folder of the experiment named `upright`, made where the store has none."""
    named_so = re.compile(rf'^name: ["\']?{EXPERIMENT}["\']?\s*$', re.MULTILINE)
    for meta in sorted(store.glob("*/meta.yaml")):
        if named_so.search(meta.read_text(encoding="utf-8", errors="replace")):
            return meta.parent
    id = str(int(digest(EXPERIMENT)[:15], 16) % 10**18).zfill(18)
    when = int(datetime.now(UTC).timestamp() * 1000)
    with appearing(store / id) as folder:
        about = {
            "artifact_location": (store.resolve() / id).as_uri(),
            "creation_time": when,
            "experiment_id": id,
            "last_update_time": when,
            "lifecycle_stage": "active",
            "name": EXPERIMENT,
        }
        _put(folder / "meta.yaml", _yaml(about))
    return store / id


def _params(info: Mapping[str, Any]) -> dict[str, str]:
    """The model, the settings, and the bytes that were read."""
    settings = {name: _text(value) for name, value in info["settings"].items()}
    data = {f"sha256 {name}": file["sha256"] for name, file in info["data"].items()}
    return {"model": info["model"]["id"], **settings, **data}


def _tags(run: Run) -> dict[str, str]:
    return {
        "mlflow.runName": run.path.resolve().name,
        "mlflow.source.name": "upright",
        "mlflow.source.type": "LOCAL",
        "mlflow.user": "upright",
        "upright.version": run.info["upright"],
        "upright.withheld": "; ".join(
            f"{row['benchmark']} {row['metric']} {row['slice']}".strip()
            for row in numbers(run)
            if row["withheld"]
        ),
    }


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _milliseconds(when: str) -> int:
    try:
        return int(datetime.fromisoformat(when).timestamp() * 1000)
    except (ValueError, OverflowError):
        # An imported run keeps the time as its tool wrote it, whatever that was.
        return 0


def _yaml(fields: Mapping[str, object]) -> str:
    """JSON is YAML, and needs no library."""
    return "".join(f"{name}: {json.dumps(value)}\n" for name, value in fields.items())


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
