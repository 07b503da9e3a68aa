"""A run directory: run.json, journal.jsonl, samples.parquet, estimates.parquet."""

import json
import platform
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from upright.core import Benchmark, Card, Model, StoreError, UprightWarning
from upright.runs.plan import Plan
from upright.runs.storing.journal import Journal, explained, one_at_a_time
from upright.runs.storing.secrets import without_secrets
from upright.runs.storing.tables import write_whole

if TYPE_CHECKING:
    import pandas as pd

PACKAGES = (
    *("aiohttp", "httptools", "msgspec", "numpy", "pandas", "pyarrow", "scipy", "uvloop"),
    *("openvino", "safetensors", "tokenizers", "torch", "transformers"),
)
"""Those whose version may move a number."""

RUNNING, STOPPED, FINISHED = "running", "stopped", "finished"


@dataclass(frozen=True)
class Run:
    """A finished run. Its tables are read when first looked at."""

    path: Path

    @cached_property
    def info(self) -> dict[str, Any]:
        return read_info(self.path)

    @cached_property
    def samples(self) -> "pd.DataFrame":
        return self._table("samples")

    @cached_property
    def estimates(self) -> "pd.DataFrame":
        return self._table("estimates")

    def _table(self, name: str) -> "pd.DataFrame":
        import pandas as pd  # noqa: PLC0415 - 0.5 s, and most callers only want the path

        return pd.read_parquet(self.path / f"{name}.parquet")


def open_run(path: Path | str) -> Run:
    """A finished run on disk."""
    run = Run(Path(path))
    if run.info.get("status") != FINISHED:
        raise StoreError(
            f"The run in {path} is not finished. Repeat the command that started it: "
            "answers already received are not asked again."
        )
    try:
        msgspec.convert(run.info, _Described)
    except msgspec.ValidationError as error:
        told = f"{run.path / 'run.json'} is not a run's description: {error}."
        raise StoreError(f"{told} Take it from a copy.") from error
    return run


class _Named(msgspec.Struct):
    id: str


class _Described(msgspec.Struct):
    """What every reader of a finished run looks for in run.json."""

    model: _Named
    settings: dict[str, Any]
    benchmarks: dict[str, dict[str, Any]]


def read_info(path: Path) -> dict[str, Any]:
    """run.json of a run directory."""
    try:
        info = json.loads((path / "run.json").read_bytes())
    except FileNotFoundError as error:
        raise StoreError(f"There is no run in {path}.") from error
    except (OSError, ValueError) as error:
        raise StoreError(f"{path / 'run.json'} cannot be read: {error}.") from error
    if not isinstance(info, dict):
        raise StoreError(f"{path / 'run.json'} is not a run's description.")
    return info


def write_info(path: Path, info: Mapping[str, Any]) -> None:
    text = msgspec.json.format(msgspec.json.encode(info), indent=2)
    write_whole(path / "run.json", lambda file: file.write_bytes(text + b"\n"))


class Claimed(NamedTuple):
    """A run's folder that is this process's own, with its description and its open journal."""

    path: Path
    info: dict[str, Any]
    journal: Journal


def claim(out: Path, plan: Plan, model: Model, info: Mapping[str, Any]) -> Claimed:
    """Take the run's folder and write its run.json.

    One process at a time does this: of two that start at once, the second must see the first's
    folder, or each makes one and both ask everything.
    """
    with explained(out):
        out.mkdir(parents=True, exist_ok=True)
    with one_at_a_time(out):
        path, earlier = place(out, plan, model)
        before = _sessions(path, earlier)  # as long as nobody has touched its journal
        journal = Journal(path / "journal.jsonl")
        if _glance(path).get("status") == FINISHED:  # in the meantime, by another process
            journal.close()
            path, earlier = place(out, plan, model)
            before = _sessions(path, earlier)
            journal = Journal(path / "journal.jsonl")
        started = earlier.get("started", info["started"])
        info = {**info, "started": started, "sessions": [*before, (now(), None)]}
        try:
            write_info(path, info)
        except StoreError:
            journal.close()
            raise
    return Claimed(path, info, journal)


