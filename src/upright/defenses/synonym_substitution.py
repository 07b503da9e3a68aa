"""Synonym substitution: some words of a request become others that mean the same.

JailbreakBench (arXiv 2404.01318) as a defense: 5 % of the words that have synonyms. An attack that
hangs on its exact words loses them; a question keeps what it asks.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from msgspec.structs import replace

from upright.core import Card, Dimension, Message, Request, Response, Share, unknown
from upright.defenses import refused

WORD = re.compile(r"[^\W\d_]+")
MODES = ("fixed", "faithful")
CARD = Card(
    title="Synonym substitution",
    paper="2404.01318",
    measures="Whether an attack survives that some of its words are put in other ones",
    dimension=Dimension.SAFETY,
    data="a thesaurus of our own, defenses/_synonyms.txt",
    licence="Apache-2.0",
    limits=(
        "Our thesaurus knows some 700 common words where JailbreakBench takes WordNet's 150,000: "
        "fewer words can change, and none of an optimised suffix that is no English word.",
        "Synonyms go by spelling: the sense and the form of a word in its sentence are not read.",
        "The faithful mode drops every word without synonyms, as their code does; with our small "
        "thesaurus it drops far more than with WordNet.",
        "Changes the user's last turn alone.",
    ),
)


@dataclass(frozen=True)
class SynonymSubstitution:
    """A `share` of the words that have synonyms is replaced by one of them, drawn at random.

    mode    fixed: everything else stays as it is. faithful: what stands between spaces and has no
            synonyms, a word with its full stop too, is dropped, as JailbreakBench's code does.
    """

    share: float = 0.05
    mode: str = "fixed"
    seed: int = 0
    card: Card = CARD

    @property
    def id(self) -> str:
        mine = (self.share, self.mode, self.seed)
        told = "" if mine == (0.05, "fixed", 0) else "({:g}, {}, {})".format(*mine)
        return f"synonym_substitution{told}"

    async def before(self, request: Request) -> Request | Response:
        *earlier, asked = request.messages
        random = Random(f"{self.seed} {request.key}")
        substitute = self.faithful if self.mode == "faithful" else self.fixed
        text = substitute(asked.content, random)
        if text == asked.content:
            return request
        if not text:
            return refused("none of its words has a synonym, and nothing else is kept")
        return replace(request, messages=(*earlier, Message(asked.role, text)))

    def fixed(self, text: str, random: Random) -> str:
        """The text with some words replaced, and nothing else changed."""
        return WORD.sub(lambda found: self._drawn(found[0], random), text)

    def faithful(self, text: str, random: Random) -> str:
        """The words that have synonyms, some replaced, with single spaces between."""
        known = [word for word in text.split() if word.lower() in thesaurus()]
        return " ".join(self._drawn(word, random) for word in known)

    def _drawn(self, word: str, random: Random) -> str:
        synonyms = thesaurus().get(word.lower(), ())
        if not synonyms or random.random() >= self.share:
            return word
        chosen = random.choice(synonyms)
        return chosen.capitalize() if word[0].isupper() else chosen


def synonym_substitution(
    share: Share = 0.05, mode: str = "fixed", seed: int = 0
) -> SynonymSubstitution:
    if mode not in MODES:
        raise unknown("mode of synonym_substitution", mode, MODES)
    return SynonymSubstitution(share, mode, seed)


@cache
def thesaurus() -> Mapping[str, Sequence[str]]:
    """Each word and the others of its groups; a line of the file is a group."""
    found: dict[str, dict[str, None]] = {}
    path = Path(__file__).with_name("_synonyms.txt")
    for line in path.read_text(encoding="utf-8").splitlines():
        group = line.split()
        for word in group:
            found.setdefault(word, {}).update(dict.fromkeys(w for w in group if w != word))
    return {word: tuple(others) for word, others in found.items()}
