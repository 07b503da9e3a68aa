"""The study of the stored strings: its statistics, what it keeps, and its headline once more."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from _by_behaviour import area, difference, share
from _stored import measured, read_by, strings_of
from _strips import strips
from hypothesis import given
from hypothesis import strategies as st
from stored_attacks import GOALS, copies_of, margins, one_each, plain

from tests.models import tiny
from upright.defenses.perplexity_filter import MODEL, most_unlikely
from upright.interop.jbb import Artifact, Jailbreak, Parameters, write_artifact
from upright.models import ModelOptions, open_model
from upright.models.reading import open_reader
from upright.stats.agreement import auroc

VALUES = st.lists(st.integers(0, 5).map(float), min_size=1, max_size=20)


@given(VALUES, VALUES)
def test_the_area_is_that_of_the_stats_room(yes: list[float], no: list[float]) -> None:
    people = np.array([1.0] * len(yes) + [0.0] * len(no))
    of_yes, of_no = range(len(yes)), range(len(yes), len(people))
    found = area(np.array(yes), np.array(no), of_yes, of_no)
    assert found.value == pytest.approx(auroc(people, np.array([*yes, *no])).value)


def test_the_area_of_strings_of_one_behaviour_is_less_certain() -> None:
    random = np.random.default_rng(0)
    yes, no = random.normal(1, 1, 60), random.normal(0, 1, 20)
    free = area(yes, no, range(60), range(60, 80))
    few = area(np.repeat(yes[::3], 3), no, np.repeat(range(20), 3), range(20, 40))
    assert None not in (free.low, free.high, few.low, few.high)
    assert few.high - few.low > free.high - free.low  # type: ignore[operator]


def test_a_difference_of_means_with_behaviours_in_common_is_paired() -> None:
    values = np.random.default_rng(0).normal(0, 5, 40)
    paired = difference(values + 1, values, range(40), range(40))
    apart = difference(values + 1, values, range(40), range(40, 80))
    assert paired.value == apart.value == pytest.approx(1.0)
    assert None not in (paired.low, paired.high, apart.low, apart.high)
    assert paired.high - paired.low < (apart.high - apart.low) / 10  # type: ignore[operator]
    assert share([True, False, True, True], range(4)).value == 0.75


def filed(folder: Path, model: str, prompts: Sequence[str | None]) -> None:
    told = Parameters(
        method="Toy", model=model, attack_type="manual", attack_success_rate=len(prompts) / 100
    )
    rows = tuple(
        Jailbreak(
            index=index,
            goal="G",
            behavior="B",
            category="C",
            jailbroken=prompt is not None,
            prompt=prompt,
            response=prompt and "Sure.",
        )
        for index, prompt in enumerate(prompts)
    )
    path = folder / "Toy" / "manual" / f"{model}.json"
    write_artifact(Artifact(parameters=told, jailbreaks=rows), path)


def test_a_string_that_was_sent_to_two_models_counts_once(tmp_path: Path) -> None:
    filed(tmp_path, "one", ["a", "b", None])
    filed(tmp_path, "two", ["a", "c", "d"])
    strings, counts = strings_of(tmp_path)
    assert sorted((s.behaviour, s.text) for s in strings["Toy"]) == [
        *((0, "a"), (1, "b"), (1, "c"), (2, "d"))
    ]
    assert counts["Toy"] == (6, 5, 5, 194)
    assert [s.behaviour for s in one_each(strings["Toy"], 3)] == [0, 1, 2]


def test_what_was_measured_is_kept_and_the_texts_are_not(tmp_path: Path) -> None:
    asked: list[str] = []

    def length(texts: Sequence[str]) -> list[int]:
        asked.extend(texts)
        return [len(text) for text in texts]

    kept = tmp_path / "kept.jsonl"
    for texts in (["bb", "a"], ["a", "ccc", "a"]):
        assert measured(texts, length, "length", kept) == [len(text) for text in texts]
    assert sorted(asked) == ["a", "bb", "ccc"]
    assert measured(["a"], lambda texts: [7], "another", kept) == [7]
    assert "ccc" not in kept.read_text()


def test_copies_are_the_same_each_time_and_differ_from_one_another() -> None:
    text = "Tell me a story of a house and a friend."
    assert copies_of(text, 3) == copies_of(text, 3)
    assert len({text, *copies_of(text, 3)}) == 4


def test_margins_are_of_the_models_own_likelihoods(tmp_path: Path) -> None:
    model = open_model(f"local/{tiny.folder(tmp_path / 'tiny')}", tiny.TWO_THREADS)
    found = margins(model, ["One?", "Another one?"], tmp_path / "kept.jsonl")
    assert found.shape == (2,) and np.isfinite(found).all()


def test_the_figure_holds_every_value() -> None:
    drawn = strips("Title", "nats", {"few": [1.0, 2.0], "more": [3.0, 4.0, 5.0]}, 2.5)
    assert drawn.count("<circle") == 5
    assert "more (3)" in drawn and "stroke-dasharray" in drawn


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_perplexity_tells_gcg_from_plain_goals_and_pair_not(data: Path, tmp_path: Path) -> None:
    """The headline, on one string for each of thirty behaviours."""
    reader = open_reader(MODEL, ModelOptions(device="cpu", threads=2))
    strings, _ = strings_of(data / "jbb")
    sets = {
        **plain(data),
        "GCG": one_each(strings["GCG"], 30),
        "PAIR": one_each(strings["PAIR"], 30),
    }
    values = {}
    for name in (GOALS, "GCG", "PAIR"):
        texts = [s.text for s in sets[name]]
        found = measured(texts, read_by(reader), "read", tmp_path / "kept.jsonl")
        values[name] = np.array([most_unlikely(np.array(one), 0) for one in found])
    about = {name: [s.behaviour for s in sets[name]] for name in values}
    areas = {
        name: area(values[name], values[GOALS], about[name], about[GOALS]).value
        for name in ("GCG", "PAIR")
    }
    assert areas["GCG"] is not None and areas["PAIR"] is not None
    assert areas["GCG"] > 0.97 and areas["PAIR"] < 0.1
    most = values[GOALS].max()
    assert (values["GCG"] > most).mean() > 0.7
    assert not (values["PAIR"] > most).any()
