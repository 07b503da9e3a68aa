"""A stored run as files that other tools read. One file here per format."""

from collections.abc import Callable, Mapping
from pathlib import Path

from upright.core import unknown
from upright.interop.exporters import csv, inspect, jbb, mlflow, parquet, wandb
from upright.runs.storing.journal import explained
from upright.runs.storing.store import Run

Writer = Callable[[Run, Path], None]

WRITERS: Mapping[str, Writer] = {
    "csv": csv.write,
    "parquet": parquet.write,
    "mlflow": mlflow.write,
    "wandb": wandb.write,
    "inspect": inspect.write,
    "jbb": jbb.write,
}
FORMATS = tuple(WRITERS)


def export_run(run: Run, to: str, out: Path | None = None) -> Path:
    """Write the run for another tool and return the folder."""
    if to not in WRITERS:
        raise unknown("format", to, WRITERS)
    folder = out or (Path("mlruns") if to == "mlflow" else Path(f"{run.path.resolve().name}-{to}"))
    with explained(folder):
        WRITERS[to](run, folder)
    return folder
