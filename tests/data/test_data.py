"""Look-up, verification, fetching: against a server of our own."""

import http.server
import json
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import ClassVar

import pytest

from upright.core import DataError, Row, UsageError
from upright.data import (
    DataFile,
    Dataset,
    KnownFile,
    dataset,
    datasets,
    fetch,
    find,
    read_rows,
    suite_file,
)
from upright.data.downloading import CHUNK
from upright.data.patches import patch_rows
from upright.data.rows import MINI

ROWS = json.dumps([{"prompt": "one"}, {"prompt": "two"}]).encode()


@pytest.fixture
def source() -> Dataset:
    known = KnownFile(name="a/b.json", rows=2, bytes=len(ROWS), sha256=sha256(ROWS).hexdigest())
    return replace(dataset("trustllm"), id="test", files=(known,))


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("UPRIGHT_DATA", raising=False)
    monkeypatch.setenv("UPRIGHT_CACHE", str(tmp_path / "cache"))


class Archive(http.server.BaseHTTPRequestHandler):
    """Serves one archive, honours Range, cuts the first answer short."""

    body = b""
    cut = 0
    ranges: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        cls = type(self)
        asked = self.headers.get("Range")
        cls.ranges.append(asked)
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        body = cls.body[start:]
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if cls.cut and not asked:
            self.wfile.write(body[: cls.cut])
            self.close_connection = True
            return
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    archive = tmp_path / "served.zip"
    with zipfile.ZipFile(archive, "w") as target:
        target.writestr("../../evil.json", b"[]")
        target.writestr("padding.bin", bytes(4 * CHUNK))  # stored, not compressed
        target.writestr("dataset/a/b.json", ROWS)
    Archive.body, Archive.cut, Archive.ranges = archive.read_bytes(), 0, []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Archive) as httpd:
        threading.Thread(target=httpd.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}/x.zip"
        httpd.shutdown()


def test_fetch_unpacks_verified_files_and_nothing_else(
    source: Dataset, server: str, tmp_path: Path
) -> None:
    (path,) = fetch(source, progress=False, address=server)
    assert path.read_bytes() == ROWS
    assert find(source, "a/b.json") == path
    assert not list(tmp_path.rglob("evil.json"))
    fetch(source, progress=False, address=server)
    assert len(Archive.ranges) == 1, "a file that is there and verified is not fetched again"


def test_fetch_resumes_where_it_was_cut(source: Dataset, server: str) -> None:
    Archive.cut = 2 * CHUNK + 40
    with pytest.raises(DataError, match="the next try resumes"):
        fetch(source, progress=False, address=server)
    (path,) = fetch(source, progress=False, address=server)
    assert path.read_bytes() == ROWS
    assert Archive.ranges == [None, f"bytes={2 * CHUNK}-"]


def test_fetch_refuses_an_archive_with_other_content(source: Dataset, server: str) -> None:
    other = replace(source.files[0], sha256="0" * 64)
    with pytest.raises(DataError, match="expected sha256 0000"):
        fetch(replace(source, files=(other,)), progress=False, address=server)


def test_fetch_without_a_network_says_what_to_do(source: Dataset) -> None:
    with pytest.raises(DataError, match=r"no connection[\s\S]*--data DIR"):
        fetch(source, progress=False, address="http://127.0.0.1:9/x.zip")


