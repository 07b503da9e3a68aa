"""upright doctor: is everything here that a run needs? Every problem at once, each with its fix."""

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

OK, WARN, FAIL = "ok", "warn", "FAIL"
GIB = 1 << 30
KEYS = ("OPENAI_API_KEY", "UPRIGHT_API_KEY", "HF_TOKEN")


class Line(NamedTuple):
    """One thing looked at. `fix` says what to do where the state is not ok."""

    state: str
    what: str
    found: str
    fix: str = ""


def doctor(
    data: Annotated[Path | None, typer.Option(help="A folder that holds datasets.")] = None,
) -> None:
    """Check Python, memory, disk, the embedded model, datasets and keys (never printed).

    Exits with 1 if anything fails; warnings say what you would miss. Example:

        upright doctor --data ../datasets
    """
    lines = [python(), memory(), disk(), cache(), runtime(), torch(), embedded(), *map(key, KEYS)]
    lines += datasets(data)
    for line in lines:
        typer.echo(f"{line.state:<5}{line.what:<20}{line.found}")
        if line.state != OK:
            typer.echo(f"{'':5}{'':20}-> {line.fix}")
    if any(line.state == FAIL for line in lines):
        raise typer.Exit(1)


def python() -> Line:
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    state = OK if sys.version_info >= (3, 11) else FAIL
    return Line(state, "Python", found, "Install Python 3.11 or later.")


def memory() -> Line:
    """The embedded model's run peaks near 2 GiB."""
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return Line(WARN, "memory", "unknown", "Make sure that 4 GiB are free for local models.")
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / GIB
    found = f"{total:.0f} GiB, {os.cpu_count()} cores"
    return Line(OK if total >= 4 else WARN, "memory", found, "Local models want 4 GiB or more.")


def disk() -> Line:
    from upright.data import cache_dir

    folder = cache_dir()
    there = next(p for p in (folder, *folder.parents) if p.exists())
    free = shutil.disk_usage(there).free / GIB
    if not (there.is_dir() and os.access(there, os.W_OK)):
        fix = "Point UPRIGHT_CACHE to a folder that can be written."
        return Line(FAIL, "cache folder", f"{folder} cannot be written", fix)
    fix = "Free some space, or point UPRIGHT_CACHE elsewhere."
    return Line(OK if free >= 2 else WARN, "cache folder", f"{folder}, {free:.0f} GiB free", fix)


def cache() -> Line:
    """The answers of earlier runs."""
    from upright.core import UsageError
    from upright.runs.storing.cache import cache_limit, cache_path

    path = cache_path()
    size = path.stat().st_size if path.exists() else 0
    try:
        limit = cache_limit()
    except UsageError as error:
        return Line(FAIL, "answer cache", f"{size >> 20:,} MiB", str(error))
    found = f"{size >> 20:,} MiB of at most {limit >> 20:,} (UPRIGHT_CACHE_LIMIT)"
    return Line(OK, "answer cache", found)


def runtime() -> Line:
    """What runs the embedded model and any Llama on the CPU."""
    found = _version("openvino")
    return Line(OK if found else FAIL, "OpenVINO", found or "missing", "pip install openvino")


def torch() -> Line:
    """What runs every other checkpoint, and GPUs."""
    found = _version("torch")
    return Line(OK, "torch", found or "not installed (only for local models that are no Llama)")


def embedded() -> Line:
    from upright.models._embedded import NAME, is_here

    if is_here():
        return Line(OK, f"local/{NAME}", "in the cache")
    fix = f"The first run fetches it (93 MB): upright run local/{NAME}"
    return Line(WARN, f"local/{NAME}", "not fetched yet", fix)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def key(name: str) -> Line:
    there = bool(os.environ.get(name))
    return Line(OK, name, "set" if there else "not set (needed only for its provider)")


def datasets(data: Path | None) -> Iterator[Line]:
    from upright.core import DataError
    from upright.data import datasets as known_datasets
    from upright.data import find, verify

    for dataset in known_datasets().values():
        changed, found = [], 0
        for file in dataset.files:
            path = find(dataset, file.name, data)
            if path is None:
                continue
            found += 1
            try:
                verify(path, file)
            except DataError:
                changed.append(str(path))
        told = f"{found} of {len(dataset.files)} files"
        if changed:
            yield Line(
                FAIL, dataset.id, f"{told}; changed: {', '.join(changed)}", "upright data fetch"
            )
        elif found < len(dataset.files):
            fix = f"upright data fetch {dataset.id}   (the mini suite needs none of it)"
            yield Line(WARN, dataset.id, told, fix)
        else:
            yield Line(OK, dataset.id, f"{told}, every sha256 as recorded")
    yield Line(OK, "mini", "ships with Upright")
