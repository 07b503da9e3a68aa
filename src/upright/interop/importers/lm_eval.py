"""lm-evaluation-harness: `samples_TASK_TIME.jsonl`, with `results_TIME.json` beside it.

One line per document and filter. The results file names the model and says which metrics are
better when lower; without it the model must be named.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from upright.core import DataError, Message, Response, UsageError
from upright.interop.foreign import Foreign, Log, Told, number
from upright.interop.untrusted import Source, at, read_as, text

SAMPLES = re.compile(r"samples_(?P<task>.+)_(?P<time>\d{4}-\d\d-\d\dT.+)\.jsonl")
TOOL = "lm_eval"


class Line(msgspec.Struct):
    doc_id: int
    doc_hash: str
    metrics: list[str] = []
    doc: Any = None
    target: Any = ""
    arguments: Any = ()
    filtered_resps: list[Any] = []
    resps: list[Any] = []
    filter: str = "none"


class Results(msgspec.Struct):
    lm_eval_version: str = ""
    model_source: str | None = None
    model_name: str | None = None
    date: float | None = None
    higher_is_better: dict[str, dict[str, bool | None]] = {}
    versions: dict[str, Any] = {}
    total_evaluation_time_seconds: Any = None


class Asked(NamedTuple):
    prompt: str
    options: tuple[str, ...]


def read(sources: Sequence[Source]) -> list[Log]:
    """One log per samples file."""
    given = {s.path.name: s for s in sources if s.path.name.startswith("results_")}
    samples = [s for s in sources if s.path.name not in given]
    if not samples:
        raise UsageError(
            f"{', '.join(given)} holds no answers. Name the samples_*.jsonl beside it (lm-eval "
            "writes them with --log_samples)."
        )
    return [_log(source, _results(source, given)) for source in samples]


def _results(source: Source, given: Mapping[str, Source]) -> Results | None:
    """The results file of the same time stamp, named or lying beside."""
    found = SAMPLES.fullmatch(source.path.name)
    if found is None:
        return None
    name = f"results_{found['time']}.json"
    beside = Source(source.path.with_name(name))
    if name not in given and not beside.path.is_file():
        return None
    file = given.get(name, beside)
    return read_as(file.document(), Results, str(file.path))


def _log(source: Source, results: Results | None) -> Log:
    named = SAMPLES.fullmatch(source.path.name)
    task = named["task"] if named else source.path.stem
    results = results or Results()
    answers: dict[tuple[int, str], Told] = {}
    metrics: dict[str, str] = {}
    for place, row in source.lines():
        line = read_as(row, Line, place)
        with at(place):
            values = {_metric(n, line): number(row.get(n)) for n in _metrics(line, row)}
            metrics |= {name: name for name in values}
            key = (line.doc_id, line.doc_hash)
            before = answers.get(key)
            answers[key] = _merged(before, values) if before else _told(line, values)
    if not answers:
        raise DataError(f"{source.path} holds no answers.")
    better = results.higher_is_better.get(task, {})
    return Log(
        tool=TOOL,
        version=results.lm_eval_version,
        model="/".join(filter(None, (results.model_source, results.model_name))),
        started=_started(results),
        benchmarks=[
            Foreign(
                name=task,
                file=str(source.path),
                measures="A task of lm-evaluation-harness",
                metrics=metrics,
                answers=list(answers.values()),
                lower=frozenset(m for m in metrics if better.get(m.split(",")[0]) is False),
                version=text(results.versions.get(task)),
            )
        ],
    )


def _metrics(line: Line, row: Mapping[str, Any]) -> Sequence[str]:
    """Lines of earlier versions do not say which of their numbers are metrics."""
    known = Line.__struct_fields__
    return line.metrics or [n for n in row if n not in known and number(row[n]) is not None]


def _metric(name: str, line: Line) -> str:
    """Written as lm-eval writes it where a task has filters: "exact_match,strict-match"."""
    return name if line.filter == "none" else f"{name},{line.filter}"


def _merged(before: Told, values: Mapping[str, float | None]) -> Told:
    """The same answer, read by another filter."""
    return replace(before, values={**before.values, **values})


def _told(line: Line, values: Mapping[str, float | None]) -> Told:
    asked = _asked(line.arguments)
    chosen = _likeliest(asked.options, line.filtered_resps)
    return Told(
        key=line.doc_hash,
        messages=(Message("user", asked.prompt),),
        values=values,
        response=Response(text=chosen, finish_reason="choice")
        if asked.options
        else Response(text=_first(line.resps)),
        target=_target(line.target, asked.options),
        options=asked.options,
    )


def _asked(arguments: Any) -> Asked:
    """{"gen_args_0": {"arg_0": context, "arg_1": continuation or settings}, ...}, or pairs."""
    told = arguments.values() if isinstance(arguments, dict) else arguments
    pairs = [list(p.values() if isinstance(p, dict) else p) for p in told]
    if not pairs:
        return Asked("", ())
    weighed = [(text(p[0]), text(p[1])) for p in pairs if len(p) > 1 and isinstance(p[1], str)]
    if len(weighed) < 2:
        return Asked(text(pairs[0][0]), ())
    # Winogrande and its like put each option into the context and weigh the same ending.
    place = 1 if len({context for context, _ in weighed}) == 1 else 0
    return Asked(weighed[0][0], tuple(pair[place].strip() for pair in weighed))


def _likeliest(options: Sequence[str], likelihoods: Sequence[Any]) -> str:
    """The continuation with the highest log-likelihood: what the model chose."""
    if not options or len(likelihoods) < len(options):
        return ""
    pairs = zip(options, likelihoods, strict=False)
    return max(pairs, key=lambda pair: float(pair[1][0]))[0]


def _first(resps: Sequence[Any]) -> str:
    """The first of the repeats of the first request: what lm-eval scores by default."""
    first = resps[0] if resps else ""
    while isinstance(first, list):
        first = first[0] if first else ""
    return text(first)


def _target(target: Any, options: Sequence[str]) -> str:
    """The right option's text where the target is its place."""
    told = text(target)
    place = int(told) if told.isdecimal() and len(told) < 5 else -1
    return options[place] if 0 <= place < len(options) else told


def _started(results: Results) -> str:
    if results.date is None:
        return ""
    try:
        return datetime.fromtimestamp(results.date, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return ""
