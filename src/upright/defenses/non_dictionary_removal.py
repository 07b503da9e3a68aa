"""Non-dictionary removal: of a request, words that are no English ones are left out.

JailbreakBench (arXiv 2404.01318): an optimised suffix is mostly scraps of words. The list is the
one that their code takes, of the package wordfreq.
"""

import re
from collections.abc import Set
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec

from msgspec.structs import replace

from upright.core import Card, Dimension, Message, Request, Response, UsageError
from upright.defenses import refused

WORD = re.compile(r"\s*\w+(?:['’]\w+)*")
"""With its apostrophes, and the space before it."""
NEEDS = (
    "non_dictionary_removal needs the word list of the package wordfreq, which is not installed: "
    "pip install 'upright[defenses]'."
)
CARD = Card(
    title="Removal of non-dictionary words",
    paper="2404.01318",
    measures="Whether an attack survives without what is no English word",
    dimension=Dimension.SAFETY,
    data="the English word list of wordfreq (CC-BY-SA-4.0)",
    licence="Apache-2.0",
    limits=(
        "The list comes from what is written on the web: names and many scraps of words are in it.",
        "English alone: of a question in another language little is left, and of one without any "
        "English word nothing, which is refused.",
        "Numbers, punctuation, spaces and words such as don't stay as they are; JailbreakBench's "
        "code drops numbers of several digits and sets spaces anew.",
        "Changes the user's last turn alone.",
    ),
)


@dataclass(frozen=True)
class NonDictionaryRemoval:
    """Keeps words that wordfreq's list holds, in any case, and all that is no word."""

    card: Card = CARD

    @property
    def id(self) -> str:
        return "non_dictionary_removal"

    async def before(self, request: Request) -> Request | Response:
        *earlier, asked = request.messages
        left = kept(asked.content, english())
        if left == asked.content:
            return request
        if not re.search(r"\w", left):
            return refused("it holds no English word")
        return replace(request, messages=(*earlier, Message(asked.role, left)))


def non_dictionary_removal() -> NonDictionaryRemoval:
    return NonDictionaryRemoval()


def kept(text: str, words: Set[str]) -> str:
    """The text without the words that are not among these, nor the space before them."""
    return WORD.sub(lambda found: found[0] if _stays(found[0].strip(), words) else "", text)


@cache
def english() -> Set[str]:
    """Wordfreq's largest English list, in lower case. Raises UsageError where it is missing."""
    if find_spec("wordfreq") is None:
        raise UsageError(NEEDS)
    from wordfreq import iter_wordlist  # noqa: PLC0415 - optional

    return frozenset(iter_wordlist("en", wordlist="best"))


def _stays(word: str, words: Set[str]) -> bool:
    return word.isdecimal() or word.lower().replace("’", "'") in words
