"""The answers all runs share: bounded, safe on a full disk, safe with several processes."""

import threading
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import pytest

from tests.runs.test_run import largest_file
from upright.core import Response, StoreError, UsageError
from upright.runs.storing.cache import Cache, cache_limit

LIMIT = 500_000
LONG = Response(text="x" * 10_000)


def test_beyond_its_limit_the_oldest_go(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache.sqlite", LIMIT)
    for number in range(3000):
        cache.put({str(number): Response(text="x" * 1000)})
        if number % 100 == 0:
            cache.flush()
    cache.close()
    cache = Cache(cache.path, LIMIT)
    left = sorted(map(int, cache.find(map(str, range(3000)))))
    assert cache.size <= LIMIT
    cache.close()
    assert left == list(range(left[0], 3000))
    assert 100 < len(left) < 500
    assert cache.path.stat().st_size < 2 * LIMIT


def test_what_is_not_yet_written_is_found(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache.sqlite")
    cache.put({"a": Response(text="1")})
    assert cache.find(["a", "b"]) == {"a": Response(text="1")}
    cache.flush()
    assert cache.find(["a", "b"]) == {"a": Response(text="1")}
    cache.close()


def test_nothing_is_lost_or_out_of_sight_while_another_thread_writes(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache.sqlite")
    over = threading.Event()

    def write() -> None:
        while not over.is_set():
            cache.flush()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(300):
            cache.put({str(number): Response(text=str(number))})
            assert len(cache.find(map(str, range(number + 1)))) == number + 1
    finally:
        over.set()
        writer.join()
        cache.close()
    again = Cache(tmp_path / "cache.sqlite")
    assert {k: r.text for k, r in again.find(map(str, range(300))).items()} == {
        str(number): str(number) for number in range(300)
    }
    again.close()


def test_an_answer_larger_than_the_limit_leaves_it_empty(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache.sqlite", 1000)
    cache.put({"a": LONG})
    cache.flush()
    assert cache.find(["a"]) == {}
    cache.close()


@pytest.mark.parametrize(
    ("said", "bytes"), [("", 2 << 30), ("700", 700), ("10k", 10_240), (" 3M ", 3 << 20)]
)
def test_the_limit_is_read_from_the_environment(
    said: str, bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UPRIGHT_CACHE_LIMIT", said)
    assert cache_limit() == bytes


@pytest.mark.parametrize("said", ["much", "-1", "1.5G", "2T", "²"])
def test_a_limit_that_is_no_size_is_refused(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPRIGHT_CACHE_LIMIT", said)
    with pytest.raises(UsageError, match="200M"):
        cache_limit()


def test_on_a_full_disk_it_says_so_each_time_and_then_goes_on(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache.sqlite")
    cache.put({"before": LONG})
    cache.flush()
    for number in range(50):
        cache.put({str(number): LONG})
    with largest_file(100_000):
        for _ in range(2):
            with pytest.raises(StoreError, match=r"full|disk I/O"):
                cache.flush()
    cache.close()
    cache = Cache(cache.path)
    assert set(cache.find(["before", *map(str, range(50))])) == {"before", *map(str, range(50))}
    cache.close()


def test_a_damaged_one_says_what_to_delete(tmp_path: Path) -> None:
    """Whether it is no database at all, lost pages, or holds what is no answer."""
    path = tmp_path / "cache.sqlite"

    def fails(do: Callable[[Cache], object]) -> None:
        with pytest.raises(StoreError, match=r"cache\.sqlite is damaged: .* Delete it"):
            cache = Cache(path)
            try:
                do(cache)
            finally:
                cache.close()

    path.write_bytes(b"no database at all, but long enough to be looked at" * 20)
    fails(lambda cache: cache.size)
    path.unlink()
    cache = Cache(path)
    cache.put({str(number): LONG for number in range(50)})
    cache.flush()
    cache._db.execute("UPDATE responses SET response = 'no answer' WHERE key = '7'")
    cache.close()
    fails(lambda cache: cache.find(["7"]))
    whole = path.read_bytes()
    path.write_bytes(whole[:8192] + b"\xff" * (len(whole) - 8192))
    fails(lambda cache: cache.find(map(str, range(50))))


def fill(path: Path, name: str) -> None:
    cache = Cache(path, LIMIT)
    for number in range(40):
        cache.put({f"{name} {number}": LONG})
        cache.flush()
    cache.close()


def test_processes_share_it_and_its_bound(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite"
    context = get_context("forkserver")
    writers = [context.Process(target=fill, args=(path, name)) for name in "abc"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    cache = Cache(path, LIMIT)
    left = cache.find(f"{name} {number}" for name in "abc" for number in range(40))
    assert 0 < len(left) < 120
    assert set(left.values()) == {LONG}
    assert cache.size <= LIMIT
    cache.close()
