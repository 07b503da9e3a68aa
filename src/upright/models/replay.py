"""Answers recorded earlier, found by their prompt: `replay/FILE`.

FILE is a JSON array or JSONL of objects with `prompt` and `res` or `response`; other keys are
ignored. A prompt recorded several times answers its k-th repetition with the k-th record.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from upright.core import (
    EARLIER_WORDING,
    DataError,
    Request,
    Response,
    Sample,
    UsageError,
    printable,
    unknown,
)
from upright.models import ModelOptions

Recorded = Mapping[str, Sequence[str | None]]
"""By prompt, its answers in file order."""
AT_ONCE = 256


@dataclass(frozen=True)
class Replay:
    """A file of answers as a model."""

    path: Path
    sha256: str
    answers: Recorded
    concurrency: int = 1
    can_choose: bool = False
    cacheable: bool = False

    @property
    def id(self) -> str:
        """Files of one name are many; their content tells them apart."""
        return f"replay/{self.path.name}@{self.sha256[:8]}"

    @property
    def facts(self) -> dict[str, str]:
        return {"file": str(self.path.resolve()), "sha256": self.sha256}

    def batches(self, requests: Sequence[Request]) -> Iterable[Sequence[Request]]:
        for start in range(0, len(requests), AT_ONCE):
            yield requests[start : start + AT_ONCE]

    async def generate(self, requests: Sequence[Request]) -> list[Response]:
        return [self._answer(request) for request in requests]

    async def close(self) -> None:
        pass

    def _answer(self, request: Request) -> Response:
        prompts = [p for p in _wordings(request) if p in self.answers]
        if not prompts:
            return _none(f"{self.path.name} has no answer to this prompt.")
        found = self.answers[prompts[0]]
        wanted = _repetition(request)
        if wanted >= len(found) and (request.replicate or request.epoch):
            # An answer given once is not a second, independent answer.
            return _none(f"{self.path.name} records {len(found)} answers to this prompt, no more.")
        text = found[min(wanted, len(found) - 1)]
        return (
            _none(f"{self.path.name} records no answer (null).")
            if text is None
            else Response(text=text, finish_reason=_how(request, prompts[0]))
        )


def open_replay(name: str, options: ModelOptions) -> Replay:
    path = Path(name).expanduser()
    if not path.is_file():
        raise _no_file(path)
    content = path.read_bytes()
    return Replay(path, sha256(content).hexdigest(), _recorded(content, path))


def _wordings(request: Request) -> Iterator[str]:
    """The prompts under which the answer may have been recorded, best first."""
    yield printable(Sample(messages=request.messages).prompt)
    if request.sample and request.sample.also_asked_as:
        yield printable(request.sample.also_asked_as)


def _how(request: Request, prompt: str) -> str:
    asked = printable(Sample(messages=request.messages).prompt)
    return "stop" if prompt == asked else EARLIER_WORDING


def _repetition(request: Request) -> int:
    """Which repetition of its prompt a request is, from 0."""
    copy = request.sample.copy if request.sample else 0
    return copy + request.replicate + request.epoch


def _none(reason: str) -> Response:
    return Response(finish_reason="error", error=reason)


def _recorded(content: bytes, path: Path) -> Recorded:
    answers: dict[str, list[str | None]] = {}
    for number, row in enumerate(_rows(content, path), start=1):
        prompt, answer = _pair(row, f"{path}, row {number}")
        answers.setdefault(prompt, []).append(answer)
    if not any(a is not None for recorded in answers.values() for a in recorded):
        raise DataError(f"{path} holds no answers: its rows need `prompt` and `res` or `response`.")
    return answers


def _pair(row: Any, place: str) -> tuple[str, str | None]:
    if not isinstance(row, dict):
        raise DataError(f"{place}: expected an object, found {str(row)[:80]!r}.")
    prompt, answer = row.get("prompt"), row.get("res", row.get("response"))
    if not isinstance(prompt, str):
        raise DataError(f"{place}: `prompt` must be text, not {prompt!r:.80}.")
    if not isinstance(answer, str | None):
        raise DataError(f"{place}: the answer must be text or null, not {answer!r:.80}.")
    return printable(prompt), None if answer is None else printable(answer)


def _rows(content: bytes, path: Path) -> list[Any]:
    """A JSON array, or one object per line."""
    try:
        # surrogateescape: a stray byte spoils one answer, not the file.
        text = content.decode("utf-8-sig", "surrogateescape")
        if text.lstrip().startswith("["):
            return list(json.loads(text, strict=False))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is not JSON: {error}.") from error
    return [
        _line(line, f"{path}, line {number}")
        for number, line in enumerate(text.split("\n"), start=1)
        if line.strip()
    ]


def _line(line: str, place: str) -> Any:
    try:
        return json.loads(line, strict=False)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{place} is not JSON: {error}.") from error


def _no_file(path: Path) -> UsageError:
    if path.is_dir():
        return UsageError(f"{path} is a folder. Name a JSON or JSONL file of answers.")
    if not path.parent.is_dir():
        return UsageError(f"There is no folder {path.parent}, so no answers to replay.")
    files = (p.name for p in path.parent.iterdir() if p.is_file())
    return unknown(f"file in {path.parent}:", path.name, files)
