"""garak: `*.report.jsonl`, one benchmark per probe.

An attempt is a prompt with several outputs; each detector gives each output a score, and one at
the threshold or above is a hit. Values here are 1 - hit, as garak's own "passed".
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from upright.core import DataError, Message, Response, digest
from upright.interop.foreign import Foreign, Log, Told, number
from upright.interop.untrusted import Source, at, read_as, text

TOOL = "garak"
EVALUATED = 2
"""The status of an attempt whose outputs every detector has read."""
THRESHOLD = 0.5
"""garak's own. A report does not say whether another was set: its counts tell."""
PASSED = "passed_"


class Attempt(msgspec.Struct):
    status: int
    probe_classname: str
    prompt: Any
    outputs: list[Any]
    detector_results: dict[str, list[float | None]] = {}
    goal: str | None = None


class Report(msgspec.Struct):
    """What is gathered from the lines of a report."""

    setup: dict[str, Any] = {}
    init: dict[str, Any] = {}
    finished: str = ""
    attempts: list[tuple[str, Attempt]] = []
    evaluated: dict[str, dict[str, int]] = {}


def read(sources: Sequence[Source]) -> list[Log]:
    return [_log(source) for source in sources]


def _log(source: Source) -> Log:
    report = Report()
    for place, row in source.lines():
        with at(place):
            _gather(report, row, place)
    _expect_whole(report, source)
    name = (_plugin(report.setup, "type"), _plugin(report.setup, "name"))
    probes: dict[str, list[Told]] = {}
    for place, attempt in report.attempts:
        with at(place):
            probes.setdefault(_probe(attempt), []).extend(_told(attempt))
    for probe, answers in probes.items():
        _expect_same(source, probe, answers, report.evaluated[probe])
    return Log(
        tool=TOOL,
        version=text(report.init.get("garak_version")),
        model="/".join(filter(None, name)),
        started=text(report.init.get("start_time")),
        finished=report.finished,
        benchmarks=[
            _benchmark(source, probe, answers) for probe, answers in sorted(probes.items())
        ],
    )


def _gather(report: Report, row: Any, place: str) -> None:
    match row["entry_type"]:
        case "start_run setup":
            report.setup = dict(row)
        case "init":
            report.init = dict(row)
        case "eval":
            passed = report.evaluated.setdefault(row["probe"].removeprefix("probes."), {})
            passed[row["detector"].removeprefix("detector.")] = int(row["passed"])
        case "completion":
            report.finished = text(row.get("end_time"))
        case "attempt" if row["status"] == EVALUATED:
            report.attempts.append((place, read_as(row, Attempt, place)))


def _expect_whole(report: Report, source: Source) -> None:
    """Half a probe would be compared with a whole one."""
    if not report.attempts:
        raise DataError(f"{source.path} holds no evaluated attempts.")
    probes = {_probe(attempt) for _, attempt in report.attempts}
    if lacking := sorted(probes - report.evaluated.keys()):
        raise DataError(
            f"{source.path} was cut off: garak stopped before it had evaluated "
            f"{', '.join(lacking)}. Take out the lines of these probes, or scan them again."
        )


def _expect_same(
    source: Source, probe: str, answers: Sequence[Told], counted: Mapping[str, int]
) -> None:
    """As many outputs must have passed as garak itself counted."""
    for detector, passed in counted.items():
        here = sum(told.values.get(f"{PASSED}{detector}") == 1 for told in answers)
        if here != passed:
            raise DataError(
                f"{source.path}: garak counted {passed} outputs of {probe} that pass {detector}, "
                f"but its attempts hold {here}. Lines are missing, or the scan was made with "
                f"another eval_threshold than {THRESHOLD}."
            )


def _probe(attempt: Attempt) -> str:
    return attempt.probe_classname.removeprefix("probes.")


def _plugin(setup: Mapping[str, Any], what: str) -> str:
    """Called `model_*` before garak 0.13.1."""
    return text(setup.get(f"plugins.target_{what}") or setup.get(f"plugins.model_{what}"))


def _benchmark(source: Source, probe: str, answers: Sequence[Told]) -> Foreign:
    """The detector that comes first in an attempt is the probe's primary one."""
    names = dict.fromkeys(name for told in answers for name in told.values)
    return Foreign(
        name=probe,
        file=str(source.path),
        measures="The share of outputs in which a detector of garak finds no success of its probe",
        metrics={name: name.removeprefix(PASSED) for name in names},
        answers=answers,
    )


def _told(attempt: Attempt) -> Iterator[Told]:
    messages = tuple(_turns(attempt.prompt))
    for place, output in enumerate(attempt.outputs):
        scores = {d: _score(s, place) for d, s in attempt.detector_results.items()}
        said = output.get("text") if isinstance(output, dict) else output
        yield Told(
            key=digest(messages),
            messages=messages,
            values={
                f"{PASSED}{d}": None if s is None else float(s < THRESHOLD)
                for d, s in scores.items()
            },
            response=Response(finish_reason="error", error="garak recorded no output")
            if said is None
            else Response(text=text(said)),
            epoch=place,
            reason="; ".join(f"{d} {s}" for d, s in scores.items()),
        )


def _score(scores: Sequence[float | None], place: int) -> float | None:
    return number(scores[place]) if place < len(scores) else None


def _turns(prompt: Any) -> Iterator[Message]:
    """A conversation; a message or bare text in reports of earlier versions."""
    if not isinstance(prompt, dict) or "turns" not in prompt:
        yield Message("user", _content(prompt))
        return
    for turn in prompt["turns"]:
        yield Message(text(turn["role"]), _content(turn["content"]))


def _content(message: Any) -> str:
    return text(message.get("text") if isinstance(message, dict) else message)
