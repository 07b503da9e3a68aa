"""Where data lies: the look-up order, and the user's cache."""

import os
from hashlib import sha256
from pathlib import Path

import platformdirs

from upright.core import DataError, UsageError
from upright.data.manifest import Dataset, KnownFile


def cache_dir() -> Path:
    """UPRIGHT_CACHE, or the platform's cache folder for this user."""
    return Path(os.environ.get("UPRIGHT_CACHE") or platformdirs.user_cache_dir("upright"))


def roots(given: Path | None) -> list[Path]:
    """The folders to look in, first to last: --data, UPRIGHT_DATA, the user's cache."""
    named = [given, os.environ.get("UPRIGHT_DATA")]
    return [Path(place).expanduser() for place in named if place] + [cache_dir() / "data"]


def find(dataset: Dataset, name: str, given: Path | None = None) -> Path | None:
    """The first copy of a file, in DIR/<dataset>/<file> or DIR/<file>."""
    named = os.environ.get("UPRIGHT_DATA")
    for name_of, place in (("--data", given), ("UPRIGHT_DATA", named)):
        if place and not Path(place).expanduser().is_dir():
            raise UsageError(f"{name_of} {place} is not a folder.")
    for root in roots(given):
        for path in (root / dataset.id / name, root / name):
            if path.is_file():
                return path
    return None


def verify(path: Path, known: KnownFile) -> None:
    """Refuse a file whose content differs from the manifest's."""
    found = sha256(path.read_bytes()).hexdigest()
    if found != known.sha256:
        raise DataError(
            f"{path} is not the file this release knows as {known.name}.\n"
            f"  expected sha256 {known.sha256}\n  found    sha256 {found}\n"
            "Remove it and run: upright data fetch"
        )
