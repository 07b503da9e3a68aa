"""What a job is, and what is opened for it: the model, its judges, its defenses, its helpers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from upright.core import Consulting, Defense, Model, Settings, UsageError, open_named
from upright.defenses import defended
from upright.models import DEFAULTS, ModelOptions, open_model
from upright.models._function import Function
from upright.runs import Cache, Limits, Paced, Reached, Remembered, Staffing, open_cache

AnyModel = str | Model | Callable[[str], str]


@dataclass(frozen=True, kw_only=True)
class Job:
    """What to measure and how to go about it; `settings.benchmarks` says what.

    judge_options   how the judge model is reached; None means as the model
    data            a folder that holds datasets; None looks in UPRIGHT_DATA, then the cache
    out             where the run directory is made
    cache           whether answers of earlier runs may be used
    defenses        what stands before the model, the first outermost: see `upright list defenses`
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
    defenses: tuple[str, ...] = ()
    staffing: Staffing = field(default_factory=Staffing)
    judge_itself: bool = False
    command: tuple[str, ...] = ()


def open_under_test(model: AnyModel, job: Job) -> Model:
    if job.model_options.batch:
        _check_batch(job, model)
    if isinstance(model, str):
        return open_model(model, job.model_options)
    return Function(model) if callable(model) else model


class Within:
    """Models within the job's limits, one for all that name the same: the one under test, and what
    its defenses and its attacker consult."""

    def __init__(self, model: Model, job: Job) -> None:
        self._job = job
        self._known: dict[str, Model] = {}
        self.model = self._limited(model)

    def open(self, spec: str) -> Model:
        """Reached with the same options as the model under test."""
        return self._limited(open_model(spec, self._job.model_options))

    def _limited(self, model: Model) -> Model:
        """Limits are of calls: a defense makes many of a question."""
        limits = limits_of(self._job)
        paced = model if limits == Limits() else Paced(model, limits)
        return self._known.setdefault(model.id, paced)


def behind_defenses(model: Model, job: Job, within: Within | None = None) -> Model:
    """The model behind the job's defenses; itself where there are none."""
    if job.defenses and (job.model_options.batch or not job.staffing.alone):
        other = "--batch" if job.model_options.batch else "--workers and --on"
        raise UsageError(
            f"A defense follows each question through its calls, one after the other, and {other} "
            "hand questions over as they are. Leave out one of them."
        )
    if not job.defenses:
        return model
    within = within or Within(model, job)
    defenses = [_consulting(open_named("defenses", spec), within) for spec in job.defenses]
    return defended(remembered(within.model, job), defenses)


def _consulting(defense: Defense, within: Within) -> Defense:
    return defense.consulting(within.open) if isinstance(defense, Consulting) else defense


def remembered(model: Model, job: Job) -> Model:
    """The model through the response cache, for who asks it outside of a run's own questions."""
    return Remembered(model, open_cache) if job.cache and model.cacheable else model


def _check_batch(job: Job, model: AnyModel) -> None:
    """What cannot be had of a batch is said before anything is asked."""
    if not (isinstance(model, str) and model.startswith("openai/")):
        raise UsageError(
            "--batch goes through OpenAI's batch API, which knows models named openai/NAME alone. "
            "Leave it out for this one."
        )
    if stopping := job.settings.stopping:
        raise UsageError(
            f"{stopping} looks at the answers after every few dozen questions, and with --batch "
            f"each look may take a day. Leave out {stopping} or --batch; --limit asks less, too."
        )
    if not job.cache:
        raise UsageError(
            "--no-cache asks everything anew, and --batch takes what an earlier batch at the "
            "provider answered: that is how it goes on. Leave one of them out."
        )


def open_judges(job: Job, model: Model) -> list[Model]:
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


def staffing_of(
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


def limits_of(job: Job) -> Limits:
    return Limits(rpm=job.model_options.rpm, tpm=job.model_options.tpm)


def cache_of(job: Job, model: Model) -> Cache | None:
    return open_cache() if job.cache and model.cacheable else None
