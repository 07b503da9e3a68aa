"""Every error a user can meet. Each says what happened, why, and what to do next.

UprightError
├── UsageError      the command or the arguments: fix them and run again
├── DataError       a dataset is missing, changed or malformed
├── ModelError      a model did not answer this time
│   └── ModelRefused   it never will (wrong key, unknown model): the run stops
├── JudgeError      a judge model's verdict could not be read
├── StoreError      a run directory cannot be read or written
└── Interrupted     the user stopped a run: the same command goes on where it stopped

Bugs stay ordinary exceptions with a traceback.
"""

from collections.abc import Iterable
from difflib import get_close_matches

MOST_LISTED, MOST_OFFERED = 20, 3


class UprightError(Exception):
    """Shown to the user without a traceback.

    exit_code   1 where work was broken off, 2 where what the command names cannot be used
    """

    exit_code = 1


class UsageError(UprightError):
    """The command or its arguments cannot be carried out as given."""

    exit_code = 2


class DataError(UprightError):
    """A dataset is missing, differs from its recorded hash, or is malformed."""

    exit_code = 2


class ModelError(UprightError):
    """A model did not answer.

    retry_after     the seconds that the server asked for
    overloaded      the server has too much to do: fewer calls at once would help
    """

    def __init__(
        self,
        message: str,
        *,
        retryable: bool = True,
        retry_after: float | None = None,
        overloaded: bool = False,
    ) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.retry_after = retry_after
        self.overloaded = overloaded


class ModelRefused(ModelError):
    """The provider will answer no request of this run (wrong key, unknown model)."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retryable=False)


class JudgeError(UprightError):
    """A judge model's reply is not a verdict."""


class StoreError(UprightError):
    """A run directory cannot be read or written."""

    exit_code = 2


class Interrupted(UprightError):
    """The user stopped a run (Ctrl-C, SIGTERM)."""


class UprightWarning(UserWarning):
    """Something that a user may want to know before going on; the work goes on."""


def unknown(what: str, name: str, known: Iterable[str]) -> UsageError:
    """A usage error that offers the nearest known names."""
    known = sorted(known)
    if near := _near(name, known):
        hint = f"Did you mean {' or '.join(near)}?"
    elif known:
        rest = f" and {len(known) - MOST_LISTED} more" * (len(known) > MOST_LISTED)
        hint = f"Known: {', '.join(known[:MOST_LISTED])}{rest}."
    else:
        hint = "There is none at all."
    return UsageError(f"There is no {what} {name!r}. {hint}")


def _near(name: str, known: Iterable[str]) -> list[str]:
    """Those that may have been meant. The last part of an id is what people remember: "misuse" and
    "missuse" are near "safety/misuse", too."""
    typed = name.casefold()
    parts = {part: k for k in known for part in (k.rpartition("/")[2].casefold(), k.casefold())}
    like = [parts[part] for part in get_close_matches(typed, parts, n=MOST_OFFERED)]
    within = [k for k in known if typed and typed in k.casefold()][:MOST_OFFERED]
    return list(dict.fromkeys((*like, *within)))
