"""Get a file from the network: what got here stays, and the next try goes on from there.

A module of its own, because pooch, requests and rich take 0.2 s to import and few runs download.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pooch
import requests
from rich.console import Console
from rich.progress import Progress

from upright.core import DataError

CHUNK = 1 << 16
PARTIAL = 206
PAST_THE_END = 416


def download(address: str, folder: Path, name: str, *, progress: bool) -> Path:
    """What is at an address, under a name in a folder."""
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
    chunks = reply.iter_content(CHUNK)
    with Progress(console=Console(stderr=True), disable=not progress) as bar:
        task = bar.add_task("Downloading", total=size)
        for chunk in chunks:
            bar.advance(task, len(chunk))
            yield chunk


def _reason(error: Exception) -> str:
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answered {error.response.status_code}"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return str(error) or type(error).__name__
