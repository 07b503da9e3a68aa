"""Evidence packs: a run in one file that anybody can check without asking who made it.

A ZIP of the run's files and `manifest.json`: the sha256 of each file and every number that the
run claims. A pack is the same bytes whenever it is made of the same run. Its entries are stored
as they are: tables are compressed already, and one damaged byte stays one damaged byte.
"""

import hashlib
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, BinaryIO

import msgspec

from upright.core import Estimate, StoreError
from upright.runs.scoring.verify import Load, Unproven, Verification, named, unlike, verify
from upright.runs.storing.store import open_run
from upright.runs.storing.stored import read_estimates, read_whole
from upright.runs.storing.tables import write_whole

MANIFEST = "manifest.json"
FILES = (
    *("run.json", "samples.parquet", "estimates.parquet", "verdicts.parquet", "labels.jsonl"),
    *("reference.parquet", "report.html"),
)
"""The journal stays at home: it holds the same answers once more."""
TABLES = ("samples.parquet", "estimates.parquet")
"""Without which there is no evidence."""
THEN = (1980, 1, 1, 0, 0, 0)
"""The date of every entry: the earliest that a ZIP can hold."""
BLOCK = 1 << 20
LOCAL_HEADER = 30
"""Bytes of a ZIP's local header before the entry's name (APPNOTE 4.3.7)."""

LoadOf = Callable[[Path], Load]
"""From an unpacked run to the benchmarks it was made with, as far as they are installed."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """sha256 by file, and all numbers as claimed."""

    upright: str
    files: dict[str, str]
    numbers: tuple[Estimate, ...]


def pack(run: Path, out: Path) -> Path:
    """Write the evidence pack of a finished run. Raises StoreError where a table is damaged: what
    cannot be read proves nothing, and the run may be gone by the time that somebody verifies."""
    info = open_run(run).info
    for table in TABLES:
        read_whole(run / table)
    present = [name for name in FILES if (run / name).is_file()]
    manifest = Manifest(
        upright=info["upright"],
        files={name: _sha256(run / name) for name in present},
        numbers=tuple(read_estimates(run / "estimates.parquet")),
    )
    told = msgspec.json.format(msgspec.json.encode(manifest), indent=1)

    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as file:
            file.writestr(zipfile.ZipInfo(MANIFEST, THEN), told)
            for name in present:
                with (
                    (run / name).open("rb") as source,
                    file.open(zipfile.ZipInfo(name, THEN), "w", force_zip64=True) as target,
                ):
                    _copy(source, target)

    write_whole(out, write)
    return out


def verify_pack(path: Path, load_of: LoadOf) -> Verification:
    """Check a pack's files against its manifest, and derive its numbers from its answers again.

    A file that is not as sealed does not end the search: it goes on to say which numbers no
    longer follow.
    """
    with TemporaryDirectory(prefix="upright-") as folder:
        run = Path(folder)
        manifest = _unpack(path, run)
        broken = list(_not_as_sealed(run, manifest))
        try:
            found = verify(run, load_of(run), manifest.numbers)
        except StoreError as error:
            why = f"what it follows from cannot be read: {error}"
            unproven = tuple(Unproven(what=named(e), why=why) for e in manifest.numbers)
            return Verification(numbers=0, verdicts=0, taken=0, unproven=(*broken, *unproven))
        apart = _apart(run, manifest)
        return msgspec.structs.replace(found, unproven=(*broken, *apart, *found.unproven))


def _unpack(path: Path, run: Path) -> Manifest:
    """The known files of a pack alone, so that no name leads elsewhere; damaged ones too."""
    try:
        with zipfile.ZipFile(path) as file, path.open("rb") as raw:
            manifest = msgspec.json.decode(file.read(MANIFEST), type=Manifest)
            for entry in file.infolist():
                if entry.filename in FILES and entry.compress_type == zipfile.ZIP_STORED:
                    _take(raw, entry, run / entry.filename)
    except (zipfile.BadZipFile, KeyError, OSError, ValueError) as error:
        raise StoreError(f"{path} is not a whole evidence pack: {error}.") from error
    return manifest


def _take(raw: BinaryIO, entry: zipfile.ZipInfo, to: Path) -> None:
    """An entry's bytes past its checksum: where they are damaged, the place matters."""
    raw.seek(entry.header_offset)
    header = raw.read(LOCAL_HEADER)
    name, extra = (int.from_bytes(header[at : at + 2], "little") for at in (26, 28))
    raw.seek(entry.header_offset + LOCAL_HEADER + name + extra)
    with to.open("wb") as target:
        _copy(raw, target, entry.file_size)


def _copy(source: BinaryIO, target: IO[bytes], size: int | None = None) -> None:
    left = size
    while block := source.read(BLOCK if left is None else min(BLOCK, left)):
        target.write(block)
        left = None if left is None else left - len(block)


def _not_as_sealed(run: Path, manifest: Manifest) -> Iterator[Unproven]:
    for name, sealed in manifest.files.items():
        found = _sha256(run / name) if name in FILES and (run / name).is_file() else "nothing"
        if found != sealed:
            yield Unproven(what=name, why=f"sealed with sha256 {sealed}, found {found}")


def _apart(run: Path, manifest: Manifest) -> Iterator[Unproven]:
    """Numbers that the run's own table gives otherwise than the manifest."""
    try:
        stored = {named(e): e for e in read_estimates(run / "estimates.parquet")}
    except StoreError as error:
        yield Unproven(what="estimates.parquet", why=str(error))
        return
    claimed = {named(e): e for e in manifest.numbers}
    for name, estimate in claimed.items():
        if wrong := unlike(estimate, stored.pop(name, None), "estimates.parquet says"):
            yield wrong
    for name in stored:
        yield Unproven(what=name, why="is in estimates.parquet and not in the manifest")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
