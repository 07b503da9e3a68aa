"""What workers write, and the run takes over."""

import sys
import threading
from pathlib import Path
from types import ModuleType

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from upright.core import Response, StoreError
from upright.runs.storing import shards
from upright.runs.storing.journal import Journal
from upright.runs.storing.shards import answers_of, drop, left_behind, open_shard, shard, take_over


@pytest.mark.parametrize("address", ["", "memory://runs/x"])
def test_a_shard_gives_back_what_was_written(tmp_path: Path, address: str) -> None:
    folder = address or str(tmp_path)
    place = shard(folder, "shard-a-0")
    assert not left_behind(folder)
    assert list(answers_of(place)) == []
    writer = open_shard(place)
    told = {str(n): Response(text=f"answer {n}\n") for n in range(2500)}
    for start in range(0, 2500, 100):
        writer.append({k: told[k] for k in list(told)[start : start + 100]})
        writer.sync()
    writer.close()
    assert {k: r for some in answers_of(place) for k, r in some.items()} == told
    assert left_behind(folder) == [place]
    journal = Journal(tmp_path / "journal.jsonl")
    journal.append({"0": told["0"]})
    take_over(journal, folder)
    assert dict(journal) == told
    assert (tmp_path / "journal.jsonl").read_bytes().count(b"\n") == 2500
    journal.close()
    assert not left_behind(folder)
    drop(place)


def test_what_comes_while_a_segment_is_written_is_in_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place = shard("memory://runs/y", "shard-a-0")
    writer = open_shard(place)
    files = MemoryFileSystem()
    write = files.pipe_file

    def slow(path: str, content: bytes) -> None:
        if not written:
            writer.append({"late": Response(text="late")})
            written.append(threading.Thread(target=writer.close))
            written[0].start()  # as where the worker is stopped at this moment
        write(path, content)

    written: list[threading.Thread] = []
    monkeypatch.setattr(files, "pipe_file", slow)
    writer.append({"early": Response(text="early")})
    writer.sync()
    written[0].join()
    assert [list(some) for some in answers_of(place)] == [["early", "late"]]
    drop(place)


def test_what_an_object_store_refuses_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its library's errors are no OSErrors."""

    class NoCredentialsError(Exception):
        pass

    class Store:
        def exists(self, folder: str) -> bool:
            raise NoCredentialsError("Unable to locate credentials")

    module = ModuleType("botocore.exceptions")
    module.BotoCoreError = NoCredentialsError  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(shards, "_opened", lambda place: (Store(), place))
    with pytest.raises(StoreError, match="Cannot use s3://x/y: Unable to locate credentials"):
        left_behind("s3://x/y")
