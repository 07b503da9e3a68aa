"""Download a dataset into the user's cache: resumable, verified file by file."""

import zipfile
from hashlib import sha256
from pathlib import Path

from upright.core import DataError
from upright.data.manifest import Dataset, KnownFile
from upright.data.places import cache_dir


def fetch(dataset: Dataset, *, progress: bool = True, address: str | None = None) -> list[Path]:
    """Fetch every file of a dataset that the cache lacks. `address` overrides the upstream's."""
    folder = cache_dir() / "data" / dataset.id
    wanted = [f for f in dataset.files if not _have(folder / f.name, f)]
    for file in wanted:
        if file.address:
            _fetch_one(file, folder, progress)
    packed = [file for file in wanted if not file.address]
    if packed:
        archive = _download(address or dataset.address, folder, "archive.zip", progress)
        _unpack(archive, folder, packed)
        archive.unlink()
    return [folder / f.name for f in dataset.files]


def _have(path: Path, known: KnownFile) -> bool:
    return path.is_file() and sha256(path.read_bytes()).hexdigest() == known.sha256


def _fetch_one(file: KnownFile, folder: Path, progress: bool) -> None:
    """A file with an address of its own: it gets its name once it is verified."""
    came = _download(file.address, folder, f"{file.sha256[:16]}.came", progress)
    content = came.read_bytes()
    came.unlink()
    _keep(content, file, folder / file.name, file.address)


def _download(address: str, folder: Path, name: str, progress: bool) -> Path:
    from upright.data.downloading import download  # noqa: PLC0415 - 0.2 s, and rarely wanted

    return download(address, folder, name, progress=progress)


def _unpack(archive: Path, folder: Path, wanted: list[KnownFile]) -> None:
    """Copy out the wanted files, each under our own name for it, never the archive's."""
    try:
        with zipfile.ZipFile(archive) as source:
            members = {info.filename: info for info in source.infolist()}
            for file in wanted:
                _unpack_one(source, members, file, folder / file.name)
    except zipfile.BadZipFile as error:
        archive.unlink()
        raise DataError(f"The download is not a zip archive ({error}). Try again.") from error


def _unpack_one(
    source: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], file: KnownFile, path: Path
) -> None:
    name = next((m for m in members if m == file.name or m.endswith(f"/{file.name}")), None)
    if name is None or members[name].file_size != file.bytes:
        raise DataError(f"The archive holds no {file.name} of {file.bytes} bytes.")
    _keep(source.read(name), file, path, f"{file.name} in the archive")


def _keep(content: bytes, file: KnownFile, path: Path, what: str) -> None:
    found = sha256(content).hexdigest()
    if found != file.sha256:
        raise DataError(
            f"{what} differs from the one this release knows:\n"
            f"  expected sha256 {file.sha256}\n  found    sha256 {found}"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.write_bytes(content)
    unfinished.replace(path)
