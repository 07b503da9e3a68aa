"""What is judged while answers are still to come changes nothing but when."""

import asyncio
from collections.abc import Iterator, Mapping
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
    answers, work = answers_of(one), Early(one, 1)
    work.came(answers, 9)
    work.came(answers, 9)  # again, as from a worker that died after it had told
    done(work, 100)
    for part, items in one.parts.items():
        judged = judge_part(one.score_set(*part), items, answers, {})
        assert work.judged[part] == judged
        assert sorted(work.made[part].places) == list(range(len(items)))
    assert read_by(work) == one.size
    assert work.baselines == baselines(one)


def test_nothing_is_done_before_the_first_answer_nor_while_they_come() -> None:
    one = planned(MODEL, 40)
    work = Early(one, 1)
    pieces = work.work()
    next(pieces)
    for key, answer in answers_of(one).items():
        work.came({key: answer}, 9)
        next(pieces)
    assert not work.baselines
    assert not read_by(work)
    next(pieces)
    assert not read_by(work)  # the baselines come first, in pieces
    for _ in range(50):
        next(pieces)
    assert work.baselines
    assert read_by(work) == one.size


def test_once_the_last_question_is_out_answers_are_read_while_others_come() -> None:
    one = planned(MODEL, 40)
    work, answers = Early(one, 5), answers_of(one)
    pieces = work.work()
    for missing, (key, answer) in zip(reversed(range(len(answers))), answers.items(), strict=True):
        work.came({key: answer}, missing)
        next(pieces)
        assert missing <= 5 or not work.baselines
    assert work.baselines
    done(work, 50)
    assert read_by(work) == one.size


def test_what_lies_on_the_disk_or_may_stop_early_waits_for_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    until = msgspec.structs.replace(SUITE, until=0.1)
    monkeypatch.setattr(plan, "IN_MEMORY", 40)
    for one, kept in ((planned(MODEL, 40), 40), (planned(MODEL, 40, until), 0)):
        work = Early(one, 1)
        work.came(answers_of(one), 9)
        done(work, 100)
        assert read_by(work) == kept


@pytest.mark.parametrize(("looks", "all_"), [(6, False), (50, True)])
def test_a_run_judged_early_has_the_same_tables(
    looks: int, all_: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = carry_out(MODEL, tmp_path / "late")
    judged: list[int] = []
    made: list[int] = []

    class Eager(Early):
        def came(self, answers: Mapping[str, Response], missing: int) -> None:
            super().came(answers, missing)
            done(self, looks)
            judged.append(read_by(self))
            made.append(sum(len(part.places) for part in self.made.values()))

    monkeypatch.setattr("upright.runs.conduct.Early", Eager)
    monkeypatch.setattr(early, "PIECE", 7)
    soon = carry_out(MODEL, tmp_path / "soon")
    assert 0 < judged[-1] == made[-1]
    assert (made[-1] == len(soon.samples)) == all_
    for name in ("samples", "estimates"):
        mine, others = (pq.read_table(one.path / f"{name}.parquet") for one in (soon, late))
        columns = [c for c in mine.column_names if c != "latency_s"]
        assert mine.select(columns).equals(others.select(columns))
    assert soon.info["baselines"] == late.info["baselines"]


def test_work_goes_on_while_something_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PAUSE", 0)
    monkeypatch.setattr(waiting, "IDLE", 0)

    async def wait() -> int:
        enough = asyncio.Event()

        def work() -> Iterator[bool]:
            for number in range(5):
                yield number % 2 == 0
            enough.set()
            while True:
                yield False

        async with meanwhile(work()):
            await enough.wait()
        return 5

    assert asyncio.run(wait()) == 5


def test_what_fails_meanwhile_is_heard() -> None:
    def work() -> Iterator[bool]:
        yield True
        raise ValueError("a bug in a judge")

    async def wait() -> None:
        async with meanwhile(work()):
            await asyncio.sleep(0.05)

    with pytest.raises(ValueError, match="a bug in a judge"):
        asyncio.run(wait())


def test_stopped_at_the_end_of_work_meanwhile_is_stopped() -> None:
    def work() -> Iterator[bool]:
        while True:
            yield True

    async def wait() -> None:
        task = asyncio.current_task()
        assert task
        async with meanwhile(work()):
            await asyncio.sleep(0.02)
            asyncio.get_running_loop().call_soon(task.cancel)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(wait())
