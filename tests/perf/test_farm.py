"""The simulated farm loses nothing, keeps to limits, and agrees with what can be worked out."""

from dataclasses import replace
from itertools import pairwise

import pytest
from _farm import Costs, Endpoint, Farm, simulate

from upright.runs.asking.limits import BURST, Limits

COSTS = Costs(
    fixed=0.1,
    before=8e-5,
    hand_out=8e-6,
    boot=0.5,
    service=2e-4,
    alone=2e-4,
    take_over=1e-5,
    after=6e-5,
)
FARM = Farm(
    questions=2000, workers=3, connections=96, endpoint=Endpoint(median=0.2), costs=COSTS, seed=1
)


@pytest.mark.parametrize(
    "farm",
    [
        FARM,
        replace(FARM, workers=0),
        replace(FARM, workers=64, connections=64),
        replace(FARM, life=1.0),
        replace(FARM, endpoint=Endpoint(median=0.2, at_once=30)),
        replace(FARM, endpoint=Endpoint(median=0.2, slow=0.01)),
        replace(FARM, questions=2, workers=8),
    ],
)
def test_every_question_is_answered_once(farm: Farm) -> None:
    told = simulate(farm)
    assert (told.answered, told.given_up) == (farm.questions, 0)
    assert (told.died > 0) == bool(farm.life)
    assert (told.turned_away > 0) == bool(farm.endpoint.at_once)
    # Only calls of workers that died are made twice.
    lost = len(told.begun) - farm.questions
    assert 0 <= lost <= told.died * farm.connections


@pytest.mark.parametrize("workers", [0, 2, 7])
def test_no_minute_has_more_calls_than_the_limit(workers: int) -> None:
    rpm = 1200
    told = simulate(replace(FARM, workers=workers, limits=Limits(rpm=rpm)))
    most = rpm + rpm / 60 * BURST + max(1, workers)
    begun = list(told.begun)
    assert all(late - early >= 60 for early, late in zip(begun, begun[int(most) :], strict=False))
    assert all(early <= late for early, late in pairwise(begun))
    assert told.asking == pytest.approx(60 * FARM.questions / rpm, rel=0.1)


def test_one_process_without_limits_is_the_closed_form() -> None:
    endpoint = Endpoint(median=0.5, sigma=0.0)
    few = replace(FARM, workers=0, questions=5000, connections=50, endpoint=endpoint)
    assert simulate(few).asking == pytest.approx(5000 / (50 / (0.5 + COSTS.alone)), rel=0.05)
    many = replace(few, connections=5000, endpoint=Endpoint(median=0.0))
    assert simulate(many).asking == pytest.approx(5000 * COSTS.alone, rel=0.05)


@pytest.mark.parametrize("endpoint", [Endpoint(median=0.2), Endpoint(median=0.2, slow=0.01)])
def test_no_worker_is_worth_more_than_one(endpoint: Endpoint) -> None:
    alone = simulate(replace(FARM, workers=0, connections=32, endpoint=endpoint)).wall
    for workers in (1, 2, 8):
        farm = replace(FARM, workers=workers, connections=32 * workers, endpoint=endpoint)
        assert alone / simulate(farm).wall / workers <= 1


def test_a_simulation_repeats_and_the_seed_matters() -> None:
    assert simulate(FARM) == simulate(FARM)
    assert simulate(FARM) != simulate(replace(FARM, seed=2))
