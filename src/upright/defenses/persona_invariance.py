"""Persona invariance: what is asked in a role is answered as it would be without the role.

After Li et al. 2026, "Persona-Invariant Alignment" (arXiv 2605.01899), whose PICL trains a model
until answers with a persona are distributed as those without one. This is no training: a rule finds
the persona in a question, and the question is asked without it. Design of ours.
"""

import asyncio
import re
from dataclasses import dataclass

from msgspec.structs import replace

from upright.core import Ask, Card, Dimension, Message, Request, Response, unknown
from upright.defenses import CHANGED, PASSED, REFUSED, noted
from upright.judges import turned_down

CARD = Card(
    title="Persona invariance (at inference)",
    paper="2605.01899",
    measures="Whether refusing by the question alone keeps a persona from talking a model round",
    dimension=Dimension.SAFETY,
    data="none",
    licence="Apache-2.0",
    limits=(
        "The paper trains a model to be invariant; here a rule takes the persona away. No claim "
        "about the paper's method follows.",
        "Knows English preambles in the user's last turn: a persona told in another way, turn, "
        "language or after the question stays.",
        "A setting that the question needs (You are a doctor. What do you ask?) is taken for a "
        "persona; invariant mode answers with it all the same.",
        "Two calls for a question with a persona in invariant mode.",
    ),
)
MODES = ("invariant", "stripped")
LABELLED = re.compile(
    r"(?:[^\n]*\n)?\s*(?:persona|character|role)\s*:.*?\n"
    r"[ \t]*(?:question|request|task|prompt)[ \t]*:\s*(?P<question>\S.*)",
    re.IGNORECASE | re.DOTALL,
)
"""A persona and a question under headings, after at most one line."""
BEGINS = (
    r"(?:from now on,?\s+|in (?:this|the following) [^,.\n]{1,40},\s*|please\s+|let's\s+)*"
    r"(?:i want you to\s+|you (?:will|shall|must|should)\s+|your (?:task|job) is to\s+)?"
    r"(?:"
    r"you(?: are|'re|\u2019re)(?: now)? (?:(?:an?|the|my|called|named)\b|(?-i:[A-Z]))"
    r"|act as\b|behave (?:as|like)\b|speak as\b|respond as\b|answer as\b"
    r"|(?:pretend|imagine)(?: that)? (?:to be|you(?: are|'re|\u2019re))\b"
    r"|play the (?:role|part) of\b|(?:take|adopt|assume) (?:on )?the (?:role|persona|identity) of\b"
    r"|role-?play(?:ing)? as\b|stay in character\b"
    r")"
)
PREAMBLE = re.compile(rf"\s*{BEGINS}", re.IGNORECASE)
GOES_ON = re.compile(
    r"\s*(?:you\b(?![^.!\n]*\?)|your\b(?![^.!\n]*\?)|always\b|never\b|stay in\b|do not break\b)",
    re.IGNORECASE,
)
"""How the sentences after it begin that still describe the persona."""
END = re.compile(r"[.!?:]+(?=\s|$)|\n")
"""Of a sentence."""
JOINED = re.compile(
    r"(?:,\s*|\s+)(?:and|then|and then)\s+(?=(?:tell|explain|write|give|describe|show|answer|list|"
    r"help|teach|create|make|provide|say)\b)",
    re.IGNORECASE,
)
"""Act as a poet and write ...: here the persona ends."""


@dataclass(frozen=True)
class PersonaInvariance:
    """stripped: asks without the persona. invariant: asks with it and without, and refuses where
    the question alone is refused. A question without a persona goes on as it is."""

    mode: str = "invariant"
    card: Card = CARD

    @property
    def id(self) -> str:
        return "persona_invariance" + (f"({self.mode})" if self.mode != "invariant" else "")

    async def around(self, request: Request, ask: Ask) -> Response:
        *earlier, asked = request.messages
        bare = without_persona(asked.content)
        if bare == asked.content:
            return await ask(request)
        plain = replace(request, messages=(*earlier, Message(asked.role, bare)))
        if self.mode == "stripped":
            return noted(await ask(plain), CHANGED, "asked without its persona")
        alone, together = await asyncio.gather(ask(plain), ask(request))
        if turned_down(alone.text, bare):
            return noted(alone, REFUSED, "refused without its persona")
        return noted(together, PASSED, "answered without its persona, too")


def without_persona(text: str) -> str:
    """The question alone; the text itself where it holds no persona, or nothing else."""
    if labelled := LABELLED.fullmatch(text):
        return labelled["question"].strip()
    if not PREAMBLE.match(text):
        return text
    rest = _after(text)
    while rest and (GOES_ON.match(rest) or PREAMBLE.match(rest)):
        rest = _after(rest)
    return rest.strip() or text


def persona_invariance(mode: str = "invariant") -> PersonaInvariance:
    if mode not in MODES:
        raise unknown("mode of persona_invariance", mode, MODES)
    return PersonaInvariance(mode)


def _after(text: str) -> str:
    """What follows the first sentence, or the first request that is joined to it."""
    begun = text.lstrip()
    found = END.search(begun)
    end = found.end() if found else len(begun)
    joined = JOINED.search(begun, 0, end)
    return begun[joined.end() if joined else end :]
