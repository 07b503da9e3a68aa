"""The Python API: one function per verb. Composes the rooms; none of them knows another."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from upright._attacking import Attacked, attack_model, goals_of
from upright._attacking import Terms as AttackTerms
from upright._defending import Defended, OnStep, Trial, try_stacks
from upright._job import (
    AnyModel,
    Job,
    Within,
    behind_defenses,
    cache_of,
    limits_of,
    open_judges,
    open_under_test,
    remembered,
    staffing_of,
)
from upright._planning import listed, plan_of, select
from upright.attacks._campaign import Budget, Result
from upright.comparisons.claims.findings import Findings, findings_of, published_findings
from upright.comparisons.many_runs.leaderboard import Leaderboard
from upright.comparisons.many_runs.leaderboard import leaderboard as rank
from upright.comparisons.two_runs.compare import compare as compare_runs
from upright.comparisons.two_runs.result import Comparison
from upright.core import (
    PUBLISHED,
    UPRIGHT,
    Benchmark,
    DataError,
    Estimate,
    Settings,
    UsageError,
    open_named,
    registry,
)
from upright.data import suite_file
from upright.interop import TRUSTLLM, detect, export_run, import_files
from upright.interop.jbb import AttackTable
from upright.interop.jbb import attack_table as read_attack_table
from upright.models import DEFAULTS, ModelOptions
from upright.models.replay import open_replay
from upright.repairs import repair
from upright.runs import (
    Forecast,
    OnProgress,
    Options,
    Patience,
    Price,
    Run,
    forecast,
    open_run,
)
from upright.runs import relabel as bring_up_to_date
from upright.runs import run as carry_out
from upright.runs.asking.limits import check_sizes
from upright.runs.scoring.verify import Verification
from upright.runs.scoring.verify import verify as verify_run
from upright.runs.storing.pack import pack as write_pack
from upright.runs.storing.pack import verify_pack
from upright.serving.terms import Place, Terms

if TYPE_CHECKING:
    from upright.models.weights import Weights

__all__ = [
    "Attacked",
    "Defended",
    "Findings",
    "Job",
    "Leaderboard",
    "Run",
    "Trial",
    "attack",
    "attack_table",
    "compare",
    "defend",
    "evaluate",
    "export",
    "findings",
    "import_run",
    "leaderboard",
    "open_run",
    "pack",
    "preview",
    "relabel",
    "repair",
    "score",
    "select",
    "serve",
    "verify",
]

GOALS = ("safety/jbb_harmful",)
BUDGET = Budget()
TERMS, PLACE = Terms(), Place()


def evaluate(  # noqa: PLR0913 - the common parameters by name, as one types them in a notebook
    model: AnyModel,
    job: Job | None = None,
    *,
    suite: str = "mini",
    benchmark: str | Sequence[str] = (),
    dimension: str | Sequence[str] = (),
    limit: int | None = None,
    until: float | None = None,
    like: Path | str = "",
    decide: float | None = None,
    score_sets: Sequence[str] = (UPRIGHT, PUBLISHED),
    judge: str | Sequence[str] = (),
    data: Path | str | None = None,
    out: Path | str = "runs",
    on_progress: OnProgress = lambda progress: None,
) -> Run:
    """Measure a model and store the run.

    `model` is a spec ("local/smollm2-135m", "openai/NAME", "mock/oracle"), an open Model, or
    a function from a prompt to an answer. The common parameters can be given here; a `job`
    holds all of them and replaces these.

        run = upright.evaluate(lambda prompt: "A", suite="mini", dimension="ethics")
        run.estimates        # a data frame, one row per number
    """
    if job is None:
        settings = Settings(
            suite=suite,
            benchmarks=select(benchmark, dimension, suite),
            limit=limit,
            until=until,
            like=str(like),
            decide=decide,
            score_sets=tuple(score_sets),
            judge=tuple(listed(judge)),
        )
        job = Job(settings=settings, data=Path(data) if data else None, out=Path(out))
    opened = open_under_test(model, job)
    judges = open_judges(job, opened)
    opened = behind_defenses(opened, job)
    plan, files = plan_of(opened, job.settings, job.data)
    check_sizes(plan.requests, limits_of(job))
    options = Options(
        out=job.out,
        cache=cache_of(job, opened),
        command=job.command,
        data=files,
        patience=Patience(max_attempts=job.model_options.max_attempts),
        limits=limits_of(job),
        staffing=staffing_of(job, model, opened, judges, plan.size),
    )
    return carry_out(plan, opened, judges, options, on_progress)


def attack(
    model: AnyModel,
    attack: str,
    job: Job | None = None,
    *,
    budget: Budget = BUDGET,
    on_start: Callable[[int], None] = lambda goals: None,
    on_result: Callable[[Result], None] = lambda result: None,
) -> Attacked:
    """Try to make a model do what it should not; `attack` is one of `upright list attacks`.

    The goals are the harmful requests of the job's benchmarks (safety/jbb_harmful by default), the
    budget is for each of them. Behind the job's defenses the attack sees the defended model.
    """
    job = job or Job(settings=Settings(score_sets=(UPRIGHT,)))
    chosen = open_named("attacks", attack)
    settings = job.settings
    if not settings.benchmarks:
        settings = msgspec.structs.replace(settings, benchmarks=GOALS)
    bare = open_under_test(model, job)
    within = Within(bare, job)
    opened = behind_defenses(bare, job, within)
    goals = goals_of(plan_of(opened, settings, job.data)[0])
    on_start(len(goals))
    terms = AttackTerms(
        budget=budget,
        seed=settings.seed,
        patience=Patience(max_attempts=job.model_options.max_attempts),
        limits=limits_of(job),
        out=job.out,
        open=within.open,
        weights=partial(_weights_of, model, job.model_options) if isinstance(model, str) else None,
    )
    return attack_model(opened, chosen, goals, terms, on_result)


def serve(
    model: AnyModel,
    job: Job,
    terms: Terms = TERMS,
    place: Place = PLACE,
    on_ready: Callable[[str], None] = print,
) -> None:
    """Serve a model behind the job's defenses until the process is stopped.

    upright.serve("openai/NAME", upright.Job(defenses=("output_filter",)))
    """
    from upright._serving import serve_model  # noqa: PLC0415 - brings aiohttp, 0.3 s

    if not job.defenses:
        raise UsageError("Nothing guards this model: name at least one defense, --with NAME.")
    opened = open_under_test(model, job)
    name = model if isinstance(model, str) else opened.id
    known = replace(terms, names=terms.names or (name, name.partition("/")[2]))
    # What strangers are answered belongs into no cache.
    guarded = behind_defenses(opened, replace(job, cache=False))
    serve_model(guarded, known, place, on_ready)


def defend(
    model: AnyModel,
    trial: Trial,
    job: Job | None = None,
    *,
    on_step: OnStep = lambda done, of, told: None,
    on_progress: OnProgress = lambda progress: None,
) -> Defended:
    """Try defenses alone and in stacks: what they stop, what they refuse, what they cost, and
    what they do to each other. Every configuration is an ordinary run; the job has no defenses.

        upright.defend("local/smollm2-135m-guarded", Trial(defenses=("smoothllm", "output_filter")))
    """
    job = job or Job()
    opened = open_under_test(model, job)

    def measure(own: Job) -> Run:
        return evaluate(opened, own, on_progress=on_progress)

    def assault(spec: str, own: Job) -> Attacked:
        asked = opened if own.defenses else remembered(opened, own)
        return attack(asked, spec, own, budget=trial.budget)

    return try_stacks(trial, job, opened, measure, assault, on_step)


def score(answers: Path | str, benchmark: str | Sequence[str], job: Job | None = None) -> Run:
    """Judge answers you already have: a JSON or JSONL file with `prompt` and `res`/`response`.

    Answers are matched to the samples by prompt; a sample without an answer is an error
    outcome. Judged by the rules of the paper's data unless the job names another suite.
    """
    settings = Settings(suite="trustllm", benchmarks=select(benchmark), epochs=1)
    return evaluate(f"replay/{answers}", job or Job(settings=settings))


def import_run(
    files: Path | str | Sequence[Path | str],
    kind: str | None = None,
    *,
    out: Path | str = "runs",
    model: str = "",
    data: Path | str | None = None,
    command: tuple[str, ...] = (),
) -> Run:
    """Another tool's result files as a run; `kind` is one of `upright.interop.KINDS`.

    The verdicts stay the other tool's (score set `imported`), but for files of the TrustLLM
    toolkit: they hold answers, and the benchmarks that asked for them judge them.

        upright.import_run("logs/2026-01-01_xstest.eval").estimates
    """
    paths = [Path(f) for f in ([files] if isinstance(files, str | Path) else files)]
    if not paths:
        raise UsageError("Name at least one file to import.")
    kind = kind or detect(paths)
    if kind != TRUSTLLM:
        return import_files(paths, kind, Path(out), model, command)
    if len(paths) > 1 or model:
        raise UsageError("Import TrustLLM's result files one by one, and without a model's name.")
    folder = Path(data) if data else None
    settings = Settings(suite=TRUSTLLM, benchmarks=_answered(paths[0], folder), epochs=1)
    return score(paths[0], (), Job(settings=settings, data=folder, out=Path(out), command=command))


def export(run: Path | str | Run, to: str, out: Path | str | None = None) -> Path:
    """A run as files for another tool; `to` is one of `upright.interop.FORMATS`.

    Returns the folder written, by default one in the current folder named like the run.
    """
    opened = run if isinstance(run, Run) else open_run(run)
    return export_run(opened, to, Path(out) if out else None)


def preview(model: AnyModel, job: Job, price: Price | None = None) -> Forecast:
    """What a run would ask and cost, without asking."""
    opened = behind_defenses(open_under_test(model, job), job)
    plan, _ = plan_of(opened, job.settings, job.data)
    check_sizes(plan.requests, limits_of(job))
    return forecast(plan, cache_of(job, opened), price)


def relabel(run: Path | str) -> list[Estimate]:
    """Bring the corrected estimates of a run up to date with its `labels.jsonl`."""
    path = Path(run)
    return bring_up_to_date(path, same_versions(path).get)


def pack(run: Path | str, out: Path | str | None = None) -> Path:
    """Write a run's evidence pack: its files, their hashes and all its numbers in one ZIP."""
    path = Path(run).resolve()
    return write_pack(path, Path(out) if out else path.with_name(f"{path.name}.zip"))


