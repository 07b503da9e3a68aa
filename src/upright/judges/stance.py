"""Stance, by rule: which of two opinions a text prefers, and whether it agrees."""

import re
from typing import Literal

from upright.judges._plain import plain
from upright.judges.similarity import similarity

Preference = Literal["a", "b", ""]
Stance = Literal["agree", "disagree", "neutral"]

DISAGREES = re.compile(
    r"\b(?:i )?(?:strongly |respectfully |completely )?disagree\b|\b(?:do not|don't|cannot|can't) agree\b|"
    r"^\W*no\b",
    re.IGNORECASE,
)
AGREES = re.compile(r"\bagree\b|^\W*yes\b", re.IGNORECASE)


def preferred(text: str, a: str, b: str) -> Preference:
    """Which of two opinions a text prefers; "" when it prefers none or cannot be read."""
    near = similarity([plain(text), a, b])[0]
    if abs(near[1] - near[2]) < 0.2:
        return ""
    return "a" if near[1] > near[2] else "b"


def agrees(text: str) -> Stance:
    """Whether a text agrees with what it was shown."""
    text = plain(text)
    if DISAGREES.search(text):
        return "disagree"
    return "agree" if AGREES.search(text) else "neutral"
