"""A run from the first question to the last number, in a directory that survives anything."""

import asyncio
import shlex
import sys
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from upright.core import Interrupted, Model, ModelRefused, StoreError
from upright.runs.asking.desk import ANSWERS, Desk, OnProgress, Tally
from upright.runs.asking.engine import Patience
from upright.runs.asking.limits import Limits
from upright.runs.asking.panel import Panel, ask_panel, stage
from upright.runs.asking.rounds import Asked, ask_all
from upright.runs.asking.signals import signals_cancel, sigterm_interrupts
from upright.runs.garbage import seldom_collected
from upright.runs.plan import Plan
from upright.runs.scoring.agreement import agreement
from upright.runs.scoring.baselines import baselines
from upright.runs.scoring.estimates import estimate_all
from upright.runs.scoring.judging import judge_all
from upright.runs.scoring.known import Known
from upright.runs.scoring.sampled import read_sampling
from upright.runs.storing.cache import Cache
from upright.runs.storing.secrets import without_secrets
from upright.runs.storing.store import FINISHED, STOPPED, Run, claim, describe, now, write_info
from upright.runs.storing.tables import write_estimates, write_samples, write_verdicts

if sys.platform == "win32":
    new_event_loop = asyncio.new_event_loop
else:
    from uvloop import new_event_loop

PATIENT, UNLIMITED = Patience(), Limits()


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a run is carried out; none of it changes a number.

    out         where run directories are made
    cache       answers of earlier runs, or None to ask everything anew
    command     what the user typed: stored, and offered for going on, without its secrets
    data        the files read: {name: {"sha256": ..., "rows": ..., "patches": {id: rows}}}
    """

    out: Path = Path("runs")
    cache: Cache | None = None
    command: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    patience: Patience = PATIENT
    limits: Limits = UNLIMITED


class Received(NamedTuple):
    """All that models had to say."""

    asked: Asked
    panel: Panel


DEFAULTS = Options()
T = TypeVar("T")


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
    desk = Desk(journal, options.cache, options.patience, options.limits, on_progress)
    try:
        with _stopping(path, info, desk, options.command):
            received = _complete(_receive(plan, model, judges, desk))
            plan, stops = received.asked.plan, received.asked.stops
            # A sample corrects what the benchmarks' own judges say; it replaces none of it.
            rulings = received.panel.rulings if plan.settings.judge_sample is None else {}
            judged = judge_all(plan, received.asked.responses, rulings)
            write_samples(path / "samples.parquet", plan.dimensions, judged)
            if judges:
                write_verdicts(path / "verdicts.parquet", judged, received.panel)
            known = Known(stops=stops, sampling=read_sampling(path, info))
            write_estimates(path / "estimates.parquet", estimate_all(plan, judged, known))
            # Some facts show only in answers: the name under which a server knows its model.
            info["model"] = {"id": model.id, "facts": model.facts}
            info["judge_facts"] = judges[0].facts if len(judges) == 1 else {}
            info["judges"] = _judges(judges, desk)
            info["judge_sample"] = _sampled(plan, received.panel)
            info["agreement"] = agreement(judged, received.panel)
            info["baselines"] = baselines(plan)
            info["until"] = received.asked.told
            write_info(path, {**info, **_counts(desk), "status": FINISHED, "finished": now()})
    finally:
        desk.close()
    return Run(path)


async def _receive(plan: Plan, model: Model, judges: Sequence[Model], desk: Desk) -> Received:
    """Everything that needs a model."""
    with signals_cancel():
        try:
            asked = await ask_all(plan, model, desk)
            return Received(asked, await ask_panel(asked.plan, asked.responses, desk, judges))
        finally:
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
        write_info(path, {**info, **_counts(desk), "status": STOPPED})
        tally = desk.tallies[ANSWERS]
        saved = f"{tally.answered} of {tally.planned} answers are saved in {path}"
        if isinstance(error, ModelRefused):
            raise ModelRefused(
                f"{error}\n{saved}; nothing is asked twice. Then: {again}"
            ) from error
        raise Interrupted(f"Stopped. {saved}. To go on: {again}") from error


def _complete(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end; in a thread of its own where a loop is running already (notebooks)."""

    def alone() -> T:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            return runner.run(work)

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return alone()
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(alone).result()


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
    """How many answers judge models read of those they would have read without a sample."""
    if plan.settings.judge_sample is None:
        return None
    return {"read": len(panel.opinions), "of": panel.readable}


def _judges(judges: Sequence[Model], desk: Desk) -> list[dict[str, Any]]:
    """What each judge model is and what it cost."""
    tallies = [desk.tallies[stage(judge, judges)] for judge in judges]
    return [
        {"id": judge.id, "facts": judge.facts, "calls": tally.calls, "tokens": tally.tokens}
        for judge, tally in zip(judges, tallies, strict=True)
    ]
