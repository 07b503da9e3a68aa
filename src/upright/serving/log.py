"""What a server decided, line by line, without a word of what was asked."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from upright.core import Decision, Message, Response, StoreError


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One question. Texts and reasons (which may quote them) are there only where asked for.

    status      the HTTP status that the client got
    seconds     from the question to its answer
    """

    time: str
    status: int
    seconds: float
    stream: bool = False
    finish: str = ""
    error: str = ""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    decisions: tuple[Decision, ...] = ()
    messages: Sequence[Message] = ()
    text: str = ""


class DecisionLog:
    """JSONL, appended to. No answer is given whose decisions cannot be written down."""

    def __init__(self, path: Path, *, texts: bool = False) -> None:
        self.path, self._texts = path, texts
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("ab", buffering=0)
        except OSError as error:
            raise StoreError(
                f"Cannot write {path}: {error.strerror or error}. Name another --log."
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def answered(
        self, messages: Sequence[Message], response: Response, seconds: float, *, stream: bool
    ) -> None:
        plain = tuple(msgspec.structs.replace(d, reason="") for d in response.decisions)
        entry = Entry(
            time=_now(),
            status=200,
            seconds=round(seconds, 6),
            stream=stream,
            finish=response.finish_reason,
            prompt_tokens=response.prompt_tokens,
            completion_tokens=response.completion_tokens,
            decisions=response.decisions if self._texts else plain,
            messages=messages if self._texts else (),
            text=response.text if self._texts else "",
        )
        self._write(entry)

    def failed(self, status: int, error: str, seconds: float) -> None:
        """`error` is the kind alone: what a server says may quote the question."""
        self._write(Entry(time=_now(), status=status, seconds=round(seconds, 6), error=error))

    def _write(self, entry: Entry) -> None:
        self._file.write(msgspec.json.encode(entry) + b"\n")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
