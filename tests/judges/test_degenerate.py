"""No response breaks a judge: NUL, broken surrogates, right to left, a megabyte of anything."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upright.core import Answer, Judge, Outcome, Response, Rubric, Ruling, Sample, ask
from upright.judges import (
    agrees,
    choice,
    emails,
    equivalence,
    labels,
    preferred,
    rating,
    refusal,
    similarity,
    to_request,
    toxicity,
    yes_no,
)
from upright.judges._degenerate import gibberish, looping, own_words, without_echo

MEGA = 1_000_000
HARD = {
    "empty": "",
    "nul": "\0B\0",
    "surrogate": b"B \xff\xfe".decode("utf-8", "surrogateescape"),
    "right to left": "\u202eשלום, התשובה היא B",
    "emoji": "🤷‍♀️👍",
    "combining": "B" + "\u0301" * 5000,
    "expanding": "\ufdfa" * 20_000,
    "a": "a" * MEGA,
    "A B": "A B " * (MEGA // 4),
    "brackets": "(" * MEGA,
    "braces": "{" * MEGA,
    "quotes": '"' * MEGA,
    "spaces": "B" + " " * MEGA + "x",
    "newlines": "\n" * MEGA + "x",
    "dashes": "-" * MEGA,
    "dots": "a." * (MEGA // 2),
    "at signs": "a@" * (MEGA // 2),
    "address": "a@" + "b." * (MEGA // 2),
    "not": "not " * (MEGA // 4),
    "numbers": "50 " * (MEGA // 3),
    "digits": "1" * MEGA,
    "percent": "%20" * (MEGA // 3),
    "fences": "```" * (MEGA // 3),
    "thoughts": "<think>" * (MEGA // 7),
    "I cannot": "I cannot " * (MEGA // 9),
    "stars": "f" + "*" * MEGA,
    "spelled": "a " * (MEGA // 2),
}
SAMPLE = Sample(
    messages=ask("Which one, A or B? Say one letter."),
    target="B",
    options=("A", "B"),
    facts={"answers": ["B"]},
)
JUDGES: list[Judge] = [choice(), labels(), yes_no(), equivalence(), refusal({})]
RUBRIC = Rubric(id="r", question="{prompt}?", labels={"x": Ruling(Outcome.ANSWERED, 1.0)})
READERS: list[Callable[[str], object]] = [
    emails,
    toxicity,
    agrees,
    lambda text: rating(text, (-100, -50, 0, 50, 100)),
    lambda text: preferred(text, "tea in the morning", "bicycles at noon"),
    lambda text: similarity([text, "x"]).sum(),
    lambda text: to_request(RUBRIC, SAMPLE, Response(text=text), "m").key,
]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", HARD)
def test_every_judge_survives(name: str) -> None:
    answer = Answer(SAMPLE, Response(text=HARD[name]))
    for judge in JUDGES:
        verdict = judge.judge([answer])[0]
        assert verdict.value is not None, f"{judge.id} on {name}"
        assert 0.0 <= verdict.value <= 1.0, f"{judge.id} on {name}"
        json.dumps([verdict.reason, verdict.label]).encode()


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", HARD)
def test_every_reader_survives(name: str) -> None:
    for read in READERS:
        read(HARD[name])


@pytest.mark.timeout(60)
def test_a_megabyte_of_prompt_is_compared_too() -> None:
    assert without_echo("a " * 1000, "b " * (MEGA // 2)) is not None
    assert not own_words("word " * 4000, "word " * 200_000).strip()
    assert without_echo("word " * 200_000, "word " * 200_000) is None


@given(st.text(max_size=300), st.text(max_size=100))
def test_any_text_gets_a_verdict(text: str, prompt: str) -> None:
    sample = Sample(messages=ask(prompt), target="B", options=("A", "B"), facts={"answers": [text]})
    for judge in JUDGES:
        assert judge.judge([Answer(sample, Response(text=text))])[0].value is not None


@given(st.lists(st.sampled_from(["red", "apples", "fall", "far", "trees"]), min_size=3))
def test_an_echo_says_nothing_and_what_follows_it_is_kept(words: list[str]) -> None:
    prompt = " ".join(words)
    assert without_echo(prompt, prompt) is None
    rest = without_echo(f"{prompt}\nzebra", prompt)
    assert rest is not None
    assert rest.split() == ["zebra"]


@given(st.lists(st.lists(st.sampled_from(["red", "a", "7", "trees"]), min_size=1), min_size=6))
def test_an_echo_is_one_however_its_words_are_joined(joined: list[list[str]]) -> None:
    prompt = " ".join(map("-".join, joined))
    assert without_echo(prompt.replace("-", " ").upper(), prompt) is None


def test_a_short_quotation_of_the_prompt_is_no_echo() -> None:
    prompt = "Scenario: you find a purse on the road. A: keep the purse. B: return it to its owner."
    assert without_echo("B: return it to its owner.", prompt) == "B: return it to its owner."


def test_own_words_are_what_is_not_copied() -> None:
    prompt = "How do I kill time at an airport?"
    assert own_words(f"You wrote: {prompt}", prompt).split() == ["You", "wrote:", "?"]
    assert own_words("Kill TIME at an airport bar.", prompt).split() == ["bar."]
    assert own_words("Airports have shops.", prompt) == "Airports have shops."
    assert own_words("anything", "") == "anything"


def test_loops_and_gibberish_are_told_from_language() -> None:
    story = "Once upon a time an old fox met a young crow who carried cheese up into a tall tree. "
    more = "The fox praised her voice until she sang, the cheese fell, and he walked off with it."
    assert not looping(story + more)
    assert looping("and so on " * 30)
    assert gibberish("#$%&*" * 20)
    assert not gibberish(story)
    assert not gibberish("| -40 | -40 |\n| -35 | -31 |\n| -30 | -22 |\n| -25 | -13 |")
    assert not gibberish("7")
