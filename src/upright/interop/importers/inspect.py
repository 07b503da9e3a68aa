"""Inspect: `.eval` and `.json` logs, schema version 2; one benchmark per task.

The scorer that Inspect calls its headline leads, the others are further metrics. C, P, I and N
are 1, 0.5, 0 and 0, numbers stay as they are, and NaN, Inspect's "unscored", stays unscored.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from upright.core import DataError, Message, Response, digest
from upright.interop.archive import Archive
from upright.interop.foreign import Foreign, Log, Told, number
from upright.interop.untrusted import Source, at, parse, read_as, text

TOOL = "inspect"
LETTERS = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0, "yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}
FINISH = {"max_tokens": "length", "model_length": "length", "content_filter": "content_filter"}
ATTACHMENT = "attachment://"


class Spec(msgspec.Struct):
    task: str
    model: str
    created: str = ""
    task_version: Any = 0
    packages: dict[str, Any] = {}


class ScorerResult(msgspec.Struct):
    name: str = ""


class Headline(msgspec.Struct):
    score: str | None = None
    scorer: str | None = None


class Results(msgspec.Struct):
    total_samples: int = 0
    scores: list[ScorerResult] = []
    headline: Headline | None = None


class Stats(msgspec.Struct):
    started_at: str = ""
    completed_at: str = ""


class Header(msgspec.Struct):
    status: str
    eval: Spec
    version: int = 0
    results: Results | None = None
    stats: Stats = msgspec.field(default_factory=Stats)


class Choice(msgspec.Struct):
    message: dict[str, Any] = {}
    stop_reason: str = "stop"


class Usage(msgspec.Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None


class Output(msgspec.Struct):
    choices: list[Choice] = []
    usage: Usage | None = None
    time: float | None = None
    error: str | None = None


class Score(msgspec.Struct):
    value: Any = None
    answer: str | None = None
    explanation: str | None = None


class Sample(msgspec.Struct):
    id: int | str
    epoch: int
    input: Any
    target: Any = ""
    choices: list[str] | None = None
    output: Output = msgspec.field(default_factory=Output)
    scores: dict[str, Score] | None = None
    error: Any = None
    attachments: dict[str, str] = {}


def read(sources: Sequence[Source]) -> list[Log]:
    return [_log(source) for source in sources]


def _log(source: Source) -> Log:
    if source.content.startswith(b"PK"):
        archive = Archive(source)
        if "header.json" not in archive:
            raise DataError(f"{source.path} has no header.json: the evaluation did not end.")
        place = f"{source.path}, header.json"
        header = read_as(parse(archive.read("header.json"), place), Header, place)
        rows = _entries(archive)
    else:
        document = source.document()
        header = read_as(document, Header, str(source.path))
        listed = read_as(document.get("samples") or [], list[Any], f"{source.path}, samples")
        rows = ((f"{source.path}, sample {n}", row) for n, row in enumerate(listed, start=1))
    _expect_success(header, source)
    answers = [_told(read_as(row, Sample, place), place) for place, row in rows]
    asked = header.results.total_samples if header.results else 0
    if len(answers) < max(asked, 1):
        raise DataError(
            f"{source.path} holds {len(answers)} of {asked} samples: was it written with "
            "--no-log-samples, or by --log-shared?"
        )
    return _assembled(source, header, answers)


def _entries(archive: Archive) -> Iterator[tuple[str, Any]]:
    for name in archive.names("samples/"):
        place = f"{archive.path}, {name}"
        yield place, parse(archive.read(name), place)


def _expect_success(header: Header, source: Source) -> None:
    if header.status != "success":
        raise DataError(
            f"{source.path}: the evaluation did not end well (status {header.status}), and part "
            f"of it cannot stand for the whole. Go on with it: inspect eval-retry {source.path}"
        )


def _assembled(source: Source, header: Header, answers: Sequence[Told]) -> Log:
    spec, results = header.eval, header.results or Results()
    names = [score.name for score in results.scores]
    names += [name for told in answers for name in told.values]
    leading = results.headline and (results.headline.score or results.headline.scorer)
    ordered = sorted(dict.fromkeys(names), key=lambda name: name != leading)
    told = {name for one in answers for name in one.values}
    return Log(
        tool=TOOL,
        version=text(spec.packages.get("inspect_ai")),
        model=spec.model,
        started=header.stats.started_at or spec.created,
        finished=header.stats.completed_at,
        benchmarks=[
            Foreign(
                name=spec.task.rsplit("/", 1)[-1],
                file=str(source.path),
                measures=f"The Inspect task {spec.task}",
                metrics={name: name for name in ordered if name in told} or {"score": "score"},
                answers=answers,
                version=text(spec.task_version),
            )
        ],
    )


def _told(sample: Sample, place: str) -> Told:
    with at(place):
        scores = sample.scores or {}
        first = next(iter(scores.values()), Score())
        messages = tuple(_messages(sample))
        return Told(
            # An id that a changed dataset gives to another question must not pair with this one.
            key=digest((text(sample.id), messages)),
            messages=messages,
            values=dict(_values(scores)),
            response=_response(sample),
            epoch=sample.epoch - 1,
            target=text(sample.target),
            options=tuple(text(choice) for choice in sample.choices or ()),
            label=text(first.answer),
            reason=text(first.explanation),
        )


def _values(scores: Mapping[str, Score]) -> Iterator[tuple[str, float | None]]:
    """A scorer may give several values, each under a name."""
    for name, score in scores.items():
        if isinstance(score.value, dict):
            for part, value in score.value.items():
                yield f"{name}.{part}", _value(value)
        else:
            yield name, _value(score.value)


def _value(value: Any) -> float | None:
    if not isinstance(value, str):
        return number(value)
    return LETTERS.get(value, LETTERS.get(value.lower()))


def _response(sample: Sample) -> Response:
    output = sample.output
    usage = output.usage or Usage()
    problem = sample.error or output.error
    if problem and not sample.scores:
        told = problem.get("message") if isinstance(problem, dict) else problem
        return Response(finish_reason="error", error=text(told) or "error")
    choice = output.choices[0] if output.choices else Choice()
    return Response(
        text=_content(choice.message.get("content"), sample),
        finish_reason=FINISH.get(choice.stop_reason, "stop"),
        prompt_tokens=usage.input_tokens,
        completion_tokens=usage.output_tokens,
        latency=output.time or 0.0,
    )


def _messages(sample: Sample) -> Iterator[Message]:
    turns = [{"role": "user", "content": sample.input}]
    for turn in turns if isinstance(sample.input, str) else sample.input:
        yield Message(text(turn["role"]), _content(turn.get("content"), sample))


def _content(content: Any, sample: Sample) -> str:
    """Text, or parts of which the text is taken and the others are named."""
    if isinstance(content, list):
        return "\n".join(_part(part, sample) for part in content)
    told = text(content)
    return sample.attachments.get(told.removeprefix(ATTACHMENT), told)


def _part(part: Mapping[str, Any], sample: Sample) -> str:
    kind = text(part.get("type"))
    return _content(part["text"], sample) if kind == "text" else f"[{kind}]"
