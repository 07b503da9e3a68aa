"""upright run: measure a model."""

from typing import TYPE_CHECKING

import typer

from upright.cli import _options as options

if TYPE_CHECKING:
    from upright.api import Job
    from upright.runs import Forecast

MORE = """
Examples:

    upright run local/smollm2-135m

    upright run openai/gpt-4o-mini --suite trustllm --limit 100 --dry-run

    upright run openai/gpt-4o-mini --suite trustllm --score-set upright --until 0.03

    upright run openai/gpt-4o-mini --suite trustllm --until 0.03 --like runs/VERSION-BEFORE

    upright run openai/gpt-4o-mini -b safety/misuse --suite trustllm --decide 0.9

    upright run openai/llama --base-url http://localhost:8000/v1 -d safety

    upright run openai/llama --base-url http://localhost:8000/v1 --workers auto

    upright run local/smollm2-135m --suite jbb --data ../datasets --with smoothllm

    upright run mock/always-a --suite trustllm --data ../datasets

Exits with 3 where it finished but over 5 % of a benchmark is unscored, or no verdict of a judge
sample could be read. Others: upright --help
Stopped? The same command goes on where it stopped.
"""
"""Printed below the options by `upright run --help`."""
NO_SERVER = ("local/", "mock/", "replay/")
"""Models of which nobody may believe that a server's answers were measured."""


def run(
    model: options.Model,
    suite: options.Suite = "mini",
    dimension: options.Dimensions = None,
    benchmark: options.Benchmarks = None,
    limit: options.Limit = None,
    until: options.Until = None,
    like: options.Like = "",
    decide: options.Decide = None,
    epochs: options.Epochs = None,
    score_set: options.ScoreSet = "both",
    data: options.Data = None,
    attack_strings: options.AttackStrings = "",
    judge: options.Judge = None,
    judge_votes: options.JudgeVotes = 1,
    judge_sample: options.JudgeSample = None,
    judge_base_url: options.JudgeBaseUrl = "",
    judge_itself: options.JudgeItself = False,
    base_url: options.BaseUrl = "",
    batch: options.Batch = False,
    logprobs: options.Logprobs = False,
    repeats_per_call: options.RepeatsPerCall = 1,
    concurrency: options.Concurrency = None,
    timeout: options.Timeout = 120.0,
    max_attempts: options.MaxAttempts = 6,
    hedge: options.Hedge = False,
    rpm: options.Rpm = None,
    tpm: options.Tpm = None,
    defenses: options.With = None,
    workers: options.Workers = "1",
    on: options.On = "",
    shards: options.Shards = "",
    device: options.Device = "auto",
    precision: options.Precision = "auto",
    threads: options.Threads = None,
    max_tokens: options.MaxTokens = None,
    choices: options.Choices = "auto",
    seed: options.Seed = 0,
    out: options.Out = options.RUNS,
    no_cache: options.NoCache = False,
    dry_run: options.DryRun = False,
    price: options.Price = None,
    json: options.Json = False,
) -> None:
    """Measure a model: ask, judge, and print a trust profile with intervals."""
    given = locals()
    from upright.cli._job import job_of
    from upright.core import UsageError

    job = job_of(given)
    if price and not dry_run:
        raise UsageError("--price is for --dry-run, which says what a run would cost. Add it.")
    if base_url and not judge and model.startswith(NO_SERVER):
        raise UsageError(f"{model} is asked at no --base-url. Leave it out, or name openai/MODEL.")
    if dry_run:
        _show_forecast(model, job, price, json=json)
    else:
        _carry_out(model, job, json=json)


def _carry_out(model: str, job: "Job", *, json: bool) -> None:
    from upright.api import evaluate
    from upright.cli._output import present
    from upright.cli._progress import progress_bar

    with progress_bar() as on_progress:
        finished = evaluate(model, job, on_progress=on_progress)
    present(finished.path, json=json)


def _show_forecast(
    model: str, job: "Job", price: tuple[float, float] | None, *, json: bool
) -> None:
    from dataclasses import asdict

    from upright.api import preview
    from upright.cli._output import emit
    from upright.runs import Price

    told = preview(model, job, Price(prompt=price[0], completion=price[1]) if price else None)
    if json:
        emit(asdict(told))
    else:
        typer.echo(_in_words(told))
        if job.settings.stopping:
            typer.echo(f"all of this at most: {job.settings.stopping} may stop sooner")


def _in_words(told: "Forecast") -> str:
    cost = f"{told.price:,.2f} at most" if told.price is not None else "give --price IN OUT"
    return (
        f"{told.samples:,} samples, {told.calls:,} calls ({told.from_cache:,} more are cached)\n"
        f"about {told.prompt_tokens:,} prompt tokens (4 characters a token), "
        f"at most {told.completion_tokens:,} completion tokens\n"
        f"judge model: at most {told.judge_calls:,} calls, not priced\nprice: {cost}"
    )
