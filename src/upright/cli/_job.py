"""From the options of a verb that measures to the job they describe."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import Any

from upright.api import Job, select
from upright.core import Settings, need_judge, unknown
from upright.models import ModelOptions
from upright.runs import Staffing

CHOICES = ("auto", "text")
SETS = ("upright", "published")
ABOUT_JUDGES = ("judge_itself", "judge_base_url")


def job_of(given: Mapping[str, Any]) -> Job:
    """The job; `given` are a verb's parameters by name, and what it lacks keeps its default.

    Parameters named like a field of Settings, ModelOptions or Job are that field.
    """
    about = {f"--{name.replace('_', '-')}": given.get(name) for name in ABOUT_JUDGES}
    need_judge(given.get("judge") or (), about)
    reached = ModelOptions(**_named((f.name for f in fields(ModelOptions)), given))
    told = {
        **_named(Settings.__struct_fields__, given),
        "benchmarks": select(
            given.get("benchmark") or (), given.get("dimension") or (), given.get("suite", "")
        ),
        "score_sets": _score_sets(given.get("score_set", "both")),
        "choices": _one_of("--choices", given.get("choices", "auto"), CHOICES),
        "judge": tuple(given.get("judge") or ()),
    }
    return Job(
        settings=Settings(**told),
        model_options=reached,
        judge_options=replace(reached, base_url=given.get("judge_base_url") or reached.base_url),
        cache=not given.get("no_cache", False),
        command=("upright", *sys.argv[1:]),
        defenses=tuple(given.get("defenses") or ()),
        staffing=Staffing(**_named(("workers", "on", "shards"), given)),
        **_named(("data", "out", "judge_itself"), given),
    )


def _named(names: Iterable[str], given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: given[name] for name in names if name in given}


def _score_sets(name: str) -> tuple[str, ...]:
    return SETS if _one_of("--score-set", name, (*SETS, "both")) == "both" else (name,)


def _one_of(option: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise unknown(f"{option} value", value, allowed)
    return value
