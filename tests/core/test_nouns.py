"""What the nouns promise: stable ids, keys that mean what they say, errors that help."""

from importlib.metadata import EntryPoint

import pytest
from msgspec.structs import replace

from upright.core import Message, Request, Sample, Settings, UsageError, ask, finished, registry

SAMPLE = Sample(messages=ask("Is water wet?"), target="yes", ideal="Yes")


def request(**changes: object) -> Request:
    base = Request(model="m", messages=ask("Is water wet?"))
    return replace(base, **changes)


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


@pytest.mark.parametrize("name", ["limit", "epochs", "max_tokens"])
def test_settings_that_ask_for_nothing_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match=f"{name} must be 1 or more"):
        replace(Settings(), **{name: 0})


def plugin(monkeypatch: pytest.MonkeyPatch, name: str, module: str) -> None:
    point = EntryPoint(name, module, "upright")
    monkeypatch.setattr(registry, "entry_points", lambda group: [point])
    registry.entries.cache_clear()


def test_a_broken_plug_in_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    plugin(monkeypatch, "benchmarks/safety/mine", "no_such_module")
    with pytest.raises(UsageError, match="safety/mine of the installed package no_such_module"):
        registry.load("benchmarks", "safety/mine")
    registry.entries.cache_clear()


def test_a_plug_in_cannot_stand_in_for_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    plugin(monkeypatch, "benchmarks/safety/jailbreak", "evil")
    with pytest.raises(UsageError, match="evil brings a second benchmarks/safety/jailbreak"):
        registry.entries("benchmarks")
    registry.entries.cache_clear()


def test_one_judge_by_name_is_a_list_of_one() -> None:
    assert Settings(judge="openai/x").judge == ("openai/x",)
    assert Settings(judge="").judge == Settings().judge == ()
    assert Settings(judge=("a", "b")).judge == ("a", "b")


def test_what_is_computed_once_is_kept_and_the_sample_stays_frozen() -> None:
    sample = Sample(messages=ask("What is this?", system="Be brief."))
    assert sample.prompt == "What is this?"
    assert sample.id is sample.id
    again = replace(sample, target="a")
    assert again.id != sample.id
    again.identify("known")
    assert again.id == "known"
    assert Sample.id.__doc__ == "Stable: a hash of what is asked and what is right."
    with pytest.raises(AttributeError):
        sample.target = "b"  # type: ignore[misc]


def test_a_system_turn_alone_is_no_prompt() -> None:
    assert Sample(messages=(Message("system", "Be brief."),)).prompt == ""
