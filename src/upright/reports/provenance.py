"""What was run on what, as names and texts: everything needed to repeat a run."""

import shlex
from collections.abc import Mapping
from typing import Any

import msgspec

from upright.reports.profile import Calls, RunFacts, Tokens


def facts(run: RunFacts) -> dict[str, dict[str, str]]:
    """By heading."""
    groups: dict[str, dict[str, Any]] = {
        "Model": {"id": run.model.id, **run.model.facts, **_use(run.calls, run.tokens)},
        "Judge model": _judge(run),
        "Run": {
            "started": run.started,
            "finished": run.finished,
            "status": run.status,
            **{name: value for name, value in run.settings.items() if name != "judge"},
        },
        "Versions": {
            "upright": run.upright,
            "python": run.python,
            "platform": run.platform,
            **run.packages,
        },
    }
    return {title: _texts(pairs) for title, pairs in groups.items()}


def _judge(run: RunFacts) -> dict[str, Any]:
    if not run.judge:
        return {"id": "none: rules decided"}
    return {"id": run.judge, **run.judge_facts, **_use(run.judge_calls, run.judge_tokens)}


def _use(calls: Calls, tokens: Tokens) -> dict[str, Any]:
    return {
        "calls planned": calls.planned,
        "asked": calls.asked,
        "from cache": calls.from_cache,
        "errors": calls.errors,
        "tokens read": tokens.prompt,
        "tokens written": tokens.completion,
    }


def command(run: RunFacts) -> str:
    """As a person would type it."""
    return run.command if isinstance(run.command, str) else shlex.join(run.command)


def _texts(pairs: Mapping[str, Any]) -> dict[str, str]:
    return {name.replace("_", " "): _text(value) for name, value in pairs.items()}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "–"
    if isinstance(value, dict):
        return msgspec.json.encode(value).decode()
    return str(value) if value not in (None, "") else "–"
