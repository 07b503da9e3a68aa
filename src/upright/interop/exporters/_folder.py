"""A folder that appears whole or not at all, and never replaces another."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from upright.core import UsageError


@contextmanager
def appearing(folder: Path) -> Iterator[Path]:
    """Fill the folder given; it gets its name when all of it is there."""
    if folder.exists():
        raise UsageError(f"{folder} is there already. Name another --out, or remove it.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    try:
        yield unfinished
        unfinished.rename(folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
