"""A foreign log becomes a run directory, which appears whole or not at all."""

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from upright.core import (
    IMPORTED,
    DataError,
    Estimate,
    Metric,
    Outcome,
    Request,
    Sample,
    Verdict,
    digest,
    one_line,
)
from upright.interop.dimensions import dimension_of
from upright.interop.foreign import Foreign, Log, Told
from upright.runs.items import Item
from upright.runs.scoring.estimates import estimate_one
from upright.runs.scoring.judging import Judged
from upright.runs.storing.store import (
    FINISHED,
    Run,
    environment,
    new_directory,
    now,
    run_name,
    write_info,
)
from upright.runs.storing.tables import samples_table, write_estimates
from upright.stats.metrics import mean

LONGEST_NAME, LONGEST_TEXT = 60, 200
LIMITS = (
    "Asked and judged by another tool: Upright repeated neither, and knows nothing of its judge.",
    "Of what kind an answer is, only empty, filtered and failed ones were told apart.",
)


class Known(Sample, frozen=True, kw_only=True, dict=True):
    """A sample whose identity is another tool's: the prompts of two runs may differ by a chat
    template where the question is the same."""

    known_as: str = ""

    @cached_property
    def id(self) -> str:
        return digest((self.known_as, self.copy))[:16]


@dataclass(frozen=True)
class Table:
    """One benchmark's answers with the verdict of its headline, and its numbers."""

    id: str
    card: Mapping[str, Any]
    judged: Sequence[Judged]
    estimates: Sequence[Estimate]


def store(log: Log, files: Mapping[str, Any], out: Path, command: Sequence[str] = ()) -> Run:
    """Write the run; `files` are those it was read from, as in run.json's `data`."""
    tables = [_table(log, benchmark) for benchmark in log.benchmarks]
    name = run_name(log.model, log.tool)
    out.mkdir(parents=True, exist_ok=True)
    unfinished = new_directory(out, f".{name}.unfinished")
    try:
        with samples_table(unfinished / "samples.parquet") as samples:
            for table in tables:
                samples.add(dimension_of(table.id), table.judged)
        numbers = [estimate for table in tables for estimate in table.estimates]
        write_estimates(unfinished / "estimates.parquet", numbers)
        write_info(unfinished, _info(log, tables, files, command))
        path = new_directory(out, name)
        path.rmdir()
        unfinished.rename(path)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return Run(path)


def _table(log: Log, benchmark: Foreign) -> Table:
    id = f"{log.tool}/{benchmark.name}"
    if not benchmark.answers:
        raise DataError(f"{benchmark.file}: {id} holds no answers.")
    metrics = _usable(id, benchmark)
    by_metric = {
        metric: _judged(id, log.model, benchmark, metric, _judge(log, benchmark, metric))
        for metric in metrics
    }
    estimates = [
        estimate_one(
            dimension_of(id),
            (id, IMPORTED),
            Metric(
                name=one_line(metric, LONGEST_NAME),
                compute=mean(),
                higher_is_better=metric not in benchmark.lower,
            ),
            "",
            metric == metrics[0],
            [one.scored for one in judged],
        )
        for metric, judged in by_metric.items()
    ]
    return Table(id, _card(log, benchmark, metrics), by_metric[metrics[0]], estimates)


def _usable(id: str, benchmark: Foreign) -> list[str]:
    """The metrics that are rates: a mean of values in [0, 1] has an interval, others none here."""
    values = {
        name: [v for told in benchmark.answers if (v := told.values.get(name)) is not None]
        for name in benchmark.metrics
    }
    rates = [name for name, found in values.items() if all(0 <= v <= 1 for v in found)]
    # A metric without a single verdict leads only where there is no other.
    usable = [name for name in rates if values[name]] or rates
    if not usable:
        names = one_line(", ".join(values), LONGEST_TEXT) or "none at all"
        raise DataError(
            f"{benchmark.file}: no metric of {id} has values between 0 and 1 ({names}), and only "
            "such can be imported."
        )
    return usable


def _judged(id: str, model: str, benchmark: Foreign, metric: str, judge: str) -> list[Judged]:
    """Every answer with its verdict by one metric."""
    return [
        Judged(_item(id, model, told, copy), told.response, _verdict(told, metric, judge))
        for told, copy in _numbered(benchmark.answers)
    ]


def _numbered(answers: Sequence[Told]) -> Iterator[tuple[Told, int]]:
    """A question that a dataset holds twice is two samples of one cluster."""
    seen: Counter[tuple[str, int]] = Counter()
    for told in answers:
        yield told, seen[told.key, told.epoch]
        seen[told.key, told.epoch] += 1


def _item(id: str, model: str, told: Told, copy: int) -> Item:
    sample = Known(
        messages=told.messages,
        target=told.target,
        options=told.options,
        group=told.group or (told.key if copy else ""),
        copy=copy,
        known_as=told.key,
    )
    # Upright asked nothing: `only_for` keeps the key from meaning one of its own requests.
    request = Request(model=model, messages=told.messages, epoch=told.epoch, only_for=IMPORTED)
    return Item(benchmark=id, score_set=IMPORTED, sample=sample, epoch=told.epoch, request=request)


def _verdict(told: Told, metric: str, judge: str) -> Verdict:
    value = told.values.get(metric)
    return Verdict(
        outcome=_outcome(told, value),
        value=value,
        label=told.label,
        judge=judge,
        reason=told.reason,
    )


def _outcome(told: Told, value: float | None) -> Outcome:
    if told.response.error is not None:
        return Outcome.ERROR
    if told.response.finish_reason == "content_filter":
        return Outcome.FILTERED
    if not told.response.text.strip():
        return Outcome.EMPTY
    return Outcome.ANSWERED if value is not None else Outcome.UNPARSED


def _judge(log: Log, benchmark: Foreign, metric: str) -> str:
    return f"{log.tool}:{one_line(benchmark.metrics[metric], LONGEST_NAME)}"


def _card(log: Log, benchmark: Foreign, metrics: Sequence[str]) -> dict[str, Any]:
    return {
        "title": f"{benchmark.name} ({log.tool})",
        "measures": one_line(benchmark.measures, LONGEST_TEXT),
        "dimension": dimension_of(f"{log.tool}/{benchmark.name}"),
        "limits": [*LIMITS, *_left_out(benchmark, metrics)],
        "data": one_line(f"{log.tool} {benchmark.version}", LONGEST_NAME),
    }


def _left_out(benchmark: Foreign, metrics: Sequence[str]) -> Iterator[str]:
    if names := [name for name in benchmark.metrics if name not in metrics]:
        yield one_line(f"Not imported: {', '.join(names)}.", LONGEST_TEXT)


def _info(
    log: Log, tables: Sequence[Table], files: Mapping[str, Any], command: Sequence[str]
) -> dict[str, Any]:
    when = now()
    return {
        **environment(),
        "status": FINISHED,
        "started": log.started or when,
        "finished": log.finished or None,
        "command": list(command),
        "plan": None,
        "model": {"id": log.model, "facts": {}},
        "judge": None,
        "settings": {"suite": log.tool},
        "data": files,
        "benchmarks": {table.id: table.card for table in tables},
        "imported": {"tool": log.tool, "version": log.version, "when": when},
    }
