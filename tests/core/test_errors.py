"""What errors offer instead of a name that is not known."""

import pytest

from upright.core import unknown

DEFENSES = ("hard_gate", "paraphrase", "smoothllm", "system_note")
BENCHMARKS = ("safety/jailbreak", "safety/jbb_benign", "safety/jbb_harmful", "safety/misuse")


@pytest.mark.parametrize(
    ("name", "known", "offered"),
    [
        ("smooth", DEFENSES, "smoothllm"),
        ("SmoothLM", DEFENSES, "smoothllm"),
        ("paraphrse", DEFENSES, "paraphrase"),
        ("misuse", BENCHMARKS, "safety/misuse"),
        ("missuse", BENCHMARKS, "safety/misuse"),
        ("safty/misuse", BENCHMARKS, "safety/misuse"),
        ("jbb", BENCHMARKS, "safety/jbb_benign or safety/jbb_harmful"),
    ],
)
def test_near_names_are_offered_and_no_others(
    name: str, known: tuple[str, ...], offered: str
) -> None:
    assert str(unknown("thing", name, known)).endswith(f"Did you mean {offered}?")


def test_where_nothing_is_near_all_are_told_or_that_there_are_none() -> None:
    told = "Known: hard_gate, paraphrase, smoothllm, system_note."
    assert str(unknown("defense", "banana", DEFENSES)).endswith(told)
    many = [f"name{n:02}" for n in range(25)]
    assert str(unknown("thing", "banana", many)).endswith(", name19 and 5 more.")
    assert str(unknown("file in here:", "answers.jsonl", ())).endswith("There is none at all.")
