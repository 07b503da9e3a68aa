"""How much of a cluster each worker takes. Whatever is asked for, all workers of a run fit in."""

from collections.abc import Mapping, Sequence

import pytest

from upright.models import ModelOptions
from upright.runs import Reached
from upright.runs.workers.places import Places

ENDPOINT = Reached("openai/x", ModelOptions())
LOCAL = Reached("local/x", ModelOptions())
ON_CPU = Reached("local/y", ModelOptions(device="cpu", threads=3))


def places(
    cores: Sequence[int], gpus: int, *asked: Reached, wanted: int | None = None
) -> tuple[Places, Mapping[str, Reached]]:
    models = {reached.spec: reached for reached in asked}
    made = Places(cores=cores, gpus=gpus, asked=models, wanted=wanted)
    return made, made.models


def test_an_endpoint_is_asked_from_every_core() -> None:
    made, models = places([4, 4, 2], 0, ENDPOINT)
    assert made.number == 10
    assert models["openai/x"].copies is None
    assert made.needs("openai/x", ModelOptions()) == (1, 0)


def test_those_who_are_asked_by_turns_share_a_core() -> None:
    made, _ = places([4], 0, ENDPOINT, Reached("openai/judge", ModelOptions()))
    assert made.number * 2 * made.needs("openai/x", ModelOptions())[0] == 4


def test_a_local_model_takes_a_node_each() -> None:
    made, models = places([4, 2, 4], 0, LOCAL)
    copy = models["local/x"]
    assert (copy.copies, copy.options.threads) == (3, 2)
    assert made.needs(copy.spec, copy.options) == (2, 0)


def test_or_as_much_as_there_is_for_so_many() -> None:
    _, models = places([4, 4], 0, LOCAL, wanted=4)
    assert (models["local/x"].copies, models["local/x"].options.threads) == (4, 2)
    assert places([4], 0, ON_CPU)[1]["local/y"].options.threads == 3


def test_or_a_gpu() -> None:
    made, models = places([8, 8], 4, LOCAL)
    assert models["local/x"].copies == 4
    assert made.needs("local/x", models["local/x"].options) == (1, 1)
    assert places([8, 8], 4, ON_CPU)[1]["local/y"].copies == 2


@pytest.mark.parametrize(("gpus", "part"), [(1, 1 / 3), (2, 1 / 2), (3, 1), (7, 1)])
def test_several_local_models_share_the_gpus(gpus: int, part: float) -> None:
    asked = [Reached(f"local/{n}", ModelOptions()) for n in range(3)]
    made, models = places([8], gpus, *asked)
    assert made.needs("local/0", ModelOptions())[1] == part
    assert sum(reached.copies or 0 for reached in models.values()) * part <= gpus


def test_a_cluster_that_can_grow_is_told_what_for() -> None:
    assert places([2], 0, ENDPOINT, wanted=3)[0].wished == [{"CPU": 1.0}] * 3
    cuda = Reached("local/x", ModelOptions(device="cuda"))
    assert places([2], 0, cuda, wanted=2)[0].wished == [{"CPU": 1.0, "GPU": 1.0}] * 2


def test_an_empty_cluster_is_waited_for() -> None:
    made, models = places([], 0, ENDPOINT, LOCAL)
    assert (made.number, models["local/x"].copies) == (1, 1)
