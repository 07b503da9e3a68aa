"""A large plan lies on the disk, and nothing else is different."""

import errno
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from tests.runs.toy import SUITE, endpoint, planned, to_sample, toy
from upright.core import (
    Answer,
    Benchmark,
    Response,
    Row,
    Sample,
    StoreError,
    ask,
    each,
    finished,
    make_samples,
    registry,
)
from upright.data import DataFile
from upright.models import open_model
from upright.models.mock import responder
from upright.runs import Options, Plan, finish, forecast, make_plan, plan, run
from upright.runs.asking import desk, engine
from upright.runs.items import OnDisk
from upright.runs.plan import Rows
from upright.runs.scoring import baselines, judging
from upright.runs.storing import journal, spool
from upright.runs.storing.spool import Spool

REPEATED = structs.replace(SUITE, epochs=2)
TIMES = {"latency_s"}
LONG = "x" * 2_000


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the second score set on, plans are too large for memory."""
    monkeypatch.setattr(plan, "IN_MEMORY", 80)


def told(one: Plan) -> list[tuple[Any, ...]]:
    return [(i.id, i.key, i.epoch, i.sample, i.request, i.request.sample) for i in one.items]


def test_a_plan_on_the_disk_is_the_one_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    model = open_model("mock/oracle")
    small = planned(model, 40, REPEATED)
    monkeypatch.setattr(plan, "IN_MEMORY", 80)
    stored = planned(model, 40, REPEATED)
    kinds = [type(items) for items in stored.parts.values()]
    assert kinds == [tuple, OnDisk]
    assert told(stored) == told(small)
    assert list(stored.requests) == list(small.requests)
    assert (stored.hash, stored.size) == (small.hash, small.size)
    assert forecast(stored) == forecast(small)
    part = list(stored.parts)[1]
    assert stored.parts[part][3:9:2] == list(small.parts[part][3:9:2])
    assert stored.parts[part][-1] == small.parts[part][-1]
    with pytest.raises(IndexError):
        stored.parts[part][80]


def test_equal_requests_are_asked_once_wherever_they_lie(large: None) -> None:
    both = planned(endpoint("http://127.0.0.1:1"), 80)
    assert both.size == 160
    assert len(both.requests) == len({q.key for q in both.requests}) == 80
    assert len(list(both.requests)) == 80


def test_a_run_of_a_plan_on_the_disk_has_the_same_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = open_model("mock/half-echo")
    small = run(planned(model, 40, REPEATED), model, options=Options(out=tmp_path / "small"))
    monkeypatch.setattr(plan, "IN_MEMORY", 0)
    for room in (judging, finish):
        monkeypatch.setattr(room, "AT_ONCE", 30)
    stored = run(planned(model, 40, REPEATED), model, options=Options(out=tmp_path / "large"))
    for name in ("samples", "estimates"):
        mine, others = (pq.read_table(one.path / f"{name}.parquet") for one in (stored, small))
        kept = [column for column in mine.column_names if column not in TIMES]
        assert mine.select(kept).equals(others.select(kept))
    assert stored.info["baselines"] == small.info["baselines"]
    assert stored.info["plan"] == small.info["plan"]


@pytest.mark.parametrize("id", sorted(registry.entries("benchmarks")))
def test_judges_say_the_same_of_samples_from_the_disk(
    id: str, mini: Callable[[str], DataFile]
) -> None:
    """Plain data comes back, with lists for tuples."""
    benchmark = registry.load("benchmarks", id)
    rows = [row for row in mini(benchmark.file).patched if benchmark.keep(row)]
    samples = finished(make_samples(benchmark.upright, rows, 0))
    kept = Spool(Sample)
    for sample in samples:
        kept.append(sample)
    again = list(kept.read(0, len(kept)))
    for name in ("oracle", "worst", "random"):
        responses = [Response(text=responder(name)(sample)) for sample in samples]
        judge = benchmark.upright.judge.judge
        assert judge(list(map(Answer, again, responses))) == judge(
            list(map(Answer, samples, responses))
        )
        assert [responder(name)(sample) for sample in again] == [r.text for r in responses]


@given(st.lists(st.text(max_size=40)), st.integers(0, 50), st.integers(0, 50), st.integers(1, 99))
def test_a_spool_gives_back_what_it_was_given(
    texts: list[str], start: int, stop: int, piece: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spool, "READ", piece)
        patch.setattr(spool, "WRITTEN", piece)
        kept = Spool(str)
        for text in texts:
            kept.append(text)
        first, last = min(start, len(texts)), min(stop, len(texts))
        assert list(kept.read(first, last)) == texts[first:last]
        assert len(kept) == len(texts)


def test_a_full_disk_is_named_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def write(self, content: bytes) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    kept = Spool(str)
    monkeypatch.setitem(vars(kept), "_file", Full())
    kept.append("x")
    with pytest.raises(StoreError, match=r"No space left.*TMPDIR"):
        list(kept.read(0, 1))


def benchmarks_of(count: int) -> dict[str, Benchmark]:
    asked = toy(
        samples=each(lambda row: structs.replace(to_sample(row), messages=ask(row["prompt"])))
    )
    return {f"truthfulness/toy-{n}": replace(asked, file=f"{n}.json") for n in range(count)}


def rows_of(count: int) -> Rows:
    """So many long questions, no two of which are equal."""

    def rows(benchmark: Benchmark, patched: bool) -> Sequence[Row]:
        texts = (f"{benchmark.file} {i}: {LONG}" for i in range(count))
        fields = ({"number": i, "prompt": text} for i, text in enumerate(texts))
        return [Row(benchmark.file, i, each) for i, each in enumerate(fields)]

    return rows


class Held(NamedTuple):
    """Bytes that were held at most, while planning and after it."""

    planning: int
    after: int


def held(benchmarks: int, questions: int, out: Path) -> Held:
    """By a whole run of so many benchmarks of so many questions."""
    model = open_model("mock/half-echo")
    settings = structs.replace(SUITE, score_sets=("upright",))
    tracemalloc.start()
    try:
        planned = make_plan(benchmarks_of(benchmarks), rows_of(questions), model, settings)
        planning = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        run(planned, model, options=Options(out=out))
        return Held(planning, tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is small against a few hundred questions."""
    monkeypatch.setattr(plan, "IN_MEMORY", 200)
    for room in (engine, desk, judging, finish):
        monkeypatch.setattr(room, "AT_ONCE", 100)
    monkeypatch.setattr(baselines, "ENOUGH", 100)
    monkeypatch.setattr(journal, "AT_HAND", 1_000)
    for buffer in ("READ", "WRITTEN"):
        monkeypatch.setattr(spool, buffer, 1_000)


def grown(few: Held, many: Held) -> Held:
    """Bytes for each of 600 questions more."""
    return Held((many.planning - few.planning) // 600, (many.after - few.after) // 600)


def test_memory_grows_by_a_fraction_of_what_is_asked(tmp_path: Path, small_pieces: None) -> None:
    held(1, 100, tmp_path / "first")  # what is imported and read once
    each = grown(held(3, 100, tmp_path / "few"), held(9, 100, tmp_path / "many"))
    assert each.planning < len(LONG) / 10
    assert each.after < len(LONG) / 6


def test_one_benchmark_is_in_memory_while_it_is_planned_and_a_fraction_of_it_afterwards(
    tmp_path: Path, small_pieces: None
) -> None:
    held(1, 100, tmp_path / "first")
    each = grown(held(1, 300, tmp_path / "few"), held(1, 900, tmp_path / "many"))
    # The words once, in a row and the sample made of it.
    assert each.planning < 1.6 * len(LONG)
    assert each.after < len(LONG) / 3