def verify(evidence: Path | str) -> Verification:
    """Derive the numbers of a run's folder or of an evidence pack from its answers again."""
    path = Path(evidence)
    if path.is_dir():
        return verify_run(path, same_versions(path).get)
    return verify_pack(path, lambda run: same_versions(run).get)


def compare(
    baseline: Path | str,
    candidate: Path | str,
    *,
    margin: float = 0.0,
    score_set: str = "",
    flips: int = 50,
) -> Comparison:
    """Two stored runs on the samples that both answered; `gate.decide` makes a verdict of it.

    `margin` is the largest loss that does not matter, `flips` how many changed answers to list.
    """
    load = same_versions(Path(baseline)).get
    runs = open_run(baseline), open_run(candidate)
    return compare_runs(*runs, load, margin=margin, score_set=score_set, flips_shown=flips)


def leaderboard(runs: Iterable[Path | str] = (), *, published: bool = False) -> Leaderboard:
    """Rank stored runs benchmark by benchmark, with the intervals of the places.

    `published` adds the paper's models, apart from what was measured here.
    """
    return rank(runs, with_published=published)


def attack_table(artifacts: Path | str) -> AttackTable:
    """JailbreakBench's attack success by attack and model, recomputed from its artifacts."""
    return read_attack_table(Path(artifacts))


