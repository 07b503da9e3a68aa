"""In which order an endpoint is asked."""

from collections.abc import Iterable

from upright.core import Request


def by_prefix(requests: Iterable[Request]) -> list[Request]:
    """Requests that begin alike stand together.

    Servers keep what they computed for a prompt's beginning for a while: a system prompt or a
    long text shared by many questions is then read once.
    """
    return sorted(requests, key=lambda q: [(m.role, m.content) for m in q.messages])
