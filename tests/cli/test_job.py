"""Every option of a verb reaches the job."""

import inspect
from pathlib import Path
from typing import Any

from upright.cli import run, score
from upright.cli._job import job_of

ELSEWHERE = {"model", "file", "dry_run", "price", "json"}
"""Parameters that say what is done with the job."""
OTHER: dict[str, Any] = {
    "suite": "jbb",
    "dimension": ["ethics"],
    "benchmark": ["safety/misuse"],
    "score_set": "upright",
    "data": Path("d"),
    "judge": ["mock/x"],
    "judge_base_url": "http://judge",
    "base_url": "http://model",
    "out": Path("o"),
    "choices": "text",
    "device": "cpu",
    "precision": "bfloat16",
    "until": 0.03,
    "like": "runs/before",
    "decide": 0.9,
    "judge_sample": 30,
    "defenses": ["smoothllm"],
    "workers": "auto",
    "on": "ray",
    "shards": "s3://bucket/runs",
    "attack_strings": "artifact.json",
}
NEEDS = {"like": "until"} | dict.fromkeys(
    ("judge_sample", "judge_votes", "judge_itself", "judge_base_url"), "judge"
)
"""Options that are refused without another."""


def parameters(verb: Any) -> dict[str, Any]:
    return {
        name: None if given.default is inspect.Parameter.empty else given.default
        for name, given in inspect.signature(verb).parameters.items()
        if name not in ELSEWHERE
    }


def changed(name: str, default: object) -> object:
    if name in OTHER:
        return OTHER[name]
    return not default if isinstance(default, bool) else 7


def test_no_option_is_lost() -> None:
    for verb in (run.run, score.score):
        for name, default in parameters(verb).items():
            needed = {n: OTHER[n] for n in [NEEDS.get(name)] if n}
            plain = parameters(verb) | needed
            told = {**plain, name: changed(name, default)}
            assert job_of(told) != job_of(plain), f"{verb.__name__}: {name}"


def test_the_judge_is_reached_like_the_model_unless_told_otherwise() -> None:
    plain = parameters(run.run) | {"base_url": "http://model", "timeout": 7.0, "judge": ["mock/x"]}
    alike, other = job_of(plain), job_of(plain | {"judge_base_url": "http://judge"})
    assert alike.judge_options == alike.model_options
    assert other.judge_options is not None
    assert (other.judge_options.base_url, other.judge_options.timeout) == ("http://judge", 7.0)
