"""What survives a crash, and what is said about damage."""

import asyncio
import errno
import fcntl
import os
from itertools import count
from pathlib import Path

import pytest

from tests.runs.test_judging import Said
from tests.runs.toy import HURRIED
from upright.core import ModelError, ModelRefused, Request, Response, Sample, StoreError, ask
from upright.models.mock import open_mock
from upright.runs import Cache, Limits, Patience
from upright.runs.asking.singly import Singly
from upright.runs.storing.journal import Journal, one_at_a_time, read_journal
from upright.runs.storing.tables import write_whole

TEXTS = ("plain", "NUL \x00 and\nlines\r", "😀" * 1000, "")


def written(path: Path) -> dict[str, Response]:
    answers = {str(i): Response(text=text) for i, text in enumerate(TEXTS)}
    journal = Journal(path)
    for key, response in answers.items():
        journal.append({key: response})
    journal.close()
    return answers


def test_everything_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    answers = written(path)
    assert read_journal(path) == answers


@pytest.mark.parametrize("lost", [1, 2, 30])
def test_a_torn_tail_is_dropped_and_overwritten(tmp_path: Path, lost: int) -> None:
    path = tmp_path / "journal.jsonl"
    answers = written(path)
    path.write_bytes(path.read_bytes()[:-lost])
    journal = Journal(path)
    assert set(journal) == set(list(answers)[:-1])
    journal.append({"new": Response(text="after")})
    journal.close()
    assert set(read_journal(path)) == {*list(answers)[:-1], "new"}


@pytest.mark.parametrize(
    "rubbish", [b"\0" * 4096, b"{\r\n\xff\n\n", b'{"crc32":"00000000",}\n' * 3]
)
def test_what_a_power_cut_leaves_at_the_end_is_dropped(tmp_path: Path, rubbish: bytes) -> None:
    path = tmp_path / "journal.jsonl"
    answers = written(path)
    whole = path.read_bytes()
    path.write_bytes(whole + rubbish)
    journal = Journal(path)
    assert dict(journal) == answers
    journal.close()
    assert path.read_bytes() == whole


def test_damage_in_the_middle_is_reported_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    written(path)
    path.write_bytes(path.read_bytes().replace(b"plain", b"plaim"))
    with pytest.raises(StoreError, match=r"Line 1 of .* is damaged"):
        Journal(path)


def test_two_processes_cannot_write_one_journal(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    with pytest.raises(StoreError, match="Another upright process"):
        Journal(journal.path)
    journal.close()
    Journal(journal.path).close()


def test_a_place_that_cannot_lock_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(file: object, how: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with pytest.raises(StoreError, match=r"No locks available\. .*--out"):
        Journal(tmp_path / "journal.jsonl")
    with one_at_a_time(tmp_path):
        pass  # the journal's lock is the one that counts


def test_the_cache_keeps_answers_and_never_errors(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "responses.sqlite"
    cache = Cache(path)
    cache.put({"a": Response(text="NUL \x00"), "b": Response(error="no")})
    cache.close()
    again = Cache(path)
    assert again.find(["a", "b", *map(str, range(2000))]) == {"a": Response(text="NUL \x00")}
    again.close()


def test_a_cache_that_cannot_be_used_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a database, but long enough to be taken for one" * 100)
    with pytest.raises(StoreError, match="--no-cache"):
        Cache(tmp_path / "file")
    with pytest.raises(StoreError, match="UPRIGHT_CACHE"):
        Cache(tmp_path / "file" / "responses.sqlite")


def test_a_table_that_could_not_be_written_leaves_nothing(tmp_path: Path) -> None:
    def half(file: Path) -> None:
        file.write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(StoreError, match="No space left"):
        write_whole(tmp_path / "samples.parquet", half)
    assert list(tmp_path.iterdir()) == []


def test_what_is_asked_singly_reaches_the_disk_every_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here a second is no time at all."""
    monkeypatch.setattr("upright.runs.asking.singly.HEARTBEAT", 0.0)
    journal = Journal(tmp_path / "journal.jsonl")
    synced = []
    monkeypatch.setattr(journal, "sync", lambda: synced.append(len(journal)))
    singly = Singly(open_mock("echo"), journal, Patience(), Limits())

    async def asked() -> None:
        for number in range(3):
            sample = Sample(messages=ask(f"{number}"))
            await singly.ask(Request(model="m", messages=sample.messages, sample=sample))
        await singly.close()

    asyncio.run(asked())
    journal.close()
    assert synced == [1, 2, 3]


def test_equal_questions_at_one_moment_are_asked_once(tmp_path: Path) -> None:
    """Else one of two answers would be what an interrupted attack goes on with."""
    numbers = count()

    def say(request: Request) -> Response:
        return Response(text=f"answer {next(numbers)}")

    model, journal = Said(say), Journal(tmp_path / "journal.jsonl")
    singly = Singly(model, journal, Patience(), Limits())

    async def asked() -> list[Response]:
        alike = (Request(model=model.id, messages=ask("the same")) for _ in range(3))
        return await asyncio.gather(*map(singly.ask, alike))

    answers = asyncio.run(asked())
    journal.close()
    assert [one.text for one in answers] == ["answer 0"] * 3


def test_who_asks_singly_is_told_of_an_outage(tmp_path: Path) -> None:
    """Else an attack on a server that is gone would end as if the model had withstood it."""
    left = iter(range(5))

    def say(request: Request) -> Response:
        if next(left, None) is None:
            raise ModelError("nobody is there")
        return Response(text="No.")

    model, journal = Said(say), Journal(tmp_path / "journal.jsonl")
    singly = Singly(model, journal, HURRIED, Limits())

    async def asked() -> None:
        for number in range(60):
            await singly.ask(Request(model=model.id, messages=ask(f"{number}")))

    with pytest.raises(ModelRefused, match="Is the server still there"):
        asyncio.run(asked())
    journal.close()
    assert len(read_journal(journal.path)) == 5
