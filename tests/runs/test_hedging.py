"""`--hedge`: slow calls are made twice, and every question is answered once."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.runs.toy import HURRIED, carry_out, endpoint, planned, staffed, unneeded
from tests.server import serving
from upright.core import ModelError, ModelRefused, Request, Response
from upright.models import ModelOptions, open_model
from upright.reports import load_profile
from upright.reports.provenance import facts
from upright.runs import Limits
from upright.runs.asking.engine import drive
from upright.runs.asking.hedging import FEWEST, MOST, Hedged, Recent, hedged
from upright.runs.asking.pace import Pace

NEVER = 30.0
"""Seconds that no test waits for: whoever sleeps so long is cancelled."""
USUAL = 0.005
COUNT = 250


@dataclass(frozen=True)
class After:
    """Waits until so many calls of the question were begun and ended, then does as `then` says."""

    begun: int
    ended: int
    then: ModelError | None = None


Step = float | ModelError | After
"""What a call does: answer after so many seconds, fail, or wait for the other call."""
REQUESTS = list(planned(open_model("mock/random"), 60).requests)


@dataclass
class Scripted:
    """Each question's calls do what is written, the last step again and again."""

    steps: Callable[[Request], Sequence[Step]]
    calls: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    cancelled: int = 0
    under_way: int = 0
    most_under_way: int = 0

    def batches(self, requests: Sequence[Request]) -> Iterator[Sequence[Request]]:
        return ([request] for request in requests)

    async def generate(self, requests: Sequence[Request]) -> list[Response]:
        [request] = requests
        steps = self.steps(request)
        place = self.calls[request.key]
        step = steps[min(place, len(steps) - 1)]
        self.calls[request.key] += 1
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await self._wait(step, request.key)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.ended[request.key] += 1
            self.under_way -= 1
        failure = step.then if isinstance(step, After) else step
        if isinstance(failure, ModelError):
            raise failure
        return [Response(text=f"call {place + 1}")]

    async def _wait(self, step: Step, key: str) -> None:
        if isinstance(step, After):
            while self.calls[key] < step.begun or self.ended[key] < step.ended:
                await asyncio.sleep(0)
        else:
            await asyncio.sleep(step if isinstance(step, float) else 0)


def practised() -> Recent:
    """After as many calls as it takes to know what is slow."""
    recent = Recent()
    for _ in range(FEWEST):
        recent.took(USUAL)
    return recent


def pace(limits: Limits | None = None) -> Pace:
    return Pace(4, limits or Limits(), 60)


def asked(*steps: Step, pace_: Pace | None = None) -> tuple[Response, Scripted]:
    """One question, after many quick ones."""
    model = Scripted(lambda request: steps)
    [response] = run(Hedged(model, pace_ or pace(), practised()).generate(REQUESTS[:1]))
    return response, model


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


def overloaded() -> ModelError:
    return ModelError("429", overloaded=True)


def test_a_slow_call_is_made_again_and_the_first_good_answer_counts() -> None:
    response, model = asked(NEVER, 0.0)
    assert (response.text, response.hedged) == ("call 2", True)
    assert response.latency >= USUAL
    assert model.cancelled == 1


def test_the_first_call_may_still_win() -> None:
    response, model = asked(After(2, 0), NEVER)
    assert (response.text, response.hedged) == ("call 1", True)
    assert model.cancelled == 1


def test_a_call_like_most_is_made_once() -> None:
    response, model = asked(0.0)
    assert not response.hedged
    assert model.calls.total() == 1


def test_nothing_is_slow_before_enough_is_known() -> None:
    recent = Recent()
    for seconds in range(FEWEST - 1):
        recent.took(float(seconds))
        assert recent.slow is None
    recent.took(FEWEST - 1.0)
    assert recent.slow == 0.95 * FEWEST


def test_a_failing_first_call_waits_for_its_hedge() -> None:
    """The hedge begins before it fails: a timeout, say."""
    paced = pace()
    response, _ = asked(After(2, 0, overloaded()), After(2, 1), pace_=paced)
    assert (response.text, response.hedged) == ("call 2", True)
    assert paced.width == 4


@pytest.mark.parametrize("sooner", [1, 2])
def test_where_both_fail_the_first_error_counts_and_the_pace_is_halved_once(sooner: int) -> None:
    """Whichever fails sooner."""
    paced = pace()
    errors = [ModelError(f"call {place}", overloaded=True) for place in (1, 2)]
    steps = [After(2, int(sooner != place), errors[place - 1]) for place in (1, 2)]

    async def one() -> None:
        began = await paced.enter(REQUESTS[:1])
        with pytest.raises(ModelError, match="call 1") as raised:
            await Hedged(Scripted(lambda r: steps), paced, practised()).generate(REQUESTS[:1])
        paced.failed(began, raised.value)

    run(one())
    assert paced.width == 2


