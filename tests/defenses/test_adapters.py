"""Guardrails of others, with stand-ins that have their packages' signatures."""

import asyncio
import sys
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

import pytest

from upright.core import Message, ModelError, Request, Response, UsageError, ask, open_named
from upright.defenses import REFUSAL, defended
from upright.models import open_model
from upright.models._function import Function


class Role(Enum):
    USER = "user"
    ASSISTANT = "assistant"


class ScannerType(Enum):
    REGEX = "regex"
    HIDDEN_ASCII = "hidden_ascii"


class ScanDecision(Enum):
    ALLOW = "allow"
    BLOCK = "block"
    HUMAN_IN_THE_LOOP_REQUIRED = "human_in_the_loop_required"


class ScanStatus(Enum):
    SUCCESS = "success"
    ERROR = "error"


class Scanner:
    """Blocks what says "bad", sends "odd" to people, and fails on "broken"."""

    made: ClassVar[list[ScannerType]] = []

    def __init__(self, kind: ScannerType) -> None:
        self.made.append(kind)

    async def scan(self, message: Any, past: None = None) -> Any:
        text = message.content
        decision = ScanDecision.ALLOW
        if "bad" in text:
            decision = ScanDecision.BLOCK
        if "odd" in text:
            decision = ScanDecision.HUMAN_IN_THE_LOOP_REQUIRED
        failed = "broken" in text
        status = ScanStatus.ERROR if failed else ScanStatus.SUCCESS
        return SimpleNamespace(decision=decision, score=0.9, status=status, reason=text)


@pytest.fixture
def firewall(monkeypatch: pytest.MonkeyPatch) -> None:
    package, inner = ModuleType("llamafirewall"), ModuleType("llamafirewall.llamafirewall")
    message = lambda role, content: SimpleNamespace(role=role, content=content)  # noqa: E731
    vars(package).update(
        Message=message,
        Role=Role,
        ScannerType=ScannerType,
        ScanDecision=ScanDecision,
        ScanStatus=ScanStatus,
        __spec__=SimpleNamespace(),
    )
    vars(inner)["create_scanner"] = Scanner
    monkeypatch.setitem(sys.modules, "llamafirewall", package)
    monkeypatch.setitem(sys.modules, "llamafirewall.llamafirewall", inner)
    monkeypatch.setattr(Scanner, "made", [])


def answered(spec: str, prompt: str, says: str = "fine") -> Response:
    guarded = defended(Function(lambda text: says), [open_named("defenses", spec)])
    request = Request(model=guarded.id, messages=ask(prompt, "Be brief."))
    return asyncio.run(guarded.generate([request]))[0]


@pytest.mark.usefixtures("firewall")
@pytest.mark.parametrize(
    ("spec", "prompt", "says", "passes"),
    [
        ("llama_firewall:questions=regex", "good", "bad", True),
        ("llama_firewall:questions=regex", "bad", "fine", False),
        ("llama_firewall:questions=regex", "odd", "fine", False),
        ("llama_firewall:questions=regex,answers=regex", "good", "bad", False),
        ("llama_firewall:questions=,answers=regex", "bad", "fine", True),
    ],
)
def test_what_a_scanner_does_not_allow_is_refused(
    spec: str, prompt: str, says: str, passes: bool
) -> None:
    response = answered(spec, prompt, says)
    assert response.text == (says if passes else REFUSAL)
    assert response.decisions[0].did == ("passed" if passes else "refused")
    assert prompt not in response.decisions[0].reason


@pytest.mark.usefixtures("firewall")
def test_what_a_scanner_could_not_read_is_not_let_through() -> None:
    with pytest.raises(ModelError, match="scanner regex failed"):
        answered("llama_firewall:questions=regex", "broken")


@pytest.mark.usefixtures("firewall")
def test_a_scanner_is_opened_once() -> None:
    guarded = defended(
        open_model("mock/echo"), [open_named("defenses", "llama_firewall:questions=regex")]
    )
    requests = [Request(model=guarded.id, messages=ask(f"good {n}")) for n in range(5)]
    asyncio.run(guarded.generate(requests))
    assert Scanner.made == [ScannerType.REGEX]


def test_without_the_package_or_with_an_unknown_scanner_it_says_so() -> None:
    with pytest.raises(UsageError, match="pip install llamafirewall"):
        open_named("defenses", "llama_firewall")
    with pytest.raises(UsageError, match="Did you mean regex"):
        open_named("defenses", "llama_firewall:questions=regexp")


class Rails:
    """Blocks "bad", and changes "name" into "[person]"."""

    def __init__(self, config: str) -> None:
        self.config = config

    async def check_async(self, messages: Sequence[dict[str, str]], rail_types: Any) -> Any:
        [kind] = rail_types
        assert messages[-1]["role"] == {"input": "user", "output": "assistant"}[kind]
        text = messages[-1]["content"]
        status = "blocked" if "bad" in text else "modified" if "name" in text else "passed"
        content = text.replace("name", "[person]")
        return SimpleNamespace(status=SimpleNamespace(value=status), content=content, rail="regex")


@pytest.fixture
def rails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    package, options = (
        ModuleType("nemoguardrails"),
        ModuleType("nemoguardrails.rails.llm.options"),
    )
    vars(package).update(
        LLMRails=Rails,
        RailsConfig=SimpleNamespace(from_path=lambda path: path),
        __spec__=SimpleNamespace(),
    )
    vars(options)["RailType"] = str
    monkeypatch.setitem(sys.modules, "nemoguardrails", package)
    for name in ("nemoguardrails.rails", "nemoguardrails.rails.llm"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, "nemoguardrails.rails.llm.options", options)
    folder = tmp_path / "rails"
    folder.mkdir()
    (folder / "config.yml").write_text("rails: {}")
    return folder


@pytest.mark.parametrize(
    ("prompt", "says", "text", "did"),
    [
        ("good", "fine", "fine", "passed"),
        ("bad", "fine", REFUSAL, "refused"),
        ("good", "bad", REFUSAL, "refused"),
        ("my name", "fine", "fine", "changed"),
        ("good", "your name", "your [person]", "changed"),
    ],
)
def test_rails_hold_back_and_change(
    rails: Path, prompt: str, says: str, text: str, did: str
) -> None:
    response = answered(f"nemo_guardrails:config={rails}", prompt, says)
    assert (response.text, response.decisions[0].did) == (text, did)


def test_a_changed_question_reaches_the_model_with_its_other_turns(rails: Path) -> None:
    heard: list[Sequence[Message]] = []

    async def model(request: Request) -> Response:
        heard.append(request.messages)
        return Response(text="fine")

    defense = open_named("defenses", f"nemo_guardrails:config={rails}")
    asyncio.run(defense.around(Request(model="m", messages=ask("my name", "Be brief.")), model))
    assert heard == [(Message("system", "Be brief."), Message("user", "my [person]"))]


def test_another_configuration_is_another_defense(rails: Path) -> None:
    before = open_named("defenses", f"nemo_guardrails:config={rails}").id
    assert before == open_named("defenses", f"nemo_guardrails:config={rails}").id
    (rails / "config.yml").write_text("rails: {input: {}}")
    assert before != open_named("defenses", f"nemo_guardrails:config={rails}").id


def test_without_a_configuration_or_the_package_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="config=FOLDER"):
        open_named("defenses", "nemo_guardrails")
    with pytest.raises(UsageError, match="pip install nemoguardrails"):
        open_named("defenses", f"nemo_guardrails:config={tmp_path}")
