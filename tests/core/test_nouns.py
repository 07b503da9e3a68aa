"""What the nouns promise: stable ids, keys that mean what they say, errors that help."""

from dataclasses import replace

import pytest

from upright.core import Request, Sample, Settings, UsageError, ask, finished, registry

SAMPLE = Sample(messages=ask("Is water wet?"), target="yes", ideal="Yes")


def request(**changes: object) -> Request:
    base = Request(model="m", messages=ask("Is water wet?"))
    return replace(base, **changes)  # type: ignore[arg-type]


def test_equal_questions_share_a_key_whatever_sample_they_came_from() -> None:
    assert request().key == request(sample=SAMPLE).key


@pytest.mark.parametrize(
    "change",
    [
        {"model": "other"},
        {"messages": ask("Is water wet?", system="Be brief.")},
        {"temperature": 1.0},
        {"max_tokens": 5},
        {"replicate": 1},
        {"options": ("A", "B")},
    ],
)
def test_what_changes_the_answer_changes_the_key(change: dict[str, object]) -> None:
    assert request().key != request(**change).key


def test_seed_and_epoch_count_only_where_answers_are_drawn() -> None:
    assert request(seed=1, epoch=1).key == request().key
    drawn = request(temperature=1.0)
    assert len({drawn.key, request(temperature=1.0, seed=1).key}) == 2
    assert len({drawn.key, request(temperature=1.0, epoch=1).key}) == 2


def test_repeated_samples_get_distinct_stable_ids() -> None:
    first = finished([SAMPLE, SAMPLE, SAMPLE])
    assert len({s.id for s in first}) == 3
    assert [s.id for s in first] == [s.id for s in finished([SAMPLE, SAMPLE, SAMPLE])]


def test_common_is_the_commonest_right_answer_of_the_stratum() -> None:
    def sample(task: str, truth: str) -> Sample:
        return replace(SAMPLE, target=truth, ideal=truth.title(), slices={"task": task})

    samples = [sample("x", "yes"), sample("x", "no"), sample("x", "no"), sample("y", "yes")]
    assert [s.common for s in finished(samples)] == ["No", "No", "No", "Yes"]


def test_every_file_of_a_room_is_listed_and_named_after_its_place() -> None:
    found = registry.entries("benchmarks")
    assert found["truthfulness/external"].title.startswith("External knowledge")
    assert all(e.id.count("/") == 1 and e.title for e in found.values())


def test_unknown_ids_offer_the_nearest() -> None:
    with pytest.raises(UsageError, match="truthfulness/external"):
        registry.load("benchmarks", "truthfulness/extrenal")
    with pytest.raises(UsageError, match="truthfulness/external"):
        registry.load("benchmarks", "external")


def test_one_judge_by_name_is_a_list_of_one() -> None:
    assert Settings(judge="openai/x").judge == ("openai/x",)
    assert Settings(judge="").judge == Settings().judge == ()
    assert Settings(judge=("a", "b")).judge == ("a", "b")
