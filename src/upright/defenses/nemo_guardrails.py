"""NeMo Guardrails' input and output rails as a defense.

Rebedea, Dinu, Sreedhar, Parisien and Cohen 2023, "NeMo Guardrails: A Toolkit for Controllable and
Safe LLM Applications with Programmable Rails" (arXiv 2310.10501). An adapter: the rails are those
of a configuration folder of yours, the model that answers is the one under test.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from upright.core import Ask, Card, Dimension, Message, Request, Response, UsageError
from upright.defenses import CHANGED, FINISH, REFUSAL, REFUSED, noted, refused

CARD = Card(
    title="NeMo Guardrails",
    paper="2310.10501",
    measures="What the input and output rails of a configuration hold back or change",
    dimension=Dimension.SAFETY,
    data="the configuration's",
    licence="Apache-2.0 (the package)",
    limits=(
        "Input and output rails alone: dialog, retrieval and tool rails belong to an application.",
        "Rails that ask a model ask the one of the configuration, and those calls are not counted.",
        "Tried with rails of regular expressions.",
    ),
)


@dataclass(frozen=True)
class NemoGuardrails:
    """`folder` holds a configuration as the toolkit reads it (config.yml, *.co)."""

    folder: Path
    card: Card = CARD
    _opened: list[Any] = field(default_factory=list, compare=False, repr=False)

    @cached_property
    def id(self) -> str:
        """By the configuration's content: another one is another defense."""
        files = sorted(path for path in self.folder.rglob("*") if path.is_file())
        told = hashlib.sha256()
        for path in files:
            told.update(f"{path.relative_to(self.folder).as_posix()}\0".encode())
            told.update(path.read_bytes())
        return f"nemo_guardrails({self.folder.name} {told.hexdigest()[:8]})"

    async def around(self, request: Request, ask: Ask) -> Response:
        *earlier, asked = request.messages
        found = await self._check(request.messages[-1:], "input")
        if found.status.value == "blocked":
            return refused(f"input rail {found.rail}")
        changed = found.status.value == "modified"
        if changed:
            again = (*earlier, Message(asked.role, found.content))
            request = replace(request, messages=again)
        response = await ask(request)
        said = Message("assistant", response.text)
        found = await self._check((request.messages[-1], said), "output")
        if found.status.value == "blocked":
            held = msgspec.structs.replace(response, text=REFUSAL, finish_reason=FINISH)
            return noted(held, REFUSED, f"output rail {found.rail}")
        if found.status.value == "modified":
            response = msgspec.structs.replace(response, text=found.content)
            changed = True
        return noted(response, CHANGED) if changed else response

    async def _check(self, messages: Sequence[Message], kind: str) -> Any:
        """What the toolkit says of the last of these turns."""
        from nemoguardrails import LLMRails, RailsConfig  # noqa: PLC0415 - optional, seconds
        from nemoguardrails.rails.llm.options import RailType  # noqa: PLC0415

        if not self._opened:
            self._opened.append(LLMRails(RailsConfig.from_path(str(self.folder))))
        told = [{"role": m.role, "content": m.content} for m in messages]
        return await self._opened[0].check_async(told, rail_types=[RailType(kind)])


def nemo_guardrails(config: str = "") -> NemoGuardrails:
    """`config` is the folder of a configuration."""
    folder = Path(config)
    if not config or not folder.is_dir():
        raise UsageError(
            f"nemo_guardrails needs the folder of a configuration, and {config!r} is none: "
            "--with nemo_guardrails:config=FOLDER"
        )
    if find_spec("nemoguardrails") is None:
        raise UsageError("nemo_guardrails needs its package: pip install nemoguardrails")
    return NemoGuardrails(folder)
