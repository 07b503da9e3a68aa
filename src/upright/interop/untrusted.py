"""Reading what strangers wrote: every file is bounded, every error names its file and line."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from upright.core import DataError, UsageError, excerpt, printable

T = TypeVar("T")

LARGEST = 2 << 30
"""Bytes of a file: more would not fit beside what is made of it."""
HALF = re.compile(rb"\\u[dD][89a-fA-F]")
"""An escape that may be half a character."""
MALFORMED = (LookupError, ValueError, TypeError, AttributeError, RecursionError)
"""What reading a value of any shape may raise; msgspec's errors are ValueErrors."""


@dataclass(frozen=True)
class Source:
    """A file that is not trusted."""

    path: Path

    @cached_property
    def content(self) -> bytes:
        if not self.path.is_file():
            what = "is a folder: name the files in it" if self.path.is_dir() else "does not exist"
            raise UsageError(f"{self.path} {what}.")
        try:
            if self.path.stat().st_size > LARGEST:
                raise UsageError(f"{self.path} is larger than {LARGEST >> 30} GiB: split it.")
            return self.path.read_bytes()
        except OSError as error:
            raise DataError(f"{self.path} cannot be read: {error.strerror}.") from error

    @property
    def sha256(self) -> str:
        return sha256(self.content).hexdigest()

    def document(self) -> Any:
        """The whole file as one JSON document."""
        return parse(self.content, str(self.path))

    def lines(self) -> Iterator[tuple[str, Any]]:
        """The place and the object of every line that is not blank."""
        for number, line in enumerate(self.content.split(b"\n"), start=1):
            if line.strip():
                place = f"{self.path}, line {number}"
                yield place, parse(line, place)


def parse(content: bytes, place: str) -> Any:
    """JSON as Python tools write it: NaN is allowed, half a character is spelled out."""
    try:
        found = json.loads(content.decode("utf-8-sig", "replace"), strict=False)
        return _spelled_out(found) if HALF.search(content) else found
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{place} is not JSON, or was cut off: {str(error) or 'it is nested too deeply'}."
        ) from error


def _spelled_out(value: Any) -> Any:
    """The same, and every text in it can be stored."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, list):
        return [_spelled_out(item) for item in value]
    if isinstance(value, dict):
        return {printable(name): _spelled_out(item) for name, item in value.items()}
    return value


def read_as(value: Any, type: type[T], place: str) -> T:
    """The value as a struct; fields the struct does not name are not looked at."""
    with at(place):
        return msgspec.convert(value, type, strict=False)


@contextmanager
def at(place: str) -> Iterator[None]:
    """What goes wrong inside is an error that names the place."""
    try:
        yield
    except MALFORMED as error:
        told = excerpt(f"{type(error).__name__}: {error}", 200)
        raise DataError(f"{place}: a field is not as expected ({told}).") from error


def text(value: Any) -> str:
    """Any value as text that can be stored: what is not text is spelled as JSON."""
    if value is None:
        return ""
    return printable(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
