"""upright run: measure a model."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from upright.api import Job
    from upright.runs import Forecast

WHAT, MODEL, COST = "What to measure", "The model", "Cost and output"


def run(
    model: Annotated[
        str, typer.Argument(help="local/smollm2-135m, openai/NAME, replay/FILE, mock/NAME.")
    ],
    suite: Annotated[
        str, typer.Option(help="mini (ships with Upright) or trustllm (the paper's 24 files).")
    ] = "mini",
    dimension: Annotated[
        list[str] | None, typer.Option("--dimension", "-d", help="Only this dimension; repeatable.")
    ] = None,
    benchmark: Annotated[
        list[str] | None, typer.Option("--benchmark", "-b", help="Only this id; repeatable.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Samples per benchmark: stratified, pairs whole.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Repeats of every sample.")] = None,
    score_set: Annotated[
        str, typer.Option(help="upright (corrected), published (the original toolkit's), or both.")
    ] = "both",
    data: Annotated[Path | None, typer.Option(help="A folder that holds datasets.")] = None,
    judge: Annotated[str, typer.Option(help="A judge model, where rules are weak.")] = "",
    judge_base_url: Annotated[str, typer.Option(help="The judge's server, if another.")] = "",
    judge_itself: Annotated[
        bool, typer.Option("--judge-itself", help="Let the model judge its own answers.")
    ] = False,
    base_url: Annotated[str, typer.Option(help="An OpenAI-compatible server.")] = "",
    concurrency: Annotated[int | None, typer.Option(min=1, help="Calls under way at once.")] = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds a call may take.")] = 120.0,
    max_attempts: Annotated[int, typer.Option(min=1, help="Tries before an error outcome.")] = 6,
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads, local models.")] = None,
    max_tokens: Annotated[int | None, typer.Option(min=1, help="Longest answer, tokens.")] = None,
    choices: Annotated[
        str, typer.Option(help="auto: closed options by likelihood where possible; or text.")
    ] = "auto",
    seed: Annotated[int, typer.Option(help="Of every random choice.")] = 0,
    out: Annotated[Path, typer.Option(help="Where run folders are made.")] = Path("runs"),
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Ask everything anew.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be asked and what it costs.")
    ] = False,
    price: Annotated[
        tuple[float, float] | None,
        typer.Option(help="For --dry-run: per million tokens in and out.", metavar="IN OUT"),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Measure a model: ask, judge, and print a trust profile with intervals.

    Examples:

        upright run local/smollm2-135m

        upright run openai/gpt-4o-mini --suite trustllm --limit 100 --dry-run

        upright run openai/llama --base-url http://localhost:8000/v1 -d safety

        upright run mock/always-a --suite trustllm --data ../datasets

    Exit codes: 0 fine, 2 usage, 3 finished but over 5 % of a benchmark unscored, 1 anything else.
    Stopped? The same command goes on where it stopped.
    """
    from dataclasses import replace

    from upright.api import Job, select
    from upright.core import Settings
    from upright.models import ModelOptions

    options = ModelOptions(
        base_url=base_url,
        concurrency=concurrency,
        timeout=timeout,
        max_attempts=max_attempts,
        seed=seed,
        threads=threads,
    )
    job = Job(
        settings=Settings(
            suite=suite,
            benchmarks=select(benchmark or (), dimension or ()),
            score_sets=_score_sets(score_set),
            limit=limit,
            epochs=epochs,
            max_tokens=max_tokens,
            seed=seed,
            choices=_one_of("--choices", choices, ("auto", "text")),
            judge=judge,
        ),
        model_options=options,
        judge_options=replace(options, base_url=judge_base_url or base_url),
        data=data,
        out=out,
        cache=not no_cache,
        judge_itself=judge_itself,
        command=("upright", *sys.argv[1:]),
    )
    if dry_run:
        _show_forecast(model, job, price, json=json)
    else:
        _carry_out(model, job, json=json)


def _carry_out(model: str, job: "Job", *, json: bool) -> None:
    from upright.api import evaluate
    from upright.cli._output import present
    from upright.runs.progress import progress_bar

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


def _in_words(told: "Forecast") -> str:
    cost = f"{told.price:,.2f} at most" if told.price is not None else "give --price IN OUT"
    return (
        f"{told.samples:,} samples, {told.calls:,} calls ({told.from_cache:,} more are cached)\n"
        f"about {told.prompt_tokens:,} prompt tokens (4 characters a token), "
        f"at most {told.completion_tokens:,} completion tokens\n"
        f"judge model: at most {told.judge_calls:,} calls\nprice: {cost}"
    )


def _score_sets(name: str) -> tuple[str, ...]:
    both = ("upright", "published")
    return both if _one_of("--score-set", name, (*both, "both")) == "both" else (name,)


def _one_of(option: str, value: str, allowed: tuple[str, ...]) -> str:
    from upright.core import unknown

    if value not in allowed:
        raise unknown(f"{option} value", value, allowed)
    return value