def place(out: Path, plan: Plan, model: Model) -> tuple[Path, dict[str, Any]]:
    """The directory of the unfinished run of this plan and its run.json; or a new directory."""
    with explained(out):
        out.mkdir(parents=True, exist_ok=True)
        found = sorted(out.glob("*/run.json"), reverse=True)
    damaged = []
    for path in found:
        info = _glance(path.parent)
        if info.get("plan") == plan.hash and info.get("status") != FINISHED:
            return path.parent, info
        damaged += [] if info else [path.parent]
    for folder in damaged:
        _tell_of_damage(folder)
    return new_directory(out, run_name(model.id, plan.settings.suite)), {}


def _tell_of_damage(path: Path) -> None:
    """Nobody can say whether it is this run, and its journal may hold answers that were paid."""
    journal = path / "journal.jsonl"
    if journal.exists() and journal.stat().st_size:
        warnings.warn(
            f"{path / 'run.json'} is damaged. If it is this run, interrupted, it is begun anew: "
            "what is in the cache of answers is not asked again, the rest is. To go on there "
            "instead, stop and take run.json from a copy. Else delete or move that folder.",
            UprightWarning,
            stacklevel=2,
        )


def ended(info: Mapping[str, Any], status: str) -> dict[str, Any]:
    """run.json at the end of a session."""
    *before, (began, _) = info["sessions"]
    then = now()
    finished = then if status == FINISHED else None
    return {**info, "status": status, "finished": finished, "sessions": [*before, (began, then)]}


def _sessions(path: Path, info: Mapping[str, Any]) -> list[tuple[str, str]]:
    """When each session of an unfinished run began and ended. One that was killed wrote no end: its
    last answer tells when that was."""
    last = max((file.stat().st_mtime for file in path.glob("*.jsonl")), default=0.0)
    heard = datetime.fromtimestamp(last, UTC).isoformat(timespec="seconds")
    return [(began, end or max(began, heard)) for began, end in info.get("sessions", ())]


def describe(
    plan: Plan,
    model: Model,
    judges: Sequence[Model],
    command: tuple[str, ...],
    data: Mapping[str, Any],
) -> dict[str, Any]:
    """run.json as it stands before the first answer: all that is needed to repeat the run."""
    return {
        **environment(),
        "status": RUNNING,
        "started": now(),
        "finished": None,
        "command": without_secrets(command),
        "plan": plan.hash,
        "model": {"id": model.id, "facts": model.facts},
        "judge": ", ".join(judge.id for judge in judges) or None,
        "judge_facts": judges[0].facts if len(judges) == 1 else {},
        "settings": msgspec.to_builtins(plan.settings),
        "data": data,
        "benchmarks": {id: _card(b.card, b) for id, b in plan.benchmarks.items()},
        "calibrations": _calibrations(plan),
    }


def environment() -> dict[str, Any]:
    """The part of run.json that says with what it was made."""
    return {
        "upright": version("upright"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": _installed(),
    }


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _glance(path: Path) -> dict[str, Any]:
    """run.json, or nothing where it cannot be read: another run's damage must not stop this one."""
    try:
        return read_info(path)
    except StoreError:
        return {}


def run_name(model: str, suite: str) -> str:
    """Of a run's directory: readable, and without a character that a path may not have."""
    slug = re.sub(r"[^A-Za-z0-9.]+", "-", model).strip("-.")[:80]
    stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    return f"{slug}-{suite}-{stamp}"


def new_directory(out: Path, name: str) -> Path:
    """A directory that did not exist: of that name, or numbered."""
    with explained(out):
        for again in range(1, 1000):
            path = out / (name if again == 1 else f"{name}-{again}")
            try:
                path.mkdir()
            except FileExistsError:
                continue
            return path
    raise StoreError(f"{out} holds too many runs named {name}.")


@cache
def _installed() -> Mapping[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _card(card: Card, benchmark: Benchmark) -> dict[str, Any]:
    """Every field of the card, and the sampling."""
    sampling = {k: getattr(benchmark, k) for k in ("file", "temperature", "max_tokens", "epochs")}
    return {**msgspec.to_builtins(card), **sampling}


def _calibrations(plan: Plan) -> dict[str, Any]:
    """How well each of the benchmarks' own judges agrees with people, where that is known."""
    judges = (plan.score_set(*part).judge for part in plan.parts)
    return {judge.id: judge.calibrations for judge in judges}
