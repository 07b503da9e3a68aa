"""From the settings of a run to what it asks: which benchmarks, on which files."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from upright.core import Benchmark, Dimension, Model, Row, Settings, UsageError, registry, unknown
from upright.data import DataFile, in_suite, suite_file, suites
from upright.interop.jbb import attack_strings
from upright.runs import Plan, make_plan, read_reference

ATTACKED = "jbb/harmful-behaviors.csv"
"""The file whose requests stored attack strings wrap."""
LATELY = 2
"""So many files stay in memory: benchmarks that share one follow upon each other."""


def select(
    benchmarks: str | Sequence[str] = (), dimensions: str | Sequence[str] = (), suite: str = ""
) -> tuple[str, ...]:
    """The ids of the named benchmarks and of those in the named dimensions; all by default.

    A suite runs the benchmarks that have a file in it. One that is named is kept: where it has
    no file, `suite_file` says which suites have it.
    """
    known = registry.entries("benchmarks")
    wanted = listed(benchmarks)
    folders = listed(dimensions)
    for id in wanted:
        if id not in known:
            raise unknown("benchmark", id, known)
    for folder in folders:
        if folder not in set(Dimension):
            raise unknown("dimension", folder, list(Dimension))
    chosen = tuple(
        id
        for id in known
        if id in wanted
        or ((id.split("/")[0] in folders or not (wanted or folders)) and _runs_on(suite, id))
    )
    if not chosen:
        where = f" on the suite {suite}" if suite else ""
        raise UsageError(f"No benchmark measures {', '.join(folders)}{where}. See: upright list")
    return chosen


def _runs_on(suite: str, id: str) -> bool:
    return not suite or in_suite(suite, registry.load("benchmarks", id).file)


def listed(names: str | Sequence[str]) -> list[str]:
    return [names] * bool(names) if isinstance(names, str) else list(names)


def plan_of(model: Model, settings: Settings, data: Path | None) -> tuple[Plan, dict[str, Any]]:
    """The plan, and for run.json from which files it was made."""
    if settings.suite not in suites():
        raise unknown("suite", settings.suite, suites())
    ids = settings.benchmarks or select(suite=settings.suite)
    benchmarks = {id: registry.load("benchmarks", id) for id in ids}
    instead = _instead(settings, benchmarks)
    told: dict[str, Any] = {}

    @lru_cache(LATELY)
    def read(name: str) -> DataFile:
        return instead.get(name) or suite_file(settings.suite, name, data)

    def rows(benchmark: Benchmark, patched: bool) -> Sequence[Row]:
        file = read(benchmark.file)
        told[benchmark.file] = _provenance(file)
        return file.patched if patched else file.raw

    plan = make_plan(benchmarks, rows, model, settings)
    if not plan.size:
        raise UsageError(
            f"There is nothing to ask: no score set {' or '.join(settings.score_sets)} on the "
            f"suite {settings.suite}. `published` exists for the paper's data: --suite trustllm."
        )
    if settings.like:
        plan = plan.beside(read_reference(Path(settings.like), plan, told))
    return plan, told


def _instead(settings: Settings, benchmarks: Mapping[str, Benchmark]) -> dict[str, DataFile]:
    """What is asked instead of a file of the suite, by that file's name."""
    if not settings.attack_strings:
        return {}
    if settings.suite != "jbb" or {b.file for b in benchmarks.values()} != {ATTACKED}:
        raise UsageError(
            "--attack-strings are asked instead of JailbreakBench's harmful behaviours, and of "
            "nothing else. Add: --suite jbb --benchmark safety/jbb_harmful"
        )
    return {ATTACKED: attack_strings(Path(settings.attack_strings))}


def _provenance(file: DataFile) -> dict[str, Any]:
    """Which bytes were read, and which patches acted on how many rows."""
    return {"sha256": file.sha256, "rows": len(file.raw), "patches": dict(file.patches)}