def findings(
    runs: Iterable[Path | str] = (), *, published: bool = False, score_set: str = "upright"
) -> tuple[Findings, ...]:
    """The paper's findings as checks: on runs, on the paper's own table, or on each of the two.

    Without runs, on the paper's table.
    """
    paths = list(runs)
    own = [findings_of(paths, score_set)] if paths else []
    theirs = [published_findings()] if published or not paths else []
    return (*own, *theirs)


def same_versions(run: Path) -> dict[str, Benchmark]:
    """The benchmarks of a run that are installed here, in the version it was made with."""
    cards = open_run(run).info["benchmarks"]
    known = [id for id in cards if id in registry.entries("benchmarks")]
    loaded = {id: registry.load("benchmarks", id) for id in known}
    return {id: b for id, b in loaded.items() if b.card.version == cards[id].get("version", 1)}


def _weights_of(spec: str, options: ModelOptions) -> "AbstractContextManager[Weights]":
    """The undefended model's: whoever has its weights tries there what a defense then meets."""
    from upright.models.weights import open_weights  # noqa: PLC0415 - seconds, and seldom needed

    precision = "float32" if options.precision == "auto" else options.precision
    return open_weights(spec, options.device, precision, options.threads)


def _answered(file: Path, data: Path | None) -> tuple[str, ...]:
    """The benchmarks of the paper most of whose questions a file of answers answers."""
    answers = open_replay(str(file), DEFAULTS).answers
    found = []
    for id in select(suite=TRUSTLLM):
        benchmark = registry.load("benchmarks", id)
        rows = suite_file(TRUSTLLM, benchmark.file, data).raw
        asked = [row.raw_prompt for row in rows if benchmark.keep(row)]
        if 2 * sum(prompt in answers for prompt in asked) > len(asked):
            found.append(id)
    if not found:
        raise DataError(
            f"{file} answers the questions of none of the paper's benchmarks. If it answers "
            f"some of one, name it: upright score {file} --benchmark ID"
        )
    return tuple(found)
