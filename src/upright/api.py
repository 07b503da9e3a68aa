"""The Python API: one function per verb. Composes the rooms; none of them knows another."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from upright.comparisons.claims.findings import Findings, findings_of, published_findings
from upright.comparisons.many_runs.leaderboard import Leaderboard
from upright.comparisons.many_runs.leaderboard import leaderboard as rank
from upright.comparisons.two_runs.compare import compare as compare_runs
from upright.comparisons.two_runs.result import Comparison
from upright.core import (
    Benchmark,
    DataError,
    Dimension,
    Estimate,
    Model,
    Row,
    Settings,
    UsageError,
    registry,
    unknown,
)
from upright.data import SUITES, DataFile, suite_file
from upright.interop import TRUSTLLM, detect, export_run, import_files
from upright.models import DEFAULTS, ModelOptions, open_model
from upright.models._function import Function
from upright.models.replay import open_replay
from upright.repairs import repair
from upright.runs import (
    Cache,
    Forecast,
    Limits,
    OnProgress,
    Options,
    Patience,
    Plan,
    Price,
    Reached,
    Run,
    Staffing,
    forecast,
    make_plan,
    open_cache,
    open_run,
)
from upright.runs import relabel as bring_up_to_date
from upright.runs import run as carry_out
from upright.runs.scoring.verify import Verification
from upright.runs.scoring.verify import verify as verify_run
from upright.runs.storing.pack import pack as write_pack
from upright.runs.storing.pack import verify_pack

__all__ = [
    "Findings",
    "Job",
    "Leaderboard",
    "Run",
    "compare",
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
    "verify",
]

AnyModel = str | Model | Callable[[str], str]


@dataclass(frozen=True, kw_only=True)
class Job:
    """What to measure and how to go about it; `settings.benchmarks` says what.

    judge_options   how the judge model is reached; None means as the model
    data            a folder that holds datasets; None looks in UPRIGHT_DATA, then the cache
    out             where the run directory is made
    cache           whether answers of earlier runs may be used
    staffing        who asks: this process, several, or a Ray cluster
    judge_itself    allow the model under test to be its own judge
    command         what the user typed, kept in run.json and offered for going on
    """

    settings: Settings = field(default_factory=Settings)
    model_options: ModelOptions = DEFAULTS
    judge_options: ModelOptions | None = None
    data: Path | None = None
    out: Path = Path("runs")
    cache: bool = True
    staffing: Staffing = field(default_factory=Staffing)
    judge_itself: bool = False
    command: tuple[str, ...] = ()


def evaluate(  # noqa: PLR0913 - the common parameters by name, as one types them in a notebook
    model: AnyModel,
    job: Job | None = None,
    *,
    suite: str = "mini",
    benchmark: str | Sequence[str] = (),
    dimension: str | Sequence[str] = (),
    limit: int | None = None,
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
            benchmarks=select(benchmark, dimension),
            limit=limit,
            judge=tuple(_listed(judge)),
        )
        job = Job(settings=settings, data=Path(data) if data else None, out=Path(out))
    opened = _open(model, job)
    judges = _open_judges(job, opened)
    plan, files = _plan(opened, job)
    options = Options(
        out=job.out,
        cache=_cache(job, opened),
        command=job.command,
        data=_provenance(files),
        patience=Patience(max_attempts=job.model_options.max_attempts),
        limits=Limits(rpm=job.model_options.rpm, tpm=job.model_options.tpm),
        staffing=_staffing(job, model, opened, judges, len(plan.items)),
    )
    return carry_out(plan, opened, judges, options, on_progress)


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
    opened = _open(model, job)
    return forecast(_plan(opened, job)[0], _cache(job, opened), price)


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


def select(
    benchmarks: str | Sequence[str] = (), dimensions: str | Sequence[str] = ()
) -> tuple[str, ...]:
    """The ids of the named benchmarks and of those in the named dimensions; all by default."""
    known = registry.entries("benchmarks")
    wanted = _listed(benchmarks)
    folders = _listed(dimensions)
    for id in wanted:
        if id not in known:
            raise unknown("benchmark", id, known)
    for folder in folders:
        if folder not in set(Dimension):
            raise unknown("dimension", folder, list(Dimension))
    if not wanted and not folders:
        return tuple(known)
    chosen = tuple(id for id in known if id in wanted or id.split("/")[0] in folders)
    if not chosen:
        raise UsageError(f"No benchmark measures {', '.join(folders)} yet. See: upright list")
    return chosen


def _answered(file: Path, data: Path | None) -> tuple[str, ...]:
    """The benchmarks of the paper most of whose questions a file of answers answers."""
    answers = open_replay(str(file), DEFAULTS).answers
    found = []
    for id in registry.entries("benchmarks"):
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


def _listed(names: str | Sequence[str]) -> list[str]:
    return [names] * bool(names) if isinstance(names, str) else list(names)


def _open(model: AnyModel, job: Job) -> Model:
    if job.model_options.batch:
        _check_batch(job)
    if isinstance(model, str):
        return open_model(model, job.model_options)
    return Function(model) if callable(model) else model


def _check_batch(job: Job) -> None:
    """What cannot be had of a batch is said before anything is asked."""
    if job.settings.until is not None:
        raise UsageError(
            "--until looks at the answers after every few dozen questions, and with --batch each "
            "look may take a day. Leave one of them out; --limit asks less, too."
        )
    if not job.cache:
        raise UsageError(
            "--no-cache asks everything anew, and --batch takes what an earlier batch at the "
            "provider answered: that is how it goes on. Leave one of them out."
        )


def _open_judges(job: Job, model: Model) -> list[Model]:
    """None of them the model itself, none twice."""
    judges = [open_model(s, job.judge_options or job.model_options) for s in job.settings.judge]
    ids = [judge.id for judge in judges]
    if model.id in ids and not job.judge_itself:
        raise UsageError(
            f"{model.id} would judge its own answers, which flatters it. Name another --judge, "
            "or insist with --judge-itself."
        )
    if twice := next((id for id in ids if ids.count(id) > 1), None):
        raise UsageError(f"{twice} is named twice as --judge. To ask it twice: --judge-votes 2")
    return judges


def _staffing(
    job: Job, spec: AnyModel, model: Model, judges: Sequence[Model], samples: int
) -> Staffing:
    """Workers open models by their specs; one that was handed over open they cannot."""
    if not isinstance(spec, str):
        if not job.staffing.alone:
            raise UsageError("Several workers need a model that they can open: name it by a spec.")
        return job.staffing
    judged_by = job.judge_options or job.model_options
    models = {model.id: Reached(spec, job.model_options)}
    for judge, named in zip(judges, job.settings.judge, strict=True):
        models.setdefault(judge.id, Reached(named, judged_by))
    return replace(job.staffing, models=models, samples=samples)


def _cache(job: Job, model: Model) -> Cache | None:
    return open_cache() if job.cache and model.cacheable else None


def _plan(model: Model, job: Job) -> tuple[Plan, Mapping[str, DataFile]]:
    """The plan, and the files it was made from."""
    settings = job.settings
    if settings.suite not in SUITES:
        raise unknown("suite", settings.suite, SUITES)
    files: dict[str, DataFile] = {}

    def rows(benchmark: Benchmark, patched: bool) -> Sequence[Row]:
        if benchmark.file not in files:
            files[benchmark.file] = suite_file(settings.suite, benchmark.file, job.data)
        file = files[benchmark.file]
        return file.patched if patched else file.raw

    ids = settings.benchmarks or select()
    benchmarks = {id: registry.load("benchmarks", id) for id in ids}
    plan = make_plan(benchmarks, rows, model, settings)
    if not plan.items:
        raise UsageError(
            f"There is nothing to ask: no score set {' or '.join(settings.score_sets)} on the "
            f"suite {settings.suite}. `published` exists for the paper's data: --suite trustllm."
        )
    return plan, files


def _provenance(files: Mapping[str, DataFile]) -> dict[str, Any]:
    """For run.json: which bytes were read, and which patches acted on how many rows."""
    return {
        name: {"sha256": f.sha256, "rows": len(f.raw), "patches": dict(f.patches)}
        for name, f in files.items()
    }
