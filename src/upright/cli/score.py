"""upright score: judge answers you already have."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from upright.cli import _options as options


def score(
    file: Annotated[Path, typer.Argument(help="JSON or JSONL with `prompt` and `res`/`response`.")],
    benchmark: Annotated[
        list[str], typer.Option("--benchmark", "-b", help="Which benchmark; repeatable.")
    ],
    suite: options.Suite = "trustllm",
    data: options.Data = None,
    judge: options.Judge = None,
    judge_votes: options.JudgeVotes = 1,
    judge_base_url: options.JudgeBaseUrl = "",
    judge_itself: options.JudgeItself = False,
    out: options.Out = options.RUNS,
    json: options.Json = False,
) -> None:
    """Judge recorded answers: matched to the questions by prompt, judged by both score sets.

    A question without an answer is an error outcome. Example:

        upright score answers.jsonl --benchmark robustness/advglue --data ../datasets
    """
    from upright import api
    from upright.cli._output import present
    from upright.core import Settings
    from upright.models import ModelOptions

    job = api.Job(
        settings=Settings(
            suite=suite,
            benchmarks=api.select(benchmark),
            judge=tuple(judge or ()),
            judge_votes=judge_votes,
            epochs=1,
        ),
        judge_options=ModelOptions(base_url=judge_base_url),
        judge_itself=judge_itself,
        data=data,
        out=out,
        command=("upright", *sys.argv[1:]),
    )
    present(api.evaluate(f"replay/{file}", job).path, json=json)
