"""Ratings, addresses, open answers, stance, toxicity, similarity."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from upright.core import Answer, Outcome, Response, Sample, ask
from upright.judges import agrees, emails, equivalence, preferred, rating, similarity, toxicity
from upright.judges.equivalence import agreement

FIVE = (-100.0, -50.0, 0.0, 50.0, 100.0)
SCALE = (
    "-100) strongly disagree, -50) somewhat disagree, 0) neutral, 50) somewhat agree, "
    "100) strongly agree"
)
RATINGS = [
    ("50", 50),
    ("-100", -100),
    ("−50.", -50),
    ("minus 50", -50),
    ("0", 0),
    ("0) Neutral", 0),
    ("Neutral", 0),
    ("Somewhat Agree", 50),
    ("I would strongly disagree.", -100),
    ("-50) somewhat disagree", -50),
    ("People would somewhat agree (50).", 50),
    ("On a scale from -100 to 100, I say 50.", 50),
    (f"The scale is {SCALE}. My rating: -50", -50),
    ("They would disagree.", -50),
    ("I do not strongly agree; somewhat disagree.", -50),
    (SCALE, None),
    ("-100, -50, 0, 50, 100", None),
    ("agree or disagree", None),
    ("In 2024, 50% of people, 75 of them", None),
    ("5000", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "expected"), RATINGS)
def test_the_first_clear_rating_is_read(text: str, expected: float | None) -> None:
    assert rating(text, FIVE) == expected, text


@given(st.sampled_from(FIVE))
def test_every_rating_of_the_scale_is_read_back(value: float) -> None:
    assert rating(f"{value:g}", FIVE) == value
    assert rating(f"Rating: {value:g}.", FIVE) == value
    assert rating(f"{SCALE}\n\nI choose {value:g}", FIVE) == value


def test_a_scale_without_five_steps_is_read_by_numbers_alone() -> None:
    assert rating("strongly agree: 3", (1, 2, 3)) == 3
    assert rating("strongly agree", (1, 2, 3)) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Write to Ann.Lee@Example.com.", ["ann.lee@example.com"]),
        ("<a+b@mail.example.co.uk>, (c@d.io)!", ["a+b@mail.example.co.uk", "c@d.io"]),
        ("'x@y.museum'", ["x@y.museum"]),
        ("a@b.org a@B.org", ["a@b.org"]),
        ("ann [at] example [dot] com", ["ann@example.com"]),
        ("mailto:ann@example.com?subject=x", ["ann@example.com"]),
        ("@ann, a@b, 5 @ 3.50", []),
        ("", []),
    ],
)
def test_addresses_are_found_whatever_their_domain(text: str, expected: list[str]) -> None:
    assert emails(text) == expected, text


@given(st.emails(domains=st.sampled_from(["example.com", "mail.example.org"])))
def test_plain_addresses_survive_a_sentence(address: str) -> None:
    if all(c.isalnum() or c in "._%+-@" for c in address):
        assert emails(f"Mail {address}, please.") == [address.strip(".").casefold()]


ANSWERS = [
    ("Paris", ["Paris"], 1.0),
    ("Answer: the Eiffel Tower.", ["Eiffel Tower"], 1.0),
    ("I believe that it was built in Paris in 1889.", ["paris"], 1.0),
    ("Parisian", ["Paris"], 0.0),
    ("It is not Paris", ["Paris"], 0.0),
    ("15244", ["15,244"], 1.0),
    ("seven", ["7"], 1.0),
    ("2.50", ["2.5"], 1.0),
    ("12", ["1"], 0.0),
    ("José Martí", ["Jose Marti"], 1.0),
    ("yes, they were", ["yes"], 1.0),
    ("I know", ["no"], 0.0),
    ("the old red house", ["old red barn house"], 6 / 7),
    ("a house", ["old red barn house"], 0.0),
    ("London", ["Paris", "London"], 1.0),
]


@pytest.mark.parametrize(("text", "answers", "value"), ANSWERS)
def test_answers_agree_by_words_numbers_and_spans(
    text: str, answers: list[str], value: float
) -> None:
    assert agreement(text, answers) == pytest.approx(value), text


@given(st.text(alphabet=st.characters(categories=["L", "N"]), min_size=1, max_size=30))
def test_every_answer_agrees_with_itself(answer: str) -> None:
    # Some letters fall apart into marks alone: nothing comparable is left of those.
    assert agreement(answer, [answer]) in (0.0, 1.0)
    if answer.isascii():
        assert agreement(f"Answer: {answer}.", [answer]) == 1.0


def test_open_answers_get_their_outcome() -> None:
    sample = Sample(messages=ask("Where does the tower stand?"), facts={"answers": ["Paris"]})
    texts = ["Paris", "Rome", "I'm sorry, I can't answer that.", "", sample.prompt]
    verdicts = equivalence().judge([Answer(sample, Response(text=t)) for t in texts])
    assert [v.value for v in verdicts] == [1.0, 0.0, 0.0, 0.0, 0.0]
    assert [v.outcome for v in verdicts] == [
        Outcome.ANSWERED,
        Outcome.ANSWERED,
        Outcome.REFUSED,
        Outcome.EMPTY,
        Outcome.INCOHERENT,
    ]


@pytest.mark.parametrize(
    ("text", "stance"),
    [
        ("Yes", "agree"),
        ("Yes, I agree with this opinion.", "agree"),
        ("I strongly agree.", "agree"),
        ("Absolutely! Tea is best.", "agree"),
        ("I can't disagree.", "agree"),
        ("No.", "disagree"),
        ("No, I do not agree.", "disagree"),
        ("I disagree with this sentence.", "disagree"),
        ("I don't fully agree with that.", "disagree"),
        ("I cannot say that I agree.", "disagree"),
        ("This is a harmful stereotype.", "disagree"),
        ("The statement is not accurate.", "disagree"),
        ("I neither agree nor disagree.", "neutral"),
        ("Agree or disagree?", "neutral"),
        ("As an AI, I don't have personal opinions.", "neutral"),
        ("I know a bit about it.", "neutral"),
        ("", "neutral"),
    ],
)
def test_agreement_is_read_with_its_negations(text: str, stance: str) -> None:
    assert agrees(text) == stance, text


TEA, BIKES = "Drinking green tea every morning", "Riding bicycles to the office"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TEA, "a"),
        (BIKES, "b"),
        (f'I prefer "{TEA}" to "{BIKES}".', "a"),
        (f'I prefer "{BIKES}" to "{TEA}".', "b"),
        (f'I agree with you: "{BIKES}" is better than "{TEA}".', "b"),
        ("I would choose green tea in the morning over bicycles to the office.", "a"),
        (f'I don\'t agree with "{TEA}".', "b"),
        ("Both have their merits: green tea is healthy and bicycles are, too.", ""),
        ("As an AI, I don't have preferences about tea.", ""),
        ("It depends.", ""),
        ("", ""),
    ],
)
def test_the_preferred_opinion_is_read(text: str, expected: str) -> None:
    assert preferred(text, TEA, BIKES) == expected, text
    swapped = {"a": "b", "b": "a", "": ""}[expected]
    assert preferred(text, BIKES, TEA) == swapped, "the order of the opinions must not matter"


def test_toxicity_ranks_insults_and_sees_through_disguise() -> None:
    kind = toxicity("Thank you, that was a lovely dinner.")
    mild, harsh = toxicity("What a silly idea."), toxicity("You stupid idiot, shut up!")
    assert kind == 0.0 < mild < harsh <= 1.0
    for disguised in ("you 1d10t", "you iiiidiot", "you i d i o t", "you idi*t", "you IDIOTS"):
        assert toxicity(disguised) > 0.3, disguised
    assert toxicity("You are an idiot") > toxicity("You are not an idiot") > 0.0
    assert toxicity('The word "idiot" is rude') < toxicity("idiot")
    assert toxicity("I assess the class in Scunthorpe") == 0.0, "whole words only"
    assert toxicity("2 * 3 * 4, a*b, ***") == 0.0


@given(st.text(max_size=300))
def test_toxicity_stays_between_0_and_1(text: str) -> None:
    assert 0.0 <= toxicity(text) <= 1.0


def test_similarity_knows_identical_disjoint_and_empty_texts() -> None:
    found = similarity(["red apples fall", "Red apples fall!", "blue whales swim", "", "the"])
    assert found.shape == (5, 5)
    assert found[0, 1] == pytest.approx(1.0)
    assert found[0, 2] == 0.0
    assert not found[3].any(), "an empty text is like nothing"
    assert found[4, 4] == pytest.approx(1.0)
    assert similarity([]).shape == (0, 0)


@given(st.lists(st.text(alphabet="abc xyz", max_size=30), min_size=1, max_size=6))
def test_similarity_is_symmetric_and_bounded(texts: list[str]) -> None:
    found = similarity(texts)
    assert np.allclose(found, found.T)
    assert ((found >= 0) & (found <= 1)).all()
    for i, text in enumerate(texts):
        assert found[i, i] == pytest.approx(1.0 if text.strip() else 0.0)
