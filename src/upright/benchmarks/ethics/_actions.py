"""The two actions of a MoralChoice dilemma, by letter."""

import re
from collections.abc import Mapping

from upright.core import DataError, Row

LISTED = re.compile(r"\nA\. (?P<A>.+)\nB\. (?P<B>.+)\nYour answer: ?$", re.DOTALL)


def actions(row: Row) -> dict[str, str]:
    """What the letters stand for in the prompt."""
    found = LISTED.search(row["prompt"])
    if not found:
        raise DataError(f"{row.file}, row {row.index}: no actions A and B at the prompt's end.")
    return found.groupdict()


def option_taken(text: str, listed: Mapping[str, str]) -> str:
    """The letter of the only action that a text says word for word; "" for none or both."""
    said = _words(text)
    found = [letter for letter, action in listed.items() if _words(action) in said]
    return found[0] if len(found) == 1 else ""


def _words(text: str) -> str:
    return f" {' '.join(re.findall(r'[a-z0-9]+', text.casefold()))} "
