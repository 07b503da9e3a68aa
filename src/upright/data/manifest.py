"""What Upright knows of each dataset: files, hashes, rows, licence, public address.

A dataset is a suite of its own: `--suite ID` runs the benchmarks that have a file in it.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from upright.core import unknown

MANIFEST = Path(__file__).parent / "manifest.toml"


@dataclass(frozen=True, kw_only=True)
class KnownFile:
    """`name` is how benchmarks name it, so no two datasets share one.

    prompt      the field that holds what is asked; rows have it as `prompt` too
    address     where it lies, if it does not come in the dataset's archive
    """

    name: str
    rows: int
    bytes: int
    sha256: str
    prompt: str = "prompt"
    address: str = ""


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """`address` is a zip archive that holds every file under some folder of its own, but for
    files with an address of their own."""

    id: str
    title: str
    paper: str
    licence: str
    repository: str
    commit: str
    address: str
    files: tuple[KnownFile, ...]

    def file(self, name: str) -> KnownFile:
        for file in self.files:
            if file.name == name:
                return file
        raise unknown(f"file in dataset {self.id}", name, [f.name for f in self.files])


@cache
def datasets() -> dict[str, Dataset]:
    """Every dataset of the manifest by id."""
    table = tomllib.loads(MANIFEST.read_text(encoding="utf-8"))
    return {
        id: Dataset(id=id, files=tuple(KnownFile(**f) for f in entry.pop("files")), **entry)
        for id, entry in table.items()
    }


def dataset(id: str) -> Dataset:
    known = datasets()
    if id not in known:
        raise unknown("dataset", id, known)
    return known[id]


def known_file(name: str) -> KnownFile | None:
    """What the manifest says of a file, whichever dataset it is of."""
    files = (file for source in datasets().values() for file in source.files)
    return next((file for file in files if file.name == name), None)
