"""What carries one call to an address and back, and the ways in which it fails."""

import errno
from collections.abc import Mapping
from typing import NamedTuple, Protocol


class Reply(NamedTuple):
    """What came back over the wire. `headers` are found by lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: str


class UnreachableError(Exception):
    """No connection came about: nobody listens there, or nobody who can be trusted."""


class CrowdedError(Exception):
    """This process has as many files open as it may: no connection more."""


class BrokenError(Exception):
    """There was a connection, but no whole answer came over it."""


class Transport(Protocol):
    """Posts JSON to one address, over a bounded number of connections that it keeps open."""

    async def post(self, payload: bytes) -> Reply:
        """Any status is a reply, and redirects are not followed.

        Raises UnreachableError, CrowdedError, BrokenError, or TimeoutError. None of them asks
        again: an answer may have been on its way.
        """

    async def close(self) -> None:
        """Close all connections."""


def unopened(error: OSError, told: str) -> UnreachableError | CrowdedError:
    """Why no connection came about."""
    crowded = error.errno in (errno.EMFILE, errno.ENFILE)
    return CrowdedError(told) if crowded else UnreachableError(told)
