"""A long list in pieces that memory holds."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def pieces(things: Iterable[T], size: int) -> Iterator[list[T]]:
    """`size` things at once, in their order; the last piece may be shorter."""
    left = iter(things)
    # No loop, which would hold a piece until it has the next one.
    return iter(lambda: list(islice(left, size)), [])
