"""Patience, and what is kept out of run.json."""

import asyncio
import gc
import threading
from collections.abc import Mapping, Sequence
from random import Random

import pytest

from tests.runs.test_judging import Said
from tests.runs.toy import HURRIED, planned, unneeded
from upright.core import Model, ModelError, ModelRefused, Outcome, Request, Response, StoreError
from upright.runs import Limits, Patience
from upright.runs.asking import engine
from upright.runs.asking.crew import Alone
from upright.runs.asking.engine import ask, drive
from upright.runs.asking.outage import GIVEN_UP
from upright.runs.asking.pace import Pace
from upright.runs.garbage import seldom_collected
from upright.runs.storing.secrets import without_secrets


def asked(failures: int, patience: Patience, **error: bool) -> Response:
    """The answer of a model that fails so many times first."""
    left = iter(range(failures))

    def say(request: Request) -> Response:
        if next(left, None) is not None:
            raise ModelError("not now", **error)
        return Response(text="Yes")

    model = Said(say)
    batch = [next(planned(model, 1).items).request]
    return asyncio.run(ask(model, batch, patience, Random(0), Pace(1, Limits(), 0.01)))[0]


def alone(model: Model) -> Pace:
    return Pace(model.concurrency, Limits(), 0.01)


def test_a_passing_failure_is_asked_again() -> None:
    response = asked(3, HURRIED)
    assert (response.text, response.attempts, response.error) == ("Yes", 4, None)


def test_patience_ends_in_an_error_with_its_reason() -> None:
    response = asked(99, HURRIED)
    assert response.attempts == HURRIED.max_attempts
    assert response.error == "not now (6 attempts)"
    assert response.finish_reason == GIVEN_UP


def test_what_cannot_pass_is_not_asked_again() -> None:
    assert asked(99, HURRIED, retryable=False).error == "not now"


def test_waits_grow_with_jitter_and_obey_the_server_within_reason() -> None:
    patience, random = Patience(first=1, longest=8, longest_obeyed=60), Random(0)
    waits = [[patience.pause(k, ModelError(""), random) for _ in range(200)] for k in range(1, 7)]
    assert [max(w) <= min(8, 2**k) for k, w in enumerate(waits)] == [True] * 6
    assert len(set(waits[3])) == 200
    assert 20 <= patience.pause(1, ModelError("", retry_after=20), random) <= 21
    assert patience.pause(1, ModelError("", retry_after=9999), random) <= 61
    assert Patience().pause(5000, ModelError(""), random) <= 30


def test_secrets_are_cut_from_command_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "plainlooking")
    told = ["upright", "run", "openai/x", "--base-url", "http://me:word@host/v1?api_key=abc"]
    told += ["--api-key", "abc", "--token=abc", "sk-0123456789abcdef", "a plainlooking word"]
    shown = " ".join(without_secrets(told))
    assert "upright run openai/x --base-url http://***@host/v1?api_key=***" in shown
    assert not any(s in shown for s in ("word@", "abc", "sk-", "plainlooking"))


class Waiting(Said):
    """Answers a moment later, as whatever lies behind a network does."""

    async def generate(self, requests: Sequence[Request]) -> list[Response]:
        await asyncio.sleep(0)
        return await super().generate(requests)


def test_what_comes_at_one_moment_is_handed_over_together_and_before_more_is_asked() -> None:
    asked: list[str] = []
    kept: list[int] = []
    safe: set[str] = set()

    def say(request: Request) -> Response:
        asked.append(request.key)
        # Four at a time: of all asked before the last four, every answer is safe.
        assert set(asked[:-4]) <= safe
        return Response(text="Yes")

    def received(came: Mapping[str, Response]) -> None:
        kept.append(len(came))
        safe.update(came)

    model = Waiting(say)
    requests = list(planned(model, 12).requests)
    asyncio.run(drive(model, requests, received, unneeded, HURRIED, alone(model)))
    assert kept == [4, 4, 4]
    assert asked == [r.key for r in requests]


def test_where_answers_cannot_be_kept_no_more_is_asked() -> None:
    asked: list[str] = []

    def say(request: Request) -> Response:
        asked.append(request.key)
        return Response(text="Yes")

    def received(came: Mapping[str, Response]) -> None:
        raise StoreError("the disk is full")

    model = Waiting(say)
    requests = list(planned(model, 12).requests)
    with pytest.raises(StoreError):
        asyncio.run(drive(model, requests, received, unneeded, HURRIED, alone(model)))
    assert len(asked) == 4, "those at once, and none after"


def test_answers_come_while_the_disk_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its thread goes on only when more was received: on the loop that would be never."""
    monkeypatch.setattr(engine, "HEARTBEAT", 0.001)
    more = threading.Event()
    waited: list[bool] = []

    class Slow:
        def received(self, came: Mapping[str, Response]) -> None:
            more.set()

        def under_way(self, elsewhere: Mapping[Outcome, int]) -> None:
            pass

        def heartbeat(self) -> None:
            if not waited:  # after the last answer it would wait in vain
                more.clear()
                waited.append(more.wait(10))

    class Answering(Said):
        async def generate(self, requests: Sequence[Request]) -> list[Response]:
            await asyncio.sleep(0.005)
            return await super().generate(requests)

    model = Answering(lambda request: Response(text="Yes"))
    crew = Alone(HURRIED, Limits())
    asked = crew.ask(model, list(planned(model, 12).requests), Slow(), again=False)
    asyncio.run(asked)
    assert waited == [True]


def test_the_disk_has_its_time_while_the_last_answers_are_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And does not make anybody wait after them."""
    monkeypatch.setattr(engine, "HEARTBEAT", 60.0)
    requests = list(planned(Said(lambda request: Response()), 12).requests)
    beats: list[int] = []

    class Answering(Said):
        async def generate(self, requests: Sequence[Request]) -> list[Response]:
            found = await super().generate(requests)
            while requests[0] is last and not beats:
                await asyncio.sleep(0.001)
            return found

    async def heartbeat() -> None:
        beats.append(len(model.asked))

    last = requests[-1]
    model = Answering(lambda request: Response(text="Yes"))
    safe: set[str] = set()
    asyncio.run(drive(model, requests, safe.update, heartbeat, HURRIED, alone(model)))
    assert beats == [len(requests)] == [len(safe)]


def test_what_came_before_a_refusal_is_handed_over() -> None:
    left = iter(range(3))
    safe: set[str] = set()

    def say(request: Request) -> Response:
        if next(left, None) is None:
            raise ModelRefused("the key is wrong")
        return Response(text="Yes")

    model = Said(say)
    requests = list(planned(model, 12).requests)
    with pytest.raises(ModelRefused):
        asyncio.run(drive(model, requests, safe.update, unneeded, HURRIED, alone(model)))
    assert safe == {r.key for r in requests[:3]}


def test_garbage_is_looked_for_seldom_and_then_as_before() -> None:
    before = gc.get_threshold()
    with seldom_collected():
        assert gc.get_threshold()[0] > before[0]
    assert gc.get_threshold() == before
