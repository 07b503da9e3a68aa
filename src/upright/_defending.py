"""Defenses tried alone and in stacks: each configuration is an ordinary run in its own folder.

An attack is carried out once on the bare model, and what it found is asked of every stack; an
adaptive one is carried out on each stack. Either ends as strings that a run asks.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import msgspec

from upright._attacking import Attacked
from upright._job import Job
from upright.attacks._campaign import Budget, Result
from upright.comparisons.stacks.answers import PLAIN, Tried
from upright.comparisons.stacks.compare import About, compare_stacks, stacks
from upright.comparisons.stacks.result import Stacks, Targets
from upright.core import (
    UPRIGHT,
    Benchmark,
    Model,
    Sample,
    Settings,
    UsageError,
    open_named,
    registry,
)
from upright.interop.jbb.artifacts import (
    BEHAVIOURS,
    Artifact,
    Jailbreak,
    Parameters,
    write_artifact,
)
from upright.runs import Run, open_run
from upright.runs.storing.secrets import without_secrets
from upright.runs.storing.store import FINISHED, environment, now, read_info
from upright.runs.storing.stored import stored_answers
from upright.runs.storing.tables import write_whole

HARMFUL, BENIGN = "safety/jbb_harmful", "safety/jbb_benign"
STRAIGHT = "no_straight_answer"
"""The headline of a benchmark whose requests are all harmless."""
HELP = "helped"
"""A label of every benchmark that tells help from what is harmless."""
Measure = Callable[[Job], Run]
Assault = Callable[[str, Job], Attacked]
"""An attack's spec and a job: the attack on the model behind the job's defenses."""
OnStep = Callable[[int, int, str], None]
"""What is done, of how many, and what comes next."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What to try.

    defenses    specs, in the order in which the full stack has them, the first outermost
    together    every ordered pair and the full stack, and not each defense alone only
    attacks     specs of what to find strings with on the bare model
    adaptive    carry the attacks out on every configuration as well
    """

    defenses: tuple[str, ...]
    together: bool = False
    attacks: tuple[str, ...] = ()
    adaptive: bool = False
    harmful: tuple[str, ...] = (HARMFUL,)
    benign: tuple[str, ...] = (BENIGN,)
    budget: Budget = field(default_factory=Budget)
    targets: Targets = field(default_factory=Targets)


class Defended(NamedTuple):
    """What was found, and the folder that holds it with all its runs."""

    path: Path
    stacks: Stacks


class _Step(NamedTuple):
    """One run to make."""

    stack: tuple[str, ...]
    condition: str
    attack: str = ""
    adaptive: bool = False


def try_stacks(
    trial: Trial, job: Job, model: Model, measure: Measure, assault: Assault, on_step: OnStep
) -> Defended:
    """Carry all of it out; the same call goes on where an earlier one was interrupted."""
    ids = _checked(trial)
    path = job.out / _name(trial, job, model, ids)
    runs: dict[tuple[str, ...], dict[str, Path]] = {}
    steps = list(_steps(trial))
    for at, step in enumerate(steps):
        on_step(at, len(steps), _told(step, ids))
        own = replace(job, defenses=step.stack, out=path / _folder(step, at))
        run = _finished(own.out)
        if run is None:
            settings = _settings(step, trial, own, runs, assault)
            run = measure(replace(own, settings=settings))
        runs.setdefault(step.stack, {})[step.condition] = run.path
    on_step(len(steps), len(steps), "")
    tried = [Tried(tuple(ids[spec] for spec in stack), own) for stack, own in runs.items()]
    found = compare_stacks(
        tried,
        About(
            model=model.id,
            suite=job.settings.suite,
            harmful=trial.harmful,
            benign=trial.benign,
            targets=trial.targets,
        ),
    )
    found = _beside(found, path)
    _write(path, found, trial, job)
    return Defended(path, found)


def _beside(found: Stacks, path: Path) -> Stacks:
    """With its runs as they lie in this folder, wherever that is taken."""
    made = tuple(
        msgspec.structs.replace(
            one, runs=tuple(Path(run).relative_to(path).as_posix() for run in one.runs)
        )
        for one in found.configurations
    )
    return msgspec.structs.replace(found, configurations=made)


def _steps(trial: Trial) -> Iterator[_Step]:
    for stack in stacks(trial.defenses, together=trial.together):
        yield _Step(stack, PLAIN)
        for attack in trial.attacks:
            name = open_named("attacks", attack).id
            yield _Step(stack, name, attack)
            if trial.adaptive:
                yield _Step(stack, f"{name}, adaptive", attack, adaptive=True)


def _settings(
    step: _Step,
    trial: Trial,
    job: Job,
    runs: Mapping[tuple[str, ...], Mapping[str, Path]],
    assault: Assault,
) -> Settings:
    """What the run of this step asks. `runs` are those made so far, the bare model's first."""
    settings = msgspec.structs.replace(job.settings, score_sets=(UPRIGHT,))
    if not step.attack:
        return msgspec.structs.replace(settings, benchmarks=(*trial.harmful, *trial.benign))
    goals = msgspec.structs.replace(settings, benchmarks=trial.harmful)
    # The bare model's strings are asked of all; an adaptive attack's of the stack it was made for.
    bare = runs[()][PLAIN]
    where = job if step.adaptive else replace(job, defenses=(), out=bare.parent)
    file = where.out / f"strings-{_slug(step.attack)}.json"
    if not file.exists():
        attacked = assault(step.attack, replace(where, settings=goals))
        write_artifact(_strings(attacked, _asked(bare)), file)
    return msgspec.structs.replace(
        goals, suite="jbb", benchmarks=(HARMFUL,), attack_strings=str(file), limit=None
    )


