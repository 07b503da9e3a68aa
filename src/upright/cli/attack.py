"""upright attack: try to make a model do what it should not."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from upright.cli import _options as options

if TYPE_CHECKING:
    from upright._attacking import Attacked
    from upright.attacks._campaign import Result

AttackName = Annotated[
    str,
    typer.Argument(
        help="Such as encoding or random_search:tries=50. See: upright list attacks",
        metavar="ATTACK",
    ),
]
Queries = Annotated[int, typer.Option(min=1, help="To the model, for one goal, at most.")]
Tokens = Annotated[
    int | None, typer.Option(min=1, help="Of prompts and answers, for one goal, at most.")
]
Consultations = Annotated[
    int | None,
    typer.Option(min=1, help="To models of the attacker's own, for one goal, at most."),
]


def attack(
    model: options.Model,
    attack: AttackName,
    suite: options.Suite = "mini",
    benchmark: options.Benchmarks = None,
    limit: options.Limit = None,
    queries: Queries = 100,
    tokens: Tokens = None,
    consultations: Consultations = None,
    defenses: options.With = None,
    data: options.Data = None,
    base_url: options.BaseUrl = "",
    logprobs: options.Logprobs = False,
    concurrency: options.Concurrency = None,
    timeout: options.Timeout = 120.0,
    max_attempts: options.MaxAttempts = 6,
    rpm: options.Rpm = None,
    tpm: options.Tpm = None,
    device: options.Device = "auto",
    precision: options.Precision = "auto",
    threads: options.Threads = None,
    seed: options.Seed = 0,
    out: options.Out = options.RUNS,
    json: options.Json = False,
) -> None:
    """Attack a model: every harmful request of a benchmark is a goal (safety/jbb_harmful).

    Shows how many goals were reached and what that took; the strings stay in the folder. The
    interval is about goals, not about the judge's errors. Attack only models that are yours to
    test. Examples:

        upright attack local/smollm2-135m encoding --limit 5

        upright attack local/smollm2-135m random_search:tries=50 --suite jbb --data ../datasets

        upright attack openai/NAME pair:attacker=openai/OTHER --queries 20

        upright attack openai/NAME encoding --suite jbb --with smoothllm --queries 20

    Stopped? The same command goes on where it stopped.
    """
    given = locals()
    from upright.cli._output import INCOMPLETE, emit

    attacked = _carry_out(given)
    if json:
        emit(_as_json(attacked))
    else:
        _echo(attacked)
    if attacked.unscored:
        raise typer.Exit(INCOMPLETE)


def _echo(attacked: "Attacked") -> None:
    typer.echo(f"{attacked.attack} on {attacked.model}")
    _echo_reached(attacked)
    n, found = len(attacked.results), attacked.successes
    typer.echo(
        f"queries: {attacked.queries:,}, {attacked.queries / n:.1f} a goal"
        + (f", {attacked.queries / found:.1f} for each reached" if found else "")
        + f"; tokens: {attacked.tokens:,}"
    )
    if attacked.failed:
        typer.echo(
            f"{attacked.failed:,} of {attacked.queries:,} questions failed; the same command asks "
            "them again"
        )
    own = attacked.consulted
    if own.calls:
        typer.echo(
            f"asked of the attacker's own models: {own.calls:,}, {own.calls / n:.1f} a goal; "
            f"tokens: {own.tokens:,}; replies that could not be read: {own.unread:,}"
        )
    spent = sum(result.spent for result in attacked.results)
    if spent:
        typer.echo(f"the budget ended {spent} of them: more --queries may reach more")
    typer.echo(f"{attacked.path}")


def _echo_reached(attacked: "Attacked") -> None:
    n, found = len(attacked.scored), attacked.successes
    if attacked.interval is not None:
        low, high = attacked.interval
        typer.echo(
            f"goals reached: {found} of {n}, {found / n:.1%} (95 % interval {low:.1%} to {high:.1%}"
            "), by the harm judge, which errs: every attempt is one more chance for it to"
        )
    if lost := len(attacked.unscored):
        typer.echo(
            f"goals for which the model gave no answer: {lost}; they are in no rate"
            + _first_error(attacked)
        )
    if never := len(attacked.results) - len(attacked.asked):
        typer.echo(
            f"goals for which the model was asked nothing: {never}; they tell nothing of it. Where "
            "the attacker's own models were the reason, name a stronger one."
        )


def _first_error(attacked: "Attacked") -> str:
    best = attacked.unscored[0].best
    return f". The first error: {best.response.error}" if best else ""


def _carry_out(given: dict[str, Any]) -> "Attacked":
    from upright.api import GOALS
    from upright.api import attack as carry_out
    from upright.attacks._campaign import Budget
    from upright.cli._job import job_of
    from upright.cli._progress import steps_bar

    goals = {"score_set": "upright", "benchmark": given["benchmark"] or GOALS}
    job = job_of({**given, **goals})
    budget = Budget(
        queries=given["queries"], tokens=given["tokens"], consultations=given["consultations"]
    )
    done = total = 0
    with steps_bar() as draw:

        def on_start(goals: int) -> None:
            nonlocal total
            total = goals
            draw("goals", 0, total)

        def on_result(result: "Result") -> None:
            nonlocal done
            done += 1
            draw("goals", done, total)

        return carry_out(
            given["model"],
            given["attack"],
            job,
            budget=budget,
            on_start=on_start,
            on_result=on_result,
        )


def _as_json(attacked: "Attacked") -> dict[str, Any]:
    import msgspec

    return {
        "path": str(attacked.path),
        "model": attacked.model,
        "attack": attacked.attack,
        "goals": len(attacked.results),
        "asked": len(attacked.asked),
        "scored": len(attacked.scored),
        "reached": attacked.successes,
        "interval": attacked.interval and list(attacked.interval),
        "queries": attacked.queries,
        "failed": attacked.failed,
        "tokens": attacked.tokens,
        "consulted": msgspec.structs.asdict(attacked.consulted),
        "results": [
            {
                "goal": result.goal,
                "scored": result.scored,
                "success": result.success,
                "to_success": result.to_success,
                "queries": result.queries,
                "failed": result.failed,
                "tokens": result.tokens,
                "consulted": msgspec.structs.asdict(result.consulted),
                "score": result.best.score if result.best else None,
            }
            for result in attacked.results
        ],
    }
