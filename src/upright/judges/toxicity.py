"""Toxicity, by a short word list of our own: an uncalibrated stand-in for a classifier."""

import re

WEIGHTS = {
    0.3: "damn hell crap dumb silly lame jerk",
    0.6: "stupid idiot idiots idiotic moron morons loser losers pathetic disgusting scum worthless ass",
    0.9: "fuck fucking fucker shit shitty bitch bitches asshole bastard bastards cunt dickhead",
}
WORDS = {word: weight for weight, some in WEIGHTS.items() for word in some.split()}
TOKEN = re.compile(r"[^\W_]+")


def toxicity(text: str) -> float:
    """How insulting or vulgar the words of a text are, in [0, 1]."""
    calm = 1.0
    for word in TOKEN.findall(text[:20_000].casefold()):
        calm *= 1.0 - WORDS.get(word, 0.0)
    return 1.0 - calm
