"""Download a dataset into the user's cache: resumable, verified file by file."""

import zipfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import IO

import pooch
import requests

from upright.core import DataError
from upright.data.manifest import Dataset, KnownFile
from upright.data.places import cache_dir

CHUNK = 1 << 16
PARTIAL = 206
WHOLE = 200
PAST_THE_END = 416


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
    pooch.get_logger().setLevel("ERROR")  # it announces a hash that we do not need
    try:
        return Path(
            pooch.retrieve(
                url=address,
                known_hash=None,  # each file inside is verified by its own hash
                path=folder,
                fname=name,
                downloader=Resuming(folder / f"{name}.part", progress),
            )
        )
    except (requests.RequestException, OSError) as error:
        raise DataError(
            f"Could not download {address}: {_reason(error)}.\n"
            "Nothing is lost: the next try resumes. Without a network, copy the dataset's folder "
            "to this machine by hand and name its parent with --data DIR or UPRIGHT_DATA."
        ) from error


class Resuming:
    """A pooch downloader that keeps what it got in `part` and goes on from there."""

    def __init__(self, part: Path, progress: bool) -> None:
        self.part, self.progress = part, progress

    def __call__(self, url: str, output_file: str | IO[bytes], pooch: object) -> None:
        self._fill(url)
        target = Path(output_file if isinstance(output_file, str) else output_file.name)
        self.part.replace(target)

    def _fill(self, url: str) -> None:
        have = self.part.stat().st_size if self.part.exists() else 0
        headers = {"Range": f"bytes={have}-"} if have else {}
        with requests.get(url, headers=headers, stream=True, timeout=30) as reply:
            if reply.status_code == PAST_THE_END:  # everything had come before
                return
            reply.raise_for_status()
            mode = "ab" if reply.status_code == PARTIAL else "wb"
            size = int(reply.headers.get("Content-Length", 0)) or None
            with self.part.open(mode) as file:
                for chunk in _shown(reply, size, self.progress):
                    file.write(chunk)


def _shown(reply: requests.Response, size: int | None, progress: bool) -> Iterator[bytes]:
    from rich.console import Console  # noqa: PLC0415  only where something is downloaded
    from rich.progress import Progress  # noqa: PLC0415

    chunks = reply.iter_content(CHUNK)
    with Progress(console=Console(stderr=True), disable=not progress) as bar:
        task = bar.add_task("Downloading", total=size)
        for chunk in chunks:
            bar.advance(task, len(chunk))
            yield chunk


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


def _reason(error: Exception) -> str:
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answered {error.response.status_code}"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return str(error) or type(error).__name__