def test_a_hedge_that_is_pushed_back_slows_the_pace_down() -> None:
    paced = pace()
    response, _ = asked(After(2, 1), overloaded(), pace_=paced)
    assert response.text == "call 1"
    assert paced.width == 2


def test_a_refusal_ends_both() -> None:
    model = Scripted(lambda request: (NEVER, ModelRefused("the key is wrong")))
    with pytest.raises(ModelRefused):
        run(Hedged(model, pace(), practised()).generate(REQUESTS[:1]))
    assert model.cancelled == 1


def test_no_hedge_while_the_server_pushes_back() -> None:
    halved, held = pace(), pace()
    halved.hear(0.0, None)
    held.hear(None, 30.0)
    for paced in (halved, held):
        response, model = asked(4 * USUAL, NEVER, pace_=paced)
        assert not response.hedged
        assert model.calls.total() == 1


@pytest.mark.parametrize("limits", [Limits(rpm=60), Limits(tpm=1500)])
def test_a_hedge_takes_its_place_within_the_limits(limits: Limits) -> None:
    """The call itself has taken most of what there is in a second."""
    paced = pace(limits)

    async def one() -> tuple[Response, int]:
        model = Scripted(lambda request: (4 * USUAL, NEVER))
        await paced.enter(REQUESTS[:1])
        [response] = await Hedged(model, paced, practised()).generate(REQUESTS[:1])
        return response, model.calls.total()

    response, calls = run(one())
    assert (response.hedged, calls) == (False, 1)
    assert asked(NEVER, 0.0, pace_=pace(Limits(rpm=6000)))[0].hedged


def test_cancelled_both_calls_end() -> None:
    model = Scripted(lambda request: (NEVER,))

    async def interrupted() -> None:
        work = asyncio.create_task(Hedged(model, pace(), practised()).generate(REQUESTS[:1]))
        while model.calls.total() < 2:
            await asyncio.sleep(USUAL)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work

    run(interrupted())
    assert (model.cancelled, model.under_way) == (2, 0)


def some_steps(random: Random) -> list[Step]:
    likely: list[Step] = [0.0, 0.0, 0.0, 0.002, 0.02, overloaded()]
    return random.choices(likely, k=3)


def test_every_question_gets_one_response_and_hedges_are_few() -> None:
    """Whatever is slow and whatever fails; twenty at once, as they mostly wait."""

    async def all_() -> None:
        await asyncio.gather(*map(asked_by_chance, range(20)))

    run(all_())


async def asked_by_chance(seed: int) -> None:
    random = Random(seed)
    steps = {request.key: some_steps(random) for request in REQUESTS}
    model, recent, paced = Scripted(lambda r: steps[r.key]), Recent(), pace()
    for _ in range(FEWEST):
        recent.took(0.001)
    came: Counter[str] = Counter()
    found: dict[str, Response] = {}

    def received(some: Mapping[str, Response]) -> None:
        came.update(some.keys())
        found.update(some)
        assert recent.hedges <= MOST * recent.calls + 1, f"seed {seed}"

    asks = Hedged(model, paced, recent)
    await drive(asks, REQUESTS, received, unneeded, HURRIED, paced)
    assert came == Counter(r.key for r in REQUESTS)
    assert model.calls.total() == recent.calls + recent.hedges
    assert sum(r.hedged for r in found.values()) <= recent.hedges
    assert model.most_under_way <= paced.most + recent.hedges
    assert model.under_way == 0


def test_only_an_endpoint_that_is_told_to_is_hedged() -> None:
    address = ModelOptions(base_url="http://127.0.0.1:1", hedge=True)
    assert isinstance(hedged(open_model("openai/x", address), pace(), Recent()), Hedged)
    for model in (
        open_model("openai/x", ModelOptions(base_url="http://127.0.0.1:1")),
        open_model("mock/oracle", address),
    ):
        assert hedged(model, pace(), Recent()) is model


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_counts_its_hedges_whoever_asks(tmp_path: Path, workers: int) -> None:
    """A few of 250 calls take 0.3 s, if they are made once."""
    with serving(rates={"delay": 0.03}) as server:
        model = endpoint(server.url, concurrency=8, hedge=True)
        staffing = staffed(server.url, workers, concurrency=8, hedge=True)
        done = carry_out(model, tmp_path / "hedged", COUNT, staffing=staffing)
        calls = server.seen.total()
        server.rates = {}  # an answer is the same without the wait
        plain = carry_out(endpoint(server.url), tmp_path / "plain", COUNT)
    told = done.info["calls"]
    assert 1 <= told["hedged"] <= MOST * told["asked"] + workers
    assert told["asked"] == COUNT < calls <= told["asked"] + told["hedged"]
    of_this_time = ["latency_s", "attempts"]
    assert done.samples.drop(columns=of_this_time).equals(plain.samples.drop(columns=of_this_time))
    assert "hedged" not in plain.info["calls"]
    shown = facts(load_profile(done.path).run)["Model"]
    assert shown["asked twice at once (--hedge)"] == str(told["hedged"])
