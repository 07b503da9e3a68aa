"""Where answers are handed out: from this run's journal, the cache, or the model itself."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import NamedTuple

from upright.core import Model, Outcome, Request, Response
from upright.runs.asking.engine import Patience, drive
from upright.runs.asking.limits import Limits
from upright.runs.asking.outage import Outage, given_up
from upright.runs.storing.cache import Cache
from upright.runs.storing.journal import Journal

ANSWERS, VERDICTS = "answers", "verdicts"


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
    prompt_tokens: int = 0
    completion_tokens: int = 0

    @property
    def answered(self) -> int:
        return self.asked + self.from_cache - self.errors

    @property
    def calls(self) -> dict[str, int]:
        names = ("planned", "asked", "from_cache", "errors")
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
        self.prompt_tokens += response.prompt_tokens or 0
        self.completion_tokens += response.completion_tokens or 0

    def take_back(self, errors: int) -> None:
        """So many errors are asked again."""
        self.asked -= errors
        self.errors -= errors


@dataclass
class Desk:
    """Keeps every answer safe before it hands it out."""

    journal: Journal
    cache: Cache | None
    patience: Patience
    limits: Limits
    on_progress: OnProgress
    tallies: defaultdict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))

    async def answer(
        self, stage: str, model: Model, requests: Mapping[str, Request]
    ) -> dict[str, Response]:
        """A response to every request, by key. Nothing already answered is asked."""
        found = self._known(stage, model, requests)
        outcomes = Counter(_kind(r) for r in found.values())
        outage = Outage(self.patience.max_attempts, model.concurrency)

        def received(came: Mapping[str, Response]) -> None:
            self._keep(stage, model, came)
            found.update(came)
            outcomes.update(map(_kind, came.values()))
            self.on_progress(Progress(stage, len(found), len(requests), outcomes))

        def watched(came: Mapping[str, Response]) -> None:
            received(came)
            outage.watch(list(came.values()))

        self.on_progress(Progress(stage, len(found), len(requests), outcomes))
        missing = [request for key, request in requests.items() if key not in found]
        if missing:
            await drive(model, missing, watched, self.sync, self.patience, self.limits)
        # A short outage in the middle is over by now: what was given up gets a second chance.
        lost = [q for key, q in requests.items() if given_up(found[key], outage.attempts)]
        if lost:
            outcomes -= Counter({Outcome.ERROR: len(lost)})
            self.tallies[stage].take_back(len(lost))
            await drive(model, lost, received, self.sync, self.patience, self.limits)
        return found

    def sync(self) -> None:
        """Have everything received so far reach the disk."""
        self.journal.sync()
        if self.cache:
            self.cache.flush()

    def close(self) -> None:
        try:
            self.journal.close()
        finally:
            if self.cache:
                self.cache.close()

    def _known(
        self, stage: str, model: Model, requests: Mapping[str, Request]
    ) -> dict[str, Response]:
        journaled = {k: r for k in requests if (r := self.journal.answers.get(k))}
        missing = [k for k in requests if k not in journaled]
        cached = self.cache.find(missing) if self.cache and model.cacheable else {}
        tally = self.tallies[stage]
        tally.planned += len(requests)
        tally.from_cache += len(cached)
        for response in journaled.values():
            tally.count(response)
        return journaled | cached

    def _keep(self, stage: str, model: Model, came: Mapping[str, Response]) -> None:
        """Errors are counted but not kept: the next session asks again."""
        good = {k: r for k, r in came.items() if r.error is None}
        self.journal.append(good)
        if self.cache and model.cacheable:
            self.cache.put(good)
        tally = self.tallies[stage]
        for response in came.values():
            tally.count(response)


def _kind(response: Response) -> Outcome:
    """What can be said of an answer before any judge reads it."""
    if response.error is not None:
        return Outcome.ERROR
    if response.finish_reason == "content_filter":
        return Outcome.FILTERED
    return Outcome.ANSWERED if response.text.strip() else Outcome.EMPTY
