"""LlamaFirewall's scanners as a defense: PromptGuard, regular expressions, hidden characters, code.

Chennabasappa et al. 2025, "LlamaFirewall: An open source guardrail system for building secure AI
agents" (arXiv 2505.03574). An adapter: the scanners are the package's own, one by one, because its
firewall lets pass what a scanner failed to read.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

import msgspec

from upright.core import Ask, Card, Dimension, ModelError, Request, Response, UsageError, unknown
from upright.defenses import FINISH, REFUSAL, REFUSED, noted, refused

SCANNERS = ("prompt_guard", "regex", "hidden_ascii", "code_shield", "pii_detection")
"""Of the package's, those that read one text. PromptGuard comes from its hub at first use."""
CARD = Card(
    title="LlamaFirewall",
    paper="2505.03574",
    measures="What the scanners of LlamaFirewall hold back",
    dimension=Dimension.SAFETY,
    data="the scanners' own",
    licence="MIT (the package); PromptGuard's weights under Llama's licence",
    limits=(
        "AlignmentCheck, which reads an agent's whole trace, is not offered.",
        "What the package sends to people for a decision is refused here.",
        "Tried with the package's regex and hidden_ascii scanners; PromptGuard's weights need its "
        "hub and a login there.",
    ),
)


@dataclass(frozen=True)
class LlamaFirewall:
    """`questions` scan the user's last turn, `answers` what the model wrote."""

    questions: tuple[str, ...] = ("prompt_guard",)
    answers: tuple[str, ...] = ()
    card: Card = CARD
    _opened: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def id(self) -> str:
        told = [f"questions={'+'.join(self.questions)}", f"answers={'+'.join(self.answers)}"]
        return f"llama_firewall({', '.join(told)})"

    async def around(self, request: Request, ask: Ask) -> Response:
        """Raises ModelError where a scanner fails: what was not read is not let through."""
        if reason := await self._found(self.questions, "user", request.messages[-1].content):
            return refused(reason)
        response = await ask(request)
        reason = await self._found(self.answers, "assistant", response.text)
        if not reason:
            return response
        held = msgspec.structs.replace(response, text=REFUSAL, finish_reason=FINISH)
        return noted(held, REFUSED, reason)

    async def _found(self, names: Sequence[str], role: str, text: str) -> str:
        """Why the text may not pass; "" where it may."""
        from llamafirewall import (  # noqa: PLC0415 - optional, brings torch
            Message,
            Role,
            ScanDecision,
            ScanStatus,
        )

        for name in names:
            result = await self._scanner(name).scan(Message(Role(role), text))
            if result.status == ScanStatus.ERROR:
                raise ModelError(f"LlamaFirewall's scanner {name} failed on a text.")
            if result.decision != ScanDecision.ALLOW:
                return f"{name}, score {result.score:.2f}"
        return ""

    def _scanner(self, name: str) -> Any:
        """Opened once: the package opens its scanners anew for every text."""
        from llamafirewall import ScannerType  # noqa: PLC0415
        from llamafirewall.llamafirewall import create_scanner  # noqa: PLC0415

        if name not in self._opened:
            self._opened[name] = create_scanner(ScannerType(name))
        return self._opened[name]


def llama_firewall(questions: str = "prompt_guard", answers: str = "") -> LlamaFirewall:
    """Scanners by name, several as `regex+hidden_ascii`."""
    named = [[n for n in told.split("+") if n] for told in (questions, answers)]
    for name in (*named[0], *named[1]):
        if name not in SCANNERS:
            raise unknown("scanner of LlamaFirewall", name, SCANNERS)
    if find_spec("llamafirewall") is None:
        raise UsageError("llama_firewall needs its package: pip install llamafirewall")
    return LlamaFirewall(tuple(named[0]), tuple(named[1]))
