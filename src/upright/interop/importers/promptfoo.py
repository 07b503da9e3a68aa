"""promptfoo: the JSON of `promptfoo eval -o results.json`; one benchmark per file or plugin.

`pass` leads and `score` follows. promptfoo passes a test that asserts nothing: here it has no
verdict. Several providers in one file are several models.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from upright.core import DataError, Message, Response, digest
from upright.interop.foreign import Foreign, Log, Told, number
from upright.interop.untrusted import Source, at, parse, read_as, text

TOOL = "promptfoo"
FAILED = 2
"""The failure reason of a test that could not be carried out."""
ROLES = ("system", "user", "assistant")


class Provider(msgspec.Struct):
    id: str = ""
    label: str | None = None


class Prompt(msgspec.Struct):
    raw: Any = ""
    label: Any = ""


class Grading(msgspec.Struct):
    reason: str | None = None
    componentResults: list[Any] | None = None


class Answer(msgspec.Struct):
    output: Any = None
    tokenUsage: dict[str, Any] | None = None
    finishReason: str | None = None


class TestCase(msgspec.Struct):
    description: str | None = None
    assertions: list[Any] | None = msgspec.field(name="assert", default=None)
    metadata: dict[str, Any] | None = None


class Result(msgspec.Struct):
    success: bool
    prompt: Prompt
    provider: Provider
    score: float | None = None
    vars: dict[str, Any] | None = None
    testCase: TestCase = msgspec.field(default_factory=TestCase)
    gradingResult: Grading | None = None
    response: Answer | None = None
    error: str | None = None
    failureReason: int | None = None
    latencyMs: float | None = None
    metadata: dict[str, Any] | None = None


class Results(msgspec.Struct):
    results: list[Any]
    timestamp: str = ""


class File(msgspec.Struct):
    results: Results
    config: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None


def read(sources: Sequence[Source]) -> list[Log]:
    return [log for source in sources for log in _logs(source)]


def _logs(source: Source) -> list[Log]:
    """One per model that answered in the file."""
    file = read_as(source.document(), File, str(source.path))
    name = text((file.config or {}).get("description")) or source.path.stem
    found: dict[str, dict[str, list[Told]]] = {}
    seen: dict[tuple[str, str], int] = {}
    for count, row in enumerate(file.results.results, start=1):
        place = f"{source.path}, result {count}"
        result = read_as(row, Result, place)
        model = result.provider.label or result.provider.id
        with at(place):
            key = _key(result)
            # `--repeat` asks the same again: the repeats of one question are its epochs.
            epoch = seen[model, key] = seen.get((model, key), -1) + 1
            plugin = text((result.metadata or {}).get("pluginId"))
            told = _told(result, key, epoch)
            found.setdefault(model, {}).setdefault(plugin or name, []).append(told)
    return [_log(source, file, model, parts) for model, parts in found.items()]


def _log(source: Source, file: File, model: str, parts: Mapping[str, Sequence[Told]]) -> Log:
    return Log(
        tool=TOOL,
        version=text((file.metadata or {}).get("promptfooVersion")),
        model=model,
        started=file.results.timestamp,
        benchmarks=[
            Foreign(
                name=part,
                file=str(source.path),
                measures="The share of promptfoo's tests that pass",
                metrics={"pass": "assertions", "score": "assertions"},
                answers=answers,
            )
            for part, answers in parts.items()
        ],
    )


def _key(result: Result) -> str:
    """The test and the prompt as written; what the variables make of it may differ by model."""
    test = result.testCase
    asserted = [test.description, test.assertions, (test.metadata or {}).get("pluginId")]
    return digest((text(result.prompt.label), result.vars, asserted))


def _told(result: Result, key: str, epoch: int) -> Told:
    failed = result.failureReason == FAILED or result.response is None
    asserted = bool(result.gradingResult and result.gradingResult.componentResults)
    scored = asserted and not failed
    reason = result.gradingResult.reason if result.gradingResult else result.error
    return Told(
        key=key,
        messages=_messages(result.prompt.raw),
        values={
            "pass": float(result.success) if scored else None,
            "score": number(result.score) if scored else None,
        },
        response=_response(result, failed),
        epoch=epoch,
        # Prompts differ, the case behind them is the same.
        group=digest(result.vars),
        reason=text(reason) if asserted or failed else "the test asserts nothing",
    )


def _response(result: Result, failed: bool) -> Response:
    if failed or result.response is None:
        return Response(finish_reason="error", error=text(result.error) or "no response")
    usage = result.response.tokenUsage or {}
    blocked = result.response.finishReason == "content_filter"
    return Response(
        text=text(result.response.output),
        finish_reason="content_filter" if blocked else "stop",
        prompt_tokens=_count(usage.get("prompt")),
        completion_tokens=_count(usage.get("completion")),
        latency=(result.latencyMs or 0.0) / 1000,
    )


def _count(tokens: Any) -> int | None:
    return tokens if isinstance(tokens, int) and 0 <= tokens < 1 << 40 else None


def _messages(raw: Any) -> tuple[Message, ...]:
    """A prompt is a text, or a chat as JSON in a text."""
    told = text(raw)
    turns = _chat(told) if told.lstrip().startswith("[") else None
    if turns is None:
        return (Message("user", told),)
    return tuple(Message(turn["role"], text(turn.get("content"))) for turn in turns)


def _chat(told: str) -> list[dict[str, Any]] | None:
    try:
        turns = parse(told.encode(), "a prompt")
    except DataError:
        # Many a prompt begins with a bracket and is no JSON.
        return None
    is_chat = isinstance(turns, list) and turns and all(_is_turn(turn) for turn in turns)
    return turns if is_chat else None


def _is_turn(turn: Any) -> bool:
    return isinstance(turn, dict) and turn.get("role") in ROLES
