"""upright score: judge answers you already have."""

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
    judge_sample: options.JudgeSample = None,
    judge_base_url: options.JudgeBaseUrl = "",
    judge_itself: options.JudgeItself = False,
    out: options.Out = options.RUNS,
    json: options.Json = False,
) -> None:
    """Judge recorded answers: matched to the questions by prompt, judged by both score sets.

    A question without an answer is an error outcome. Example:

        upright score answers.jsonl --benchmark robustness/advglue --data ../datasets
    """
    given = locals()
    from upright.api import evaluate
    from upright.cli._job import job_of
    from upright.cli._output import present

    # A file holds one answer to a question: repeats would be errors.
    job = job_of({**given, "epochs": 1})
    present(evaluate(f"replay/{file}", job).path, json=json)
