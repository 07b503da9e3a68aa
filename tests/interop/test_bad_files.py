"""Everything in a foreign file is untrusted: it is read whole, or refused with its place."""

import io
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.reports.conftest import NASTY
from upright.api import import_run
from upright.core import DataError, UprightError, UsageError
from upright.interop import archive
from upright.interop.untrusted import Source
from upright.reports import load_profile, render_page

FIXTURES = Path(__file__).parent / "fixtures"
EVAL = FIXTURES / "inspect" / "strong.eval"
LINE = {
    "doc_id": 0,
    "doc_hash": "a",
    "metrics": ["acc"],
    "acc": 1.0,
    "target": "yes",
    "arguments": {"gen_args_0": {"arg_0": "Is it?", "arg_1": {}}},
    "resps": [["yes"]],
    "filtered_resps": ["yes"],
}


def refused(tmp_path: Path, name: str, content: bytes, **given: Any) -> str:
    """The message with which a file is refused; nothing may be left of the import."""
    file, out = tmp_path / name, tmp_path / "runs"
    file.write_bytes(content)
    with pytest.raises(UprightError) as caught:
        import_run(file, out=out, **given)
    assert not out.exists() or not list(out.iterdir())
    assert name in str(caught.value) or isinstance(caught.value, UsageError)
    return str(caught.value)


def lm_eval(*lines: dict[str, Any]) -> bytes:
    return b"\n".join(json.dumps(LINE | line).encode() for line in lines)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"hello", "is not a file that is known here"),
        (b'{"a": 1}', "is not a file that is known here"),
        (b'{"a": ', "is not JSON, or was cut off"),
        (b"{" * 100_000, "is not JSON, or was cut off"),
        (b'{"eval": ' + b"[" * 100_000, "is not JSON, or was cut off"),
        (b"PK\x03\x04 not a zip", "is damaged or was cut off"),
        (b'{"eval": {"task": 1}, "status": "success"}', "a field is not as expected"),
        (b'{"evalId": "x", "results": {"results": [3]}}', "result 1: a field is not as expected"),
        (b'{"evalId": "x", "results": {"results": []}}', "do not say which model"),
        (b'{"entry_type": "init"}', "holds no evaluated attempts"),
        (b'{"doc_hash": "x", "doc_id": {}}', "line 1: a field is not as expected"),
    ],
)
def test_files_of_the_wrong_kind(tmp_path: Path, content: bytes, message: str) -> None:
    assert message in refused(tmp_path, "file.json", content)


def test_a_line_cut_off_is_named(tmp_path: Path) -> None:
    content = lm_eval({}, {"doc_id": 1})
    told = refused(tmp_path, "samples_x.jsonl", content[:-5], model="m")
    assert "samples_x.jsonl, line 2 is not JSON, or was cut off" in told


def test_metrics_outside_zero_to_one_are_not_imported(tmp_path: Path) -> None:
    told = refused(tmp_path, "s.jsonl", lm_eval({"acc": 3.5}, {"doc_id": 1}), model="m")
    assert "no metric of lm_eval/s has values between 0 and 1 (acc)" in told
    file = tmp_path / "s.jsonl"
    file.write_bytes(lm_eval({"metrics": ["bits", "acc"], "bits": 3}))
    run = import_run(file, out=tmp_path / "runs", model="m")
    assert list(run.estimates.metric) == ["acc"]
    assert "Not imported: bits." in run.info["benchmarks"]["lm_eval/s"]["limits"]


