"""Repeats of one prompt that an endpoint may answer in a single call."""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from upright.core import Request


def by_repeats(requests: Sequence[Request], at_once: int) -> Iterator[Sequence[Request]]:
    """One by one, or up to `at_once` requests that differ in nothing but their draw."""
    if at_once <= 1:
        yield from ([request] for request in requests)
        return
    alike: dict[str, list[Request]] = {}
    for request in requests:
        alike.setdefault(_question(request), []).append(request)
    for group in alike.values():
        for start in range(0, len(group), at_once):
            yield group[start : start + at_once]


def _question(request: Request) -> str:
    """Equal for requests that differ in nothing but their draw."""
    if not request.temperature or request.options:
        return request.key
    return replace(request, seed=0, epoch=0, replicate=0).key
