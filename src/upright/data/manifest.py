"""What Upright knows of each dataset: files, hashes, rows, licence, public address."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from upright.core import unknown

MANIFEST = Path(__file__).parent / "manifest.toml"


@dataclass(frozen=True, kw_only=True)
class KnownFile:
    name: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """`address` is a zip archive that holds every file under some folder of its own."""

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