def test_missing_files_and_folders(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        import_run(tmp_path / "none.eval")
    with pytest.raises(UsageError, match="is a folder"):
        import_run(tmp_path)
    with pytest.raises(UsageError, match="at least one file"):
        import_run([])


def test_files_of_two_tools_or_of_one_task_twice(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"different tools: .*strong\.eval \(inspect\)"):
        import_run([EVAL, FIXTURES / "promptfoo" / "weak.json"], out=tmp_path)
    with pytest.raises(UsageError, match="capitals is in the files twice"):
        import_run([EVAL, FIXTURES / "inspect" / "weak.eval"], out=tmp_path)


def test_several_models_are_told_apart(tmp_path: Path) -> None:
    files = [FIXTURES / "promptfoo" / f"{name}.json" for name in ("strong", "weak")]
    with pytest.raises(UsageError, match=r"answers of 2 models.*of toy-strong, toy-weak"):
        import_run(files, out=tmp_path)
    run = import_run(files, out=tmp_path, model="toy-weak")
    assert (run.info["model"]["id"], len(run.samples)) == ("toy-weak", 10)


def rezipped(change: Callable[[str, bytes], bytes | None]) -> bytes:
    """The Inspect log with its entries changed, or left out."""
    source, made = archive.Archive(Source(EVAL)), io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for name in source.names(""):
            if (content := change(name, source.read(name))) is not None:
                file.writestr(name, content)
    return made.getvalue()


def test_an_evaluation_that_did_not_end(tmp_path: Path) -> None:
    whole = rezipped(lambda name, content: content)
    (tmp_path / "whole.eval").write_bytes(whole)
    assert len(import_run(tmp_path / "whole.eval", out=tmp_path / "other").samples) == 6

    def headless(name: str, content: bytes) -> bytes | None:
        return None if name == "header.json" else content

    assert "has no header.json" in refused(tmp_path, "a.eval", rezipped(headless))

    def cancelled(name: str, content: bytes) -> bytes:
        return content.replace(b'"success"', b'"cancelled"')

    assert "did not end well (status cancelled)" in refused(tmp_path, "b.eval", rezipped(cancelled))

    def fewer(name: str, content: bytes) -> bytes | None:
        return None if name.endswith("q0_epoch_2.json") else content

    assert "holds 5 of 6 samples" in refused(tmp_path, "c.eval", rezipped(fewer))


def test_damaged_archives(tmp_path: Path) -> None:
    content = bytearray(EVAL.read_bytes())
    assert "cut off" in refused(tmp_path, "cut.eval", bytes(content[:-40]))
    # Where its first sample lies: the name is in front of the packed bytes.
    start = content.index(b"samples/q0_epoch_1.json") + 200
    content[start : start + 100] = bytes(100)
    assert "is damaged" in refused(tmp_path, "holes.eval", bytes(content))


@pytest.mark.parametrize("lie", [False, True])
def test_a_zip_bomb_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lie: bool
) -> None:
    """Neither where it says how large it is, nor where it lies."""
    monkeypatch.setattr(archive, "LARGEST_ENTRY", 10_000)
    bomb = rezipped(lambda name, content: b"0" * 5_000_000 if name == "header.json" else content)
    if lie:
        bomb = bomb.replace((5_000_000).to_bytes(4, "little"), (5_000).to_bytes(4, "little"))
    told = refused(tmp_path, "bomb.eval", bomb)
    assert ("is damaged" if lie else "unpacks to more than 10,000 bytes") in told


def test_the_sum_of_all_entries_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "LARGEST_TOTAL", 20_000)
    assert "unpacks to more than" in refused(tmp_path, "many.eval", EVAL.read_bytes())


def test_garak_that_was_stopped(tmp_path: Path) -> None:
    lines = (FIXTURES / "garak" / "strong.report.jsonl").read_text().splitlines()
    kept = [line for line in lines if '"eval"' not in line or "dan.Toy" not in line]
    told = refused(tmp_path, "r.report.jsonl", "\n".join(kept).encode())
    assert "garak stopped before it had evaluated dan.Toy" in told


def test_garak_counts_must_agree(tmp_path: Path) -> None:
    lines = (FIXTURES / "garak" / "strong.report.jsonl").read_text().splitlines()
    place = next(n for n, line in enumerate(lines) if '"status": 2' in line)
    told = refused(
        tmp_path, "r.report.jsonl", "\n".join(lines[:place] + lines[place + 1 :]).encode()
    )
    assert "garak counted 9 outputs of dan.Toy that pass toy.Hit, but its attempts hold 7" in told


def test_hostile_text_is_kept_and_harmless(tmp_path: Path) -> None:
    """In every text of a line; and 5 MB of it."""
    nasty = NASTY + "\ud800"
    file = tmp_path / "samples_x.jsonl"
    line = {
        "target": nasty,
        "metrics": [nasty],
        nasty: 0.0,
        "doc_hash": nasty,
        "arguments": {"a": {"arg_0": nasty, "arg_1": nasty}},
        "resps": [[nasty + "x" * 5_000_000]],
        "filter": nasty,
    }
    file.write_bytes(lm_eval(line, {**line, "doc_id": 1, "filter": "none"}))
    run = import_run(file, out=tmp_path / "runs", model=nasty)
    assert len(run.samples.response[0]) > 5_000_000
    page = render_page(load_profile(run.path))
    assert "<script>alert" not in page
    assert "\x1b" not in page


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("upright.interop.storing.write_estimates", full)
    with pytest.raises(UprightError, match="No space left"):
        import_run(EVAL, out=tmp_path / "runs")
    assert not list((tmp_path / "runs").iterdir())


def test_a_name_that_would_leave_the_folder(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    shutil.copy(next(iter(FIXTURES.glob("lm_eval/weak/samples_capitals_pick*"))), file)
    run = import_run(file, out=tmp_path / "runs", model="../../../etc/passwd")
    assert run.path.parent == tmp_path / "runs"


def test_errors_are_of_the_data(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        (tmp_path / "x.eval").write_bytes(b"PK")
        import_run(tmp_path / "x.eval", out=tmp_path)
