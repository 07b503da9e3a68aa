"""What a run counts while it asks."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import NamedTuple

from upright.core import Outcome, Response


class Progress(NamedTuple):
    """How far a stage is (answers, then verdicts of a judge model), and what came so far."""

    stage: str
    done: int
    total: int
    outcomes: Mapping[Outcome, int]


OnProgress = Callable[[Progress], None]


@dataclass
class Tally:
    """What one model was asked in a run, over all its sessions. Cached answers cost no tokens."""

    planned: int = 0
    asked: int = 0
    from_cache: int = 0
    errors: int = 0
    hedged: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    @property
    def answered(self) -> int:
        return self.asked + self.from_cache - self.errors

    @property
    def calls(self) -> dict[str, int]:
        """By kind; `hedged` answers, of those asked, took two calls at once."""
        names = ("planned", "asked", "from_cache", "errors", *["hedged"] * bool(self.hedged))
        return {name: getattr(self, name) for name in names}

    @property
    def tokens(self) -> dict[str, int]:
        return {"prompt": self.prompt_tokens, "completion": self.completion_tokens}

    @classmethod
    def sum(cls, tallies: Iterable["Tally"]) -> "Tally":
        """All of them together."""
        parts = list(tallies)
        names = [field.name for field in fields(cls)]
        return cls(**{name: sum(getattr(part, name) for part in parts) for name in names})

    def count(self, response: Response) -> None:
        self.asked += 1
        self.errors += response.error is not None
        self.hedged += response.hedged
        self.prompt_tokens += response.prompt_tokens or 0
        self.completion_tokens += response.completion_tokens or 0

    def take_back(self, errors: int) -> None:
        """So many errors are asked again."""
        self.asked -= errors
        self.errors -= errors


def kind(response: Response) -> Outcome:
    """What can be said of an answer before any judge reads it."""
    if response.error is not None:
        return Outcome.ERROR
    if response.finish_reason == "content_filter":
        return Outcome.FILTERED
    return Outcome.ANSWERED if response.text.strip() else Outcome.EMPTY
