"""Limits, adaptive concurrency and the order of requests, by a clock that stands still."""

import asyncio
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pytest

from tests.runs.test_judging import Said
from tests.runs.toy import HURRIED, carry_out, endpoint, planned
from tests.server import serving
from upright.core import ModelError, ModelRefused, Outcome, Request, Response, UsageError, ask
from upright.models._order import by_prefix
from upright.runs import Patience
from upright.runs.asking import crew
from upright.runs.asking.crew import Alone
from upright.runs.asking.limits import Bucket, Limits, Meter, check_sizes
from upright.runs.asking.pace import ROUND, Among, Pace


class Clock:
    """Stands still but for those who sleep."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def pace(clock: Clock, most: int = 16, limits: Limits | None = None) -> Pace:
    return Pace(most, limits or Limits(), 60.0, clock, clock.sleep)


def request(prompt: str = "Is 4 even?", system: str = "", max_tokens: int = 8) -> Request:
    return Request(model="m", messages=ask(prompt, system), max_tokens=max_tokens)


def test_processes_that_share_a_model_have_their_share_of_its_limits() -> None:
    whole, half = (Meter(Limits(rpm=120), 0.0, share) for share in (1.0, 0.5))
    assert [whole.take(BATCH, 0.0) for _ in range(4)] == [0.0, 0.0, 0.5, 1.0]
    assert [half.take(BATCH, 0.0) for _ in range(4)] == [0.0, 1.0, 2.0, 3.0]


def test_a_question_larger_than_a_minute_has_room_for_is_refused_instead_of_waiting() -> None:
    """12 tokens of the prompt and 88 of the answer."""
    large = [request("x" * 47, max_tokens=88)]
    assert Meter(Limits(tpm=100), 0.0, share=0.1).take(large, 0.0) > 0
    check_sizes(large, Limits(tpm=100))
    check_sizes(large, Limits(rpm=1))
    with pytest.raises(ModelRefused, match=r"--tpm 99 .* 100 tokens: about 12 .* 88 of"):
        Meter(Limits(tpm=99), 0.0).take(large, 0.0)
    with pytest.raises(UsageError, match="--max-tokens"):
        check_sizes([*BATCH, *large], Limits(tpm=99))


def test_what_one_process_is_told_all_obey_and_once() -> None:
    """Two paces that pass on what they are told, as workers do."""
    clock = Clock()
    paces: list[Pace] = []
    told: list[tuple[int, float | None, float | None]] = []

    def telling(number: int) -> Among:
        def tell(age: float | None, wait: float | None) -> None:
            told.append((number, age, wait))
            paces[1 - number].hear(age, wait)

        return Among(0.5, tell)

    paces += [Pace(8, Limits(), 60.0, clock, clock.sleep, telling(n)) for n in (0, 1)]
    began = asyncio.run(paces[0].enter(BATCH))
    clock.now += 0.5
    paces[0].failed(began, BUSY)
    assert [p.width for p in paces] == [4.0, 4.0]
    # The other one's call was under way with it: no second halving, and nothing more to say.
    paces[1].failed(began, BUSY)
    assert [p.width for p in paces] == [4.0, 4.0]
    assert told == [(0, 0.5, None)]
    # Nor for one that it begins while the other's, which fill the server, are still under way.
    clock.now += 0.1
    paces[1].failed(clock.now - 0.05, BUSY)
    assert [p.width for p in paces] == [4.0, 4.0]
    paces[1].failed(clock.now, ModelError("HTTP 429", retry_after=7.0))
    assert told[1:] == [(1, None, 7.0)]
    before = clock.now
    asyncio.run(paces[0].enter(BATCH))
    assert clock.now - before == pytest.approx(7.0)
    paces[0].failed(clock.now, BUSY)
    assert [p.width for p in paces] == [2.0, 2.0]
    for p in paces:
        p.width = 4.0
    # Together they grow by one call a round, not by one each.
    for p in paces:
        for _ in range(4):
            p.answered(clock.now, BATCH, ANSWER)
    assert sum(p.width for p in paces) == pytest.approx(9.0, abs=0.1)


BATCH = [request()]
BUSY = ModelError("HTTP 429", overloaded=True)
ANSWER = [Response(text="Yes")]


def test_a_bucket_lets_through_what_a_minute_allows_and_keeps_turns() -> None:
    bucket = Bucket(120, now=0.0)
    assert [bucket.take(1, 0.0) for _ in range(6)] == [0.0, 0.0, 0.5, 1.0, 1.5, 2.0]
    assert bucket.take(1, 2.0) == 0.5
    assert bucket.take(1, 60.0) == 0.0
    assert bucket.take(2, 60.0) == 0.5


def test_over_any_minute_no_more_than_the_limit_and_one_burst() -> None:
    bucket, now, times = Bucket(90, now=0.0), 0.0, []
    for _ in range(500):
        now += bucket.take(1, now)
        times.append(now)
    for start in times:
        assert sum(start <= time < start + 60 for time in times) <= 90 + 2


def test_tokens_that_were_not_used_are_given_back() -> None:
    asked = [request(max_tokens=57)]  # and 3 for the prompt
    meter = Meter(Limits(tpm=3600), 0.0)
    assert [meter.take(asked, 0.0) for _ in range(2)] == [0.0, 1.0]
    meter.settle(asked, [Response(prompt_tokens=3, completion_tokens=27)])
    assert meter.take(asked, 0.0) == 1.5
    meter.settle(asked, [Response(text="without usage")])
    assert meter.take(asked, 0.0) == 2.5


def test_both_limits_hold() -> None:
    meter = Meter(Limits(rpm=60, tpm=3600), 0.0)
    small, large = [request(max_tokens=7)], [request(max_tokens=357)]
    assert [meter.take(b, 0.0) for b in (small, small, large)] == [
        0.0,
        1.0,
        pytest.approx(5.33, 0.01),
    ]


def test_the_limit_is_waited_for_before_asking() -> None:
    async def ask_four(clock: Clock) -> list[float]:
        steady = pace(clock, limits=Limits(rpm=60))
        begun = []
        for _ in range(4):
            begun.append(await steady.enter(BATCH))
            steady.leave()
        return begun

    assert asyncio.run(ask_four(Clock())) == [100.0, 101.0, 102.0, 103.0]


def test_whose_turn_comes_while_the_server_is_left_alone_waits_on() -> None:
    clock = Clock()

    async def pushed_back_meanwhile(seconds: float) -> None:
        await clock.sleep(seconds)
        if len(clock.slept) == 1:
            steady.failed(clock.now, ModelError("HTTP 429", retry_after=7.0))

    steady = Pace(16, Limits(rpm=60), 60.0, clock, pushed_back_meanwhile)

    async def ask_five() -> list[float]:
        return [await steady.enter(BATCH) for _ in range(5)]

    # The second one's turn was at 101. At the end of the pause the others do not all go at once.
    assert asyncio.run(ask_five()) == [100.0, 108.0, 109.0, 110.0, 111.0]


def test_a_crowd_that_meets_a_full_server_is_halved_once_and_grows_back() -> None:
    clock = Clock()
    steady = pace(clock)
    for _ in range(16):
        steady.failed(100.0, BUSY)
        clock.now += 0.01
    assert steady.width == 8
    steady.failed(clock.now, BUSY)
    assert steady.width == 4
    widths = []
    for _ in range(3):
        for _ in range(int(steady.width)):
            steady.answered(clock.now, BATCH, ANSWER)
        widths.append(steady.width)
    assert widths == pytest.approx([4.9, 5.7, 6.5], abs=0.1)
    for _ in range(1000):
        steady.answered(clock.now, BATCH, ANSWER)
    assert steady.width == 16


def test_one_call_is_always_let_through() -> None:
    clock = Clock()
    steady = pace(clock, 2)
    for _ in range(5):
        clock.now += 1
        steady.failed(clock.now, BUSY)
    assert steady.width == 1


def test_other_failures_leave_the_pace_alone() -> None:
    steady = pace(Clock())
    steady.failed(200.0, ModelError("The connection broke"))
    assert steady.width == 16


def test_all_leave_a_server_alone_for_as_long_as_it_asks_within_reason() -> None:
    clock = Clock()
    steady = pace(clock)
    steady.failed(100.0, ModelError("HTTP 429", retry_after=7.0, overloaded=True))
    assert asyncio.run(steady.enter(BATCH)) == 107.0
    steady.failed(107.0, ModelError("HTTP 503", retry_after=9999.0))
    assert asyncio.run(steady.enter(BATCH)) == 167.0


def answers(per_token: float, tokens: int = 20) -> list[Response]:
    return [Response(completion_tokens=tokens, latency=per_token * tokens)]


def test_answers_that_come_far_more_slowly_than_they_did_halve_the_crowd() -> None:
    clock = Clock()
    steady = pace(clock)
    for speed, width in ((0.01, 16), (0.03, 16), (0.05, 8), (0.05, 16)):
        clock.now += 1
        for _ in range(ROUND):
            steady.answered(clock.now, BATCH, answers(speed))
        assert (int(steady.width) == 8) == (width == 8), speed
        for _ in range(200 if width == 8 else 0):
            steady.answered(clock.now, BATCH, ANSWER)


def test_short_answers_are_no_measure_of_speed() -> None:
    steady = pace(Clock())
    for seconds in (0.001, 10.0):
        for _ in range(ROUND):
            steady.answered(101.0, BATCH, answers(seconds, tokens=2))
    assert steady.width == 16


def test_never_more_at_once_than_the_pace_allows_and_nobody_is_left_waiting() -> None:
    most_under_way = 0

    async def crowd() -> int:
        nonlocal most_under_way
        clock = Clock()
        steady = pace(clock, 8)
        steady.failed(100.0, BUSY)
        done = under_way = 0

        async def work() -> None:
            nonlocal most_under_way, done, under_way
            await steady.enter(BATCH)
            under_way += 1
            most_under_way = max(most_under_way, under_way)
            await asyncio.sleep(0)
            under_way -= 1
            done += 1
            steady.leave()

        await asyncio.gather(*(work() for _ in range(40)))
        return done

    assert asyncio.run(crowd()) == 40
    assert most_under_way == 4


def test_requests_that_begin_alike_stand_together() -> None:
    long = "A long text that many questions are about. "
    told = [(f"{long}Who?", "Be brief."), ("Hello", ""), (f"{long}When?", "Be brief.")]
    told += [(f"{long}Where?", "")]
    ordered = by_prefix([request(*one) for one in told])
    assert [(q.messages[-1].content[-6:], len(q.messages)) for q in ordered] == [
        (" When?", 2),
        (". Who?", 2),
        ("Where?", 1),
        ("Hello", 1),
    ]


class Unheeded:
    """A receiver that keeps nothing."""

    def received(self, came: Mapping[str, Response]) -> None:
        pass

    def under_way(self, elsewhere: Mapping[Outcome, int]) -> None:
        pass

    def heartbeat(self) -> None:
        pass


def asked_by_turns(
    monkeypatch: pytest.MonkeyPatch, model: Said, limits: Limits
) -> tuple[Clock, Alone]:
    """Eight questions, each by itself: as the rounds of a run that may stop early ask them."""
    clock = Clock()
    monkeypatch.setattr(crew, "Pace", partial(Pace, clock=clock, sleep=clock.sleep))
    alone = Alone(HURRIED, limits)

    async def ask_all() -> None:
        for request in planned(model, 8).requests:
            await alone.ask(model, [request], Unheeded(), again=False)

    asyncio.run(ask_all())
    return clock, alone


def test_the_limits_hold_however_few_are_asked_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Said(lambda request: Response(text="Yes"))
    clock, _ = asked_by_turns(monkeypatch, model, Limits(rpm=60))
    assert (len(model.asked), clock.now) == (8, 107.0)


def test_what_a_server_bears_is_remembered_from_round_to_round(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    busy = iter([True])

    def say(request: Request) -> Response:
        if next(busy, False):
            raise BUSY
        return Response(text="Yes")

    model = Said(say, concurrency=64)
    _, alone = asked_by_turns(monkeypatch, model, Limits())
    assert alone.asker(model).pace.width < 33


def test_a_run_with_limits_asks_in_order_and_scores_everything(tmp_path: Path) -> None:
    prompts: list[str] = []

    def answer(prompt: str) -> str:
        prompts.append(prompt)
        return "Yes."

    with serving(answer=answer, rates={"429": 0.1}) as server:
        run = carry_out(
            endpoint(server.url, concurrency=1), tmp_path, limits=Limits(rpm=600_000, tpm=9_000_000)
        )
    assert prompts == sorted(prompts)
    assert run.samples.value.notna().all()
    assert max(server.answered.values()) == 1


def test_a_server_that_takes_few_calls_at_once_answers_everything_once(tmp_path: Path) -> None:
    patience = Patience(max_attempts=30, first=0.001, longest_obeyed=0.01)
    with serving(capacity=4, delay=0.01) as server:
        run = carry_out(endpoint(server.url, concurrency=32), tmp_path, 120, patience=patience)
    assert run.samples.value.notna().all()
    assert set(server.answered.values()) == {1}
    # Thirty-two ask at once and most are turned away; from then on few are.
    turned_away = sum(entry["fault"] == "429" for entry in server.log)
    assert 28 <= turned_away < 120
