"""What was run on what, as names and texts: everything needed to repeat a run."""

import shlex
from collections.abc import Mapping
from typing import Any

import msgspec

from upright.reports.facts import Calls, Concord, LikeFacts, RunFacts, Stopped, Tokens, UntilFacts


def facts(run: RunFacts) -> dict[str, dict[str, str]]:
    """By heading."""
    groups: dict[str, dict[str, Any]] = {
        "Model": {"id": run.model.id, **run.model.facts, **_use(run.calls, run.tokens)},
        **_judges(run),
        **_sample(run),
        **_origin(run),
        **_until(run),
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


def _origin(run: RunFacts) -> dict[str, dict[str, Any]]:
    """What made the answers and verdicts of an imported run."""
    if (origin := run.imported) is None:
        return {}
    told = {"tool": origin.tool, "version": origin.version, "imported": origin.when}
    return {"Imported from": told}


def _until(run: RunFacts) -> dict[str, dict[str, Any]]:
    """What became of each score set where benchmarks were allowed to stop."""
    if run.until is None:
        return {}
    told = {f"{s.benchmark} ({s.score_set})": stopped_in_words(s) for s in run.until.score_sets}
    like = {"reference": _reference(run.until.like)} if run.until.like else {}
    return {"Stopping early": {"calls": saved_in_words(run.until), **like, **told}}


def _reference(like: LikeFacts) -> str:
    return (
        f"{like.run}, {like.model}: {like.samples:,} verdicts, sha256 {like.sha256} "
        "(reference.parquet)"
    )


def _judges(run: RunFacts) -> dict[str, dict[str, Any]]:
    """Each of several judge models under a heading of its own."""
    if len(run.judges) < 2:
        return {"Judge model": _judge(run)}
    return {
        f"Judge model {place} of {len(run.judges)}": {
            "id": judge.id,
            **judge.facts,
            **_use(judge.calls, judge.tokens),
        }
        for place, judge in enumerate(run.judges, start=1)
    }


def _judge(run: RunFacts) -> dict[str, Any]:
    if not run.judge:
        return {"id": f"none: {run.imported.tool if run.imported else 'rules'} decided"}
    return {"id": run.judge, **run.judge_facts, **_use(run.judge_calls, run.judge_tokens)}


def _sample(run: RunFacts) -> dict[str, dict[str, Any]]:
    """What reading a sample saved, where the judge models read no more."""
    return {"Judge sample": {"read": sampled_in_words(run)}} if run.judge_sample else {}


def _use(calls: Calls, tokens: Tokens) -> dict[str, Any]:
    return {
        "calls planned": calls.planned,
        "asked": calls.asked,
        "from cache": calls.from_cache,
        "errors": calls.errors,
        **({"asked twice at once (--hedge)": calls.hedged} if calls.hedged else {}),
        "tokens read": tokens.prompt,
        "tokens written": tokens.completion,
    }


def concord_in_words(concord: Concord) -> str:
    """How far judges agree, in one line."""
    told = [f"{concord.n} answers"]
    if len(concord.local) > 1:
        told.append(f"Krippendorff's alpha {_alpha(concord.alpha)}")
    for judge, alpha in concord.alpha_of_draws.items():
        told.append(f"alpha of {judge} with itself {_alpha(alpha)}")
    for judge, share in concord.local.items():
        if share is None:
            told.append(f"{judge} gave no verdict that could be held against the local judge's")
        else:
            same = f"{share:.0%}".replace("%", " %")
            told.append(f"{judge} agrees with the local judge on {same}")
    return "; ".join(told)


def _alpha(alpha: float | None) -> str:
    return "undefined (no two verdicts differ)" if alpha is None else f"{alpha:.2f}"


def saved_in_words(until: UntilFacts) -> str:
    """What stopping early saved, in one line."""
    calls, early = until.calls, until.ended_early
    goals = [f"±{until.half_width:g}"] if until.half_width is not None else []
    goals += [f"surely above or below {until.bound:g}"] if until.bound is not None else []
    beside = f" with {until.like.run} of {until.like.model} as reference" if until.like else ""
    told = f"Until {' or '.join(goals)}{beside}: {calls.saved:,} of {calls.planned:,} calls saved; "
    return told + f"{len(early)} of {len(until.score_sets)} score sets stopped early"


def sampled_in_words(run: RunFacts) -> str:
    """What reading a sample saved and what came of it, in one line; "" where judge models read
    everything."""
    if (sample := run.judge_sample) is None:
        return ""
    saved = (sample.of - sample.read) * len(run.judges) * int(run.settings.get("judge_votes", 1))
    told = f"{run.judge} asked about {sample.read:,} of {sample.of:,} answers, drawn at random"
    told = f"{told}; {saved:,} calls saved"
    if sample.lost:
        return f"{told}. No verdict could be read, so none corrects a number: see verdicts.parquet"
    return f"{told}; {sample.unread:,} verdicts could not be read" if sample.unread else told


def stopped_in_words(stopped: Stopped) -> str:
    """Where one score set stopped, and what the rest of it could have changed."""
    told = f"{stopped.asked:,} of {stopped.planned:,} samples asked"
    if stopped.side:
        return f"{told}; {stopped.reason} (95 %)"
    if not stopped.stopped or stopped.low is None or stopped.high is None:
        return f"{told} ({stopped.reason})"
    return f"{told}; all of them would give {stopped.low:.3f} to {stopped.high:.3f} (95 %)"


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