def test_a_changed_file_is_refused_with_both_hashes(tmp_path: Path) -> None:
    path = tmp_path / "trustllm" / "safety" / "misuse.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(ROWS)
    with pytest.raises(DataError) as error:
        suite_file("trustllm", "safety/misuse.json", tmp_path)
    known = dataset("trustllm").file("safety/misuse.json")
    assert known.sha256 in str(error.value)
    assert sha256(ROWS).hexdigest() in str(error.value)
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"{", "not JSON"),
        (b"{}", "JSON array"),
        (b'{"a": 1}', "JSON array"),
        (b'{"a": ["x", 3]}', "row 1"),
        (b'[{"prompt": "x"}, 3]', "row 1"),
        (b'[{"prompt": "x"}, {"promt": "x"}]', "row 1"),
        (b'[{"prompt": "x"}, {"prompt": "\\ud800"}]', "row 1"),
    ],
)
def test_malformed_files_name_file_and_row(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "rows.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match=says) as error:
        read_rows(path, "rows.json")
    assert str(path) in str(error.value)


def test_lists_of_texts_are_rows_with_the_name_of_their_list(tmp_path: Path) -> None:
    path = tmp_path / "lists.json"
    path.write_bytes(b'{"colours": ["red", "blue"], "shapes": ["round"]}')
    rows = read_rows(path, "lists.json").raw
    told = [(row.index, row["category"], row["prompt"]) for row in rows]
    assert told == [(0, "colours", "red"), (1, "colours", "blue"), (2, "shapes", "round")]


def test_a_missing_field_names_file_and_row() -> None:
    with pytest.raises(DataError, match=r"safety/x\.json, row 7: the field 'label' is missing"):
        Row("safety/x.json", 7, {"prompt": "x"})["label"]


def test_a_patched_row_remembers_its_raw_prompt() -> None:
    row = Row("f", 0, {"prompt": "raw"}).changed(prompt="new").changed(prompt="newer")
    assert (row["prompt"], row.raw_prompt) == ("newer", "raw")


def test_unknown_suite_and_dataset_offer_what_there_is() -> None:
    with pytest.raises(UsageError, match="mini"):
        suite_file("minni", "safety/misuse.json")
    with pytest.raises(UsageError, match="trustllm"):
        dataset("trustlm")


def test_mini_holds_every_file_of_the_paper_and_none_that_no_dataset_has() -> None:
    names = {str(p.relative_to(MINI)) for p in MINI.rglob("*.*") if p.name != "README.md"}
    assert names >= {f.name for f in dataset("trustllm").files}
    assert names <= {f.name for known in datasets().values() for f in known.files}


def test_no_two_datasets_share_a_file_name() -> None:
    names = [f.name for known in datasets().values() for f in known.files]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("suite", datasets())
def test_the_manifest_knows_the_real_files(suite: str, data: Path) -> None:
    for known in dataset(suite).files:
        file: DataFile = suite_file(suite, known.name, data)
        assert len(file.raw) == known.rows, known.name


def test_a_file_of_another_suite_is_refused_with_the_suites_that_have_it() -> None:
    with pytest.raises(UsageError, match=r"trustllm holds no jbb/.*--suite mini or --suite jbb"):
        suite_file("trustllm", "jbb/harmful-behaviors.csv")


def test_a_file_with_an_address_of_its_own_is_fetched_alone(
    source: Dataset, server: str, tmp_path: Path
) -> None:
    Archive.body = ROWS
    alone = replace(source, files=(replace(source.files[0], address=server),))
    (path,) = fetch(alone, progress=False, address="http://127.0.0.1:9/never")
    assert path.read_bytes() == ROWS
    changed = replace(alone.files[0], sha256="0" * 64)
    with pytest.raises(DataError, match="expected sha256 0000"):
        fetch(replace(alone, files=(changed,)), progress=False)
    assert path.read_bytes() == ROWS
    assert [p.name for p in path.parents[1].iterdir()] == ["a"], "nothing is left behind"


CSV = "jbb/harmful-behaviors.csv"


def test_rows_of_a_csv_have_their_prompt_by_the_manifests_field(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text('\ufeffIndex,Goal\r\n0,"one, two\nthree"\r\n', encoding="utf-8")
    (row,) = read_rows(path, CSV).raw
    assert (row["prompt"], row.raw_prompt, row["Index"]) == ("one, two\nthree",) * 2 + ("0",)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"Index,Goal\n0,a\n1\n", "row 1: its cells"),
        (b"Index,Goal\n0,a,b\n", "row 0: its cells"),
        (b"Index,Gaol\n0,a\n", "row 0: `Goal` must be text"),
        (b'Index,Goal\n0,"a\n', "not CSV"),
        (b"Index,Goal\n0,\xff\n", "not CSV in UTF-8"),
    ],
)
def test_malformed_csv_names_file_and_row(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=says) as error:
        read_rows(path, CSV)
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    ("file", "field", "odd"),
    [
        ("safety/jailbreak.json", "label", 5),
        ("privacy/privacy_leakage.json", "gt-name", 5),
        ("fairness/stereotype_agreement.json", "sentence", 5),
        ("truthfulness/golden_advfactuality.json", "modified knowledge", {}),
        ("robustness/AdvGLUE.json", "index", {}),
        ("robustness/AdvInstruction.json", "type", {}),
        ("fairness/preference.json", "question", {}),
    ],
)
def test_a_field_that_no_patch_expects_is_named_with_file_and_row(
    file: str, field: str, odd: object, data: Path
) -> None:
    rows = [
        Row(file, i, f) for i, f in enumerate(json.loads((data / "trustllm" / file).read_bytes()))
    ]
    broken = [*rows[:2], rows[2].changed(**{field: odd}), *rows[3:]]
    with pytest.raises(DataError, match=rf"{file}, row 2: a field is not as expected"):
        patch_rows(file, broken, mini=False)


def test_a_data_folder_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPRIGHT_DATA", "/nonexistent")
    with pytest.raises(UsageError, match="UPRIGHT_DATA /nonexistent is not a folder"):
        suite_file("trustllm", "safety/jailbreak.json")
