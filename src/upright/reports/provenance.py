"""What was run on what, as names and texts: everything needed to repeat a run."""

from collections.abc import Mapping
from typing import Any

import msgspec

from upright.reports.profile import RunFacts


def facts(run: RunFacts) -> dict[str, dict[str, str]]:
    """By heading."""
    groups: dict[str, dict[str, Any]] = {
        "Model": {"id": run.model.id, **run.model.facts},
        "Run": {
            "started": run.started,
            "finished": run.finished,
            "status": run.status,
            "calls planned": run.calls.planned,
            "asked": run.calls.asked,
            "from cache": run.calls.from_cache,
            "errors": run.calls.errors,
            "tokens read": run.tokens.prompt,
            "tokens written": run.tokens.completion,
        },
        "Settings": {**run.settings, "judge": run.judge or "none: rules decide"},
        "Versions": {
            "upright": run.upright,
            "python": run.python,
            "platform": run.platform,
            **run.packages,
        },
    }
    return {title: _texts(pairs) for title, pairs in groups.items()}


def command(run: RunFacts) -> str:
    return run.command if isinstance(run.command, str) else " ".join(run.command)


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