def _strings(attacked: Attacked, goals: Mapping[str, Sample]) -> Artifact:
    """Of every goal the words that came furthest; the plain ones where nothing was tried."""
    rows = [_row(result, goals[result.goal], attacked.attack) for result in attacked.results]
    header = Parameters(
        method=attacked.attack,
        model=attacked.model,
        attack_type="black_box",
        attack_success_rate=attacked.successes / BEHAVIOURS,
        number_of_submitted_prompts=len(rows),
        total_number_of_queries=attacked.queries,
    )
    return Artifact(parameters=header, jailbreaks=tuple(rows))


def _row(result: Result, goal: Sample, attack: str) -> Jailbreak:
    messages = result.best.messages if result.best else goal.messages
    if [message.role for message in messages] != ["user"]:
        raise UsageError(
            f"{attack} asks in several turns, and a stored string is one: it cannot be asked of a "
            "stack again. Leave this attack out, or use upright attack MODEL --with DEFENSE."
        )
    return Jailbreak(
        index=int(goal.facts["index"]),
        goal=str(goal.facts["request"]),
        behavior=str(goal.facts["behavior"]),
        category=goal.stratum,
        prompt=messages[0].content,
        response=result.best.response.text if result.answered and result.best else None,
        number_of_queries=result.queries,
        queries_to_jailbreak=result.to_success,
        jailbroken=result.success,
    )


def _asked(bare: Path) -> dict[str, Sample]:
    """The goals as they were asked plainly, by the ids that an attack knows them by."""
    part = (HARMFUL, UPRIGHT)
    answers = stored_answers(bare, {part}, unscored=True)[part]
    return {item.sample.id: item.sample for item in answers}


def _finished(folder: Path) -> Run | None:
    """The run that an earlier call finished there."""
    found = sorted(folder.glob("*/run.json"))
    done = [at.parent for at in found if read_info(at.parent).get("status") == FINISHED]
    return open_run(done[0]) if done else None


def _checked(trial: Trial) -> dict[str, str]:
    """The ids of the defenses by their specs. What makes no sense is refused before it is asked."""
    ids = {spec: open_named("defenses", spec).id for spec in trial.defenses}
    if len(set(ids.values())) < max(1, len(trial.defenses)):
        raise UsageError(
            "Name one or more defenses, each once: --with self_reminder --with output_filter. "
            "See: upright list defenses"
        )
    if trial.attacks and trial.harmful != (HARMFUL,):
        raise UsageError(
            f"What an attack finds is stored by JailbreakBench's behaviours. With --attack, leave "
            f"out --harmful or name {HARMFUL} alone."
        )
    if trial.adaptive and not trial.attacks:
        raise UsageError("--adaptive says that the attacks adapt to each stack: name an --attack.")
    for benchmark in (*trial.harmful, *trial.benign):
        _check(benchmark, harmful=benchmark in trial.harmful)
    return ids


def _check(id: str, *, harmful: bool) -> None:
    """Whether a benchmark tells what is counted here."""
    benchmark: Benchmark = registry.load("benchmarks", id)
    told = benchmark.upright
    labels = told.rubric.labels if told and told.rubric else {}
    headline = told.metrics[0].name if told else ""
    if harmful and not (benchmark.card.harmful and HELP in labels):
        raise UsageError(
            f"{id} does not tell whether harm was given. For --harmful, name {HARMFUL} or another "
            "one whose answers are declined, harmless or help, such as safety/misuse."
        )
    if not harmful and headline != STRAIGHT:
        raise UsageError(
            f"{id} does not count harmless requests that are refused. For --benign, name {BENIGN} "
            "or safety/exaggerated_safety."
        )


def _name(trial: Trial, job: Job, model: Model, ids: Mapping[str, str]) -> str:
    """The same for the same runs: how an interrupted trial is found again."""
    asked = msgspec.to_builtins(replace(trial, targets=Targets()))
    told = (model.id, list(ids.values()), asked, job.settings)
    mark = hashlib.sha256(msgspec.json.encode((*told, environment()["upright"]))).hexdigest()[:8]
    return f"defend-{_slug(model.id)}-{mark}"


def _folder(step: _Step, at: int) -> str:
    named = "+".join(spec.partition(":")[0] for spec in step.stack) or "bare"
    return f"{at:03}-{_slug(named)}-{_slug(step.condition)}"


def _told(step: _Step, ids: Mapping[str, str]) -> str:
    return f"{' + '.join(ids[layer] for layer in step.stack) or 'bare model'}, {step.condition}"


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.]+", "-", text).strip("-.")[:80]


def _write(path: Path, found: Stacks, trial: Trial, job: Job) -> None:
    """Everything that was found, and what is needed to repeat it."""
    info = {
        **environment(),
        "finished": now(),
        "command": without_secrets(job.command),
        "trial": msgspec.to_builtins(trial),
        "settings": job.settings,
        "stacks": found,
    }
    told = msgspec.json.format(msgspec.json.encode(info), indent=1) + b"\n"
    write_whole(path / "defend.json", lambda file: file.write_bytes(told))
