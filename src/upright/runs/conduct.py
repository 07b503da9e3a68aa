"""A run from the first question to the last number, in a directory that survives anything."""

import asyncio
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from upright.core import Interrupted, Model, ModelRefused, StoreError
from upright.runs.asking.desk import ANSWERS, Desk
from upright.runs.asking.engine import Patience
from upright.runs.asking.limits import Limits
from upright.runs.asking.loop import complete, signals_cancel, sigterm_interrupts
from upright.runs.asking.meanwhile import meanwhile
from upright.runs.asking.tally import OnProgress, Tally
from upright.runs.finish import write_tables
from upright.runs.garbage import seldom_collected
from upright.runs.judge_models import ask_panel, stage
from upright.runs.plan import Plan
from upright.runs.rounds import Asked, ask_all
from upright.runs.scoring.agreement import agreement
from upright.runs.scoring.baselines import baselines
from upright.runs.scoring.early import Early
from upright.runs.scoring.panel import Panel, Unread
from upright.runs.storing.cache import Cache
from upright.runs.storing.secrets import without_secrets
from upright.runs.storing.shards import take_over
from upright.runs.storing.store import FINISHED, STOPPED, Run, claim, describe, ended, write_info
from upright.runs.workers.hiring import crew_for, shards_of
from upright.runs.workers.staffing import Staffing

PATIENT, UNLIMITED = Patience(), Limits()


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a run is carried out; none of it changes a number.

    out         where run directories are made
    cache       answers of earlier runs, or None to ask everything anew
    command     what the user typed: stored, and offered for going on, without its secrets
    data        the files read: {name: {"sha256": ..., "rows": ..., "patches": {id: rows}}}
    staffing    who asks; None means this process
    """

    out: Path = Path("runs")
    cache: Cache | None = None
    command: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    patience: Patience = PATIENT
    limits: Limits = UNLIMITED
    staffing: Staffing | None = None


class Received(NamedTuple):
    """All that models had to say."""

    asked: Asked
    panel: Panel


DEFAULTS = Options()


@seldom_collected()
def run(
    plan: Plan,
    model: Model,
    judges: Sequence[Model] = (),
    options: Options = DEFAULTS,
    on_progress: OnProgress = lambda progress: None,
) -> Run:
    """Ask, judge, store. Goes on with an interrupted run of the same plan where there is one.

    Closes the models and the cache. Whatever it raises, everything received is in the journal.
    """
    described = describe(plan, model, judges, options.command, options.data)
    path, info, journal = claim(options.out, plan, model, described)
    try:
        take_over(journal, shards_of(options.staffing, path))
        crew = crew_for(options.staffing, path, options.patience, options.limits)
    except BaseException:  # also Ctrl-C: a notebook's process lives on, and would keep the lock
        journal.close()
        if options.cache:
            options.cache.close()
        raise
    early = Early(plan, model.concurrency)
    desk = Desk(journal, options.cache, crew, on_progress, early.came)
    try:
        with _stopping(path, info, desk, options.command):
            asked, panel = complete(_receive(plan, model, judges, desk, early))
            read = write_tables(path, asked, panel, early)
            # Some facts show only in answers: the name under which a server knows its model.
            info["model"] = {"id": model.id, "facts": crew.facts(model)}
            info["judge_facts"] = crew.facts(judges[0]) if len(judges) == 1 else {}
            info["judges"] = _judges(judges, desk)
            info["judge_sample"] = _sampled(plan, panel)
            info["agreement"] = agreement(read, panel)
            info["baselines"] = baselines(asked.plan, early.baselines)
            info["until"] = asked.told
            write_info(path, {**ended(info, FINISHED), **_counts(desk)})
    finally:
        desk.close()
    return Run(path)


async def _receive(
    plan: Plan, model: Model, judges: Sequence[Model], desk: Desk, early: Early
) -> Received:
    """Everything that needs a model."""
    with signals_cancel():
        try:
            async with meanwhile(early.work()):
                asked = await ask_all(plan, model, desk)
            return Received(asked, await ask_panel(asked.plan, asked.responses, desk, judges))
        finally:
            desk.leave()
            await desk.crew.close()
            for opened in (model, *judges):
                await opened.close()


@contextmanager
def _stopping(
    path: Path, info: Mapping[str, Any], desk: Desk, command: tuple[str, ...]
) -> Iterator[None]:
    """A run that must stop says what is saved and how to go on."""
    again = shlex.join(without_secrets(command)) or "the same command"
    try:
        with sigterm_interrupts():
            yield
    except StoreError as error:
        raise StoreError(
            f"{error}\nWhat is in {path} is not asked again. To go on there: {again}"
        ) from error
    except (ModelRefused, KeyboardInterrupt, asyncio.CancelledError) as error:
        desk.sync()
        write_info(path, {**ended(info, STOPPED), **_counts(desk)})
        tally = desk.tallies[ANSWERS]
        saved = f"{tally.answered} of {tally.planned} answers are saved in {path}"
        if isinstance(error, ModelRefused):
            raise ModelRefused(
                f"{error}\n{saved}; nothing is asked twice. Then: {again}"
            ) from error
        raise Interrupted(f"Stopped. {saved}. To go on: {again}") from error


def _counts(desk: Desk) -> dict[str, Any]:
    """What was asked of the model and of all judge models together, and what it used."""
    model = desk.tallies[ANSWERS]
    judges = Tally.sum(tally for name, tally in desk.tallies.items() if name != ANSWERS)
    return {
        "calls": model.calls,
        "tokens": model.tokens,
        "judge_calls": judges.calls,
        "judge_tokens": judges.tokens,
    }


def _sampled(plan: Plan, panel: Panel) -> dict[str, int] | None:
    """How many answers judge models read of those they would have read without a sample, and on how
    many of these no verdict of theirs could be read."""
    if plan.settings.judge_sample is None:
        return None
    unread = sum(isinstance(ruling, Unread) for ruling in panel.rulings.values())
    return {"read": len(panel.opinions), "of": panel.readable, "unread": unread}


def _judges(judges: Sequence[Model], desk: Desk) -> list[dict[str, Any]]:
    """What each judge model is and what it cost."""
    told = []
    for judge in judges:
        facts, tally = desk.crew.facts(judge), desk.tallies[stage(judge, judges)]
        told.append({"id": judge.id, "facts": facts, "calls": tally.calls, "tokens": tally.tokens})
    return told
