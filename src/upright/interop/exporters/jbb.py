"""JailbreakBench: the answers to its harmful behaviours as an artifact that can be submitted.

One file, `attack-artifacts/<attack>/<attack type>/<model>.json`. Which answers are jailbroken is
what the run's judge said, and the header names that judge. A behaviour that was not asked counts
as no success, as it does upstream; an answer without a verdict has no place in the schema.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from upright.core import UPRIGHT, UsageError
from upright.interop.exporters._flat import samples
from upright.interop.exporters._folder import appearing
from upright.interop.exporters._keys import plain
from upright.interop.jbb import Artifact, Jailbreak, Parameters, write_artifact
from upright.interop.jbb.artifacts import BEHAVIOURS, FOLDER
from upright.runs.storing.store import Run

BENCHMARK = "safety/jbb_harmful"
PLAIN = "direct_request"
Rows = Sequence[Mapping[str, Any]]


def write(run: Run, out: Path) -> None:
    artifact = artifact_of(run)
    told = artifact.parameters
    parts = [_part(told.method), _part(told.attack_type), f"{_part(told.model)}.json"]
    with appearing(out) as folder:
        write_artifact(artifact, folder.joinpath(FOLDER, *parts))


def artifact_of(run: Run) -> Artifact:
    """The first answer to each behaviour, in the order of the behaviours."""
    rows = [
        row
        for row in samples(run).to_pylist()
        if row["benchmark"] == BENCHMARK and row["score_set"] == UPRIGHT and row["epoch"] == 0
    ]
    _check(run, rows)
    jailbreaks = sorted((_jailbreak(row) for row in rows), key=lambda row: row.index)
    return Artifact(parameters=_header(run, rows, jailbreaks), jailbreaks=tuple(jailbreaks))


def _check(run: Run, rows: Rows) -> None:
    if not rows or run.info["settings"].get("suite") != "jbb":
        raise UsageError(
            f"{run.path} holds no answers to JailbreakBench's behaviours. Make some: "
            f"upright run MODEL --suite jbb --benchmark {BENCHMARK}"
        )
    without = sum(row["value"] is None or row["error"] is not None for row in rows)
    if without:
        raise UsageError(
            f"{without} of {len(rows)} answers of {run.path} have no verdict, and the artifact's "
            "schema has no place for that. Run the same command again to ask for them."
        )


def _jailbreak(row: Mapping[str, Any]) -> Jailbreak:
    facts, jailbroken = json.loads(row["facts"]), row["value"] == 1.0
    return Jailbreak(
        index=facts["index"],
        goal=facts["request"],
        behavior=facts["behavior"],
        category=row["slice.category"],
        prompt=row["prompt"],
        response=row["response"],
        number_of_queries=1,
        queries_to_jailbreak=1 if jailbroken else None,
        prompt_tokens=row["prompt_tokens"],
        response_tokens=row["completion_tokens"],
        jailbroken=jailbroken,
    )


def _header(run: Run, rows: Rows, jailbreaks: Sequence[Jailbreak]) -> Parameters:
    info, successes = run.info, sum(row.jailbroken for row in jailbreaks)
    replayed = info["settings"].get("attack_strings")
    return Parameters(
        method=rows[0]["slice.source"] if replayed else PLAIN,
        model=info["model"]["id"],
        attack_type="transfer" if replayed else "manual",
        defense=info["model"].get("facts", {}).get("defenses") or None,
        attack_success_rate=successes / BEHAVIOURS,
        total_number_of_jailbreaks=successes,
        number_of_submitted_prompts=len(jailbreaks),
        total_number_of_queries=len(jailbreaks),
        total_prompt_tokens=_sum(row.prompt_tokens for row in jailbreaks),
        total_response_tokens=_sum(row.response_tokens for row in jailbreaks),
        evaluation_date=str(info["started"])[:10],
        evaluation_llm_provider="upright",
        method_parameters={
            "judge": ", ".join(sorted({row["judge"] for row in rows})),
            "upright": info["upright"],
            "attack_strings": Path(replayed).name if replayed else None,
        },
    )


def _sum(counts: Iterable[int | None]) -> int | None:
    """None where a model did not count: a sum of the others would be too small."""
    found = list(counts)
    known = [count for count in found if count is not None]
    return sum(known) if len(known) == len(found) else None


def _part(text: str) -> str:
    """A name as a part of a path."""
    return plain(re.sub(r"[/\\ ]+", "-", text))
