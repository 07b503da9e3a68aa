"""Tells a server that is gone from answers that fail one by one.

Without this, a server that restarts for minutes turns every question left into an error, and the
run ends as if it had measured something.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from upright.core import ModelRefused, Response

FEWEST = 20
"""Answers given up in a row that are no accident."""
GIVEN_UP = "given_up"
"""The finish reason of an error that might have passed, had it been asked for longer."""


@dataclass
class Outage:
    """Counts the answers that were given up one after another, and no other between them."""

    concurrency: int
    in_a_row: int = 0

    def watch(self, responses: Iterable[Response]) -> None:
        """Raises ModelRefused once nobody seems to be there."""
        for response in responses:
            self.in_a_row = self.in_a_row + 1 if given_up(response) else 0
            if self.in_a_row >= max(FEWEST, 2 * self.concurrency):
                raise gone(self.in_a_row, response)


def gone(count: int, last: Response) -> ModelRefused:
    """Nobody seems to be there: so many questions in a row, and no answer."""
    which = f"The last {count} questions were all" if count > 1 else "The only one was"
    return ModelRefused(
        f"{which} given up, the last time with: {last.error}. Is the server still there? What was "
        "given up is not kept as an answer."
    )


def given_up(response: Response) -> bool:
    """Whether patience ran out on it. What is not tried again (a prompt too long) never passes."""
    # A server may give its answers any reason it likes.
    return response.error is not None and response.finish_reason == GIVEN_UP
