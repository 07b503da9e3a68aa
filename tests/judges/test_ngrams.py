"""Hashed n-grams are those of a plain loop, whatever the text and the batch."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upright.judges._ngrams import (
    BASE,
    EDGE,
    KINDS,
    MARK,
    NUMBERS,
    SPACE,
    WORD_KEYS,
    Features,
    bags,
    normalise,
)

FEATURES = Features(head=60, tail=20, opening=3, words=(1, 2, 3), chars=(2, 4), bits=12)
MASK = (1 << 64) - 1
TEXTS = st.lists(
    st.text(st.sampled_from("abz AZ'.,\n19é\u200bа中🙂\x00"), max_size=120) | st.text(max_size=40),
    min_size=1,
    max_size=5,
)


def mix(value: int) -> int:
    value = ((value ^ value >> 30) * 0xBF58476D1CE4E5B9) & MASK
    value = ((value ^ value >> 27) * 0x94D049BB133111EB) & MASK
    return value ^ value >> 31


def hashed(text: str) -> int:
    numbers = (int(NUMBERS[min(ord(c), 0xFFFF)]) for c in text)
    return sum(n * pow(BASE, i, 1 << 64) for i, n in enumerate(numbers)) & MASK


def tokens(text: str) -> list[str]:
    out: list[str] = []
    last = SPACE
    for char in text:
        kind = int(KINDS[min(ord(char), 0xFFFF)])
        if kind != SPACE and kind == last and kind < MARK:
            out[-1] += char
        elif kind != SPACE:
            out.append(char)
        last = kind
    return out


def slowly(text: str, features: Features) -> dict[str, list[int]]:
    """The bins of one text, n-gram by n-gram."""
    told = EDGE + normalise(text, features.head, features.tail)
    heard = [mix(hashed(token)) for token in tokens(told)]
    out: dict[str, list[int]] = {}
    for size in features.words:
        grams = [heard[i : i + size] for i in range(len(heard) - size + 1)]
        values = [sum(h * k for h, k in zip(g, WORD_KEYS, strict=False)) + size for g in grams]
        out[f"words{size}"] = values
        out[f"opening{size}"] = [v + 500 for v in values[: features.opening]]
    for size in features.chars:
        starts = range(len(told) - size + 1)
        out[f"chars{size}"] = [hashed(told[i : i + size]) + 100 + size for i in starts]
    shift = 64 - features.bits
    return {name: [mix(v & MASK) >> shift for v in values] for name, values in out.items()}


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_bins_are_those_of_a_plain_loop(texts: list[str]) -> None:
    slow = [slowly(text, FEATURES) for text in texts]
    for bag in bags(texts, FEATURES):
        for i, expected in enumerate(slow):
            found = bag.bins[bag.starts[i] : bag.starts[i + 1]]
            assert found.tolist() == expected[bag.name], bag.name


def test_bins_do_not_depend_on_the_platform_or_the_batch() -> None:
    alone = bags(["I can't help with that."], Features())
    among = bags(["x", "I can't help with that.", ""], Features())
    for one, other in zip(alone, among, strict=True):
        assert np.array_equal(one.bins, other.bins[other.starts[1] : other.starts[2]])
    assert alone[0].bins[:4].tolist() == KNOWN


KNOWN = [40975, 85983, 2148, 6239]


@pytest.mark.parametrize(
    ("spelling", "same_as"),
    [
        ("I CAN'T", "i can't"),
        ("I can’t", "i can't"),
        ("I\u200b c\u00ada\u2060n't", "i can't"),
        ("І саn't", "i can't"),
        ("Ｉ ｃａｎ'ｔ", "i can't"),
        ("  I \t can't \r\n\n ", "i can't"),
    ],
)
def test_what_looks_alike_is_alike(spelling: str, same_as: str) -> None:
    assert normalise(spelling, 100, 20) == same_as


def test_a_long_text_costs_no_more_than_its_start_and_its_end() -> None:
    text = "start " + "x" * 1_000_000 + " end"
    assert len(normalise(text, 100, 20)) == 121
    assert normalise(text, 100, 20).endswith(" end")
