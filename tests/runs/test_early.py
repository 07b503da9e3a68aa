"""What is judged while answers are still to come changes nothing but when."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest

from tests.runs.toy import SUITE, carry_out, planned
from upright.core import Response
from upright.models import open_model
from upright.models.mock import responder
from upright.runs import Plan, plan
from upright.runs.asking import meanwhile as waiting
from upright.runs.asking.meanwhile import meanwhile
from upright.runs.scoring import early
from upright.runs.scoring.baselines import baselines
from upright.runs.scoring.early import Early
from upright.runs.scoring.judging import judge_part

MODEL = open_model("mock/half-echo")


def answers_of(one: Plan) -> dict[str, Response]:
    say = responder("half-echo")
    return {item.key: Response(text=say(item.sample)) for item in one.items}


def done(work: Early, looks: int) -> Early:
    pieces = work.work()
    for _ in range(looks):
        next(pieces)
    return work


def read_by(work: Early) -> int:
    """How many answers."""
    return sum(one is not None for part in work.judged.values() for one in part)


def test_verdicts_and_baselines_are_those_of_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(early, "PIECE", 7)
    one = planned(MODEL, 40)
    answers, work = answers_of(one), Early(one)
    work.came(answers)
    done(work, 100)
    for part, items in one.parts.items():
        judged = judge_part(one.score_set(*part), items, answers, {})
        assert work.judged[part] == judged
    assert read_by(work) == one.size
    assert work.baselines == baselines(one)


def test_nothing_is_done_before_the_first_answer_nor_while_they_come() -> None:
    one = planned(MODEL, 40)
    work = Early(one)
    pieces = work.work()
    next(pieces)
    for key, answer in answers_of(one).items():
        work.came({key: answer})
        next(pieces)
    assert not work.baselines
    assert not read_by(work)
    next(pieces)
    assert not read_by(work)  # the baselines come first, in pieces
    for _ in range(50):
        next(pieces)
    assert work.baselines
    assert read_by(work) == one.size


def test_what_lies_on_the_disk_or_may_stop_early_waits_for_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    until = msgspec.structs.replace(SUITE, until=0.1)
    monkeypatch.setattr(plan, "IN_MEMORY", 40)
    for one, kept in ((planned(MODEL, 40), 40), (planned(MODEL, 40, until), 0)):
        work = Early(one)
        work.came(answers_of(one))
        done(work, 100)
        assert read_by(work) == kept


def test_a_run_judged_early_has_the_same_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = carry_out(MODEL, tmp_path / "late")
    judged: list[int] = []

    class Eager(Early):
        def came(self, answers: object) -> None:
            super().came(answers)  # type: ignore[arg-type]
            done(self, 50)
            judged.append(read_by(self))

    monkeypatch.setattr("upright.runs.conduct.Early", Eager)
    soon = carry_out(MODEL, tmp_path / "soon")
    assert judged[-1] == len(soon.samples)
    for name in ("samples", "estimates"):
        mine, others = (pq.read_table(one.path / f"{name}.parquet") for one in (soon, late))
        columns = [c for c in mine.column_names if c != "latency_s"]
        assert mine.select(columns).equals(others.select(columns))
    assert soon.info["baselines"] == late.info["baselines"]


def test_work_goes_on_while_something_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PAUSE", 0)

    async def wait() -> int:
        enough = asyncio.Event()

        def work() -> Iterator[None]:
            for _ in range(5):
                yield
            enough.set()
            while True:
                yield

        async with meanwhile(work()):
            await enough.wait()
        return 5

    assert asyncio.run(wait()) == 5


def test_what_fails_meanwhile_is_heard() -> None:
    def work() -> Iterator[None]:
        yield
        raise ValueError("a bug in a judge")

    async def wait() -> None:
        async with meanwhile(work()):
            await asyncio.sleep(0.05)

    with pytest.raises(ValueError, match="a bug in a judge"):
        asyncio.run(wait())


def test_stopped_at_the_end_of_work_meanwhile_is_stopped() -> None:
    def work() -> Iterator[None]:
        while True:
            yield

    async def wait() -> None:
        task = asyncio.current_task()
        assert task
        async with meanwhile(work()):
            await asyncio.sleep(0.02)
            asyncio.get_running_loop().call_soon(task.cancel)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(wait())
