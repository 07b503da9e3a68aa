"""Where answers are handed out: from this run's journal, the cache, or the model itself."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from upright.core import Model, Outcome, Request, Response
from upright.runs.asking.crew import Crew
from upright.runs.asking.outage import given_up, gone
from upright.runs.asking.tally import OnProgress, Progress, Tally, kind
from upright.runs.items import Requests
from upright.runs.pieces import pieces
from upright.runs.storing.cache import Cache
from upright.runs.storing.journal import Journal

ANSWERS, VERDICTS = "answers", "verdicts"
OnAnswers = Callable[[Mapping[str, Response], int], None]
"""Is told answers that came, and how many are missing still."""
AT_ONCE = 1000
"""Answers that are looked up together, and copied from the cache into the journal."""


class Answers(Mapping[str, Response]):
    """By the keys of their requests: those in the journal, and why others are missing."""

    def __init__(self, journal: Journal, failed: Mapping[str, Response]) -> None:
        self._journal, self._failed = journal, failed

    def __getitem__(self, key: str) -> Response:
        failed = self._failed.get(key)
        return self._journal[key] if failed is None else failed

    def __contains__(self, key: object) -> bool:
        return key in self._failed or key in self._journal

    def __iter__(self) -> Iterator[str]:
        yield from self._failed
        yield from self._journal

    def __len__(self) -> int:
        return len(self._failed) + len(self._journal)


@dataclass
class Desk:
    """Keeps every answer safe before it hands it out."""

    journal: Journal
    cache: Cache | None
    crew: Crew
    on_progress: OnProgress
    on_answers: OnAnswers = lambda answers, missing: None
    tallies: defaultdict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    failed: dict[str, Response] = field(default_factory=dict)
    _leaving: Future[None] | None = field(default=None, init=False)

    @property
    def answers(self) -> Answers:
        """All there are so far."""
        return Answers(self.journal, self.failed)

    async def answer(self, stage: str, model: Model, requests: Requests) -> Answers:
        """A response to every request, by key. Nothing already answered is asked.

        Raises ModelRefused where every one was given up and there is no answer at all: of few
        questions that is an outage, too. One that always fails among others is none.
        """
        sitting = _Sitting(self, stage, model, len(requests))
        if missing := len(requests) - sitting.look_up(requests):
            unanswered = _Unanswered(requests, missing, self.journal)
            await self.crew.ask(model, unanswered, sitting, again=False)
        # A short outage in the middle is over by now: what was given up gets a second chance.
        lost = [q for q in requests if self._given_up(q.key)] if self.failed else []
        if lost:
            sitting.take_back(lost)
            await self.crew.ask(model, lost, sitting, again=True)
            if not self.tallies[stage].answered and all(self._given_up(q.key) for q in requests):
                raise gone(len(requests), self.failed[lost[-1].key])
        return self.answers

    def sync(self) -> None:
        """Have everything received so far reach the disk."""
        self.journal.sync()
        if cache := self.cache:  # which another thread may be closing
            cache.flush()

    def leave(self) -> Future[None]:
        """Nothing more will be asked. It waits for the disk while others go on, until `close`."""
        if self._leaving is None:
            aside = ThreadPoolExecutor(1)
            self._leaving = aside.submit(self._put_away, self.cache)
            self.cache = None
            aside.shutdown(wait=False)
        return self._leaving

    def close(self) -> None:
        left = self.leave()
        try:
            left.result()
        finally:
            self.journal.close()

    def _put_away(self, cache: Cache | None) -> None:
        try:
            self.journal.sync()
        finally:
            if cache:
                cache.close()

    def _given_up(self, key: str) -> bool:
        response = self.failed.get(key)
        return response is not None and given_up(response)


class _Unanswered:
    """Those requests, `number` of them, that no journal has an answer to."""

    def __init__(self, requests: Requests, number: int, journal: Journal) -> None:
        self._requests, self._number, self._journal = requests, number, journal

    def __len__(self) -> int:
        return self._number

    def __iter__(self) -> Iterator[Request]:
        return (request for request in self._requests if request.key not in self._journal)


class _Sitting:
    """One call of `Desk.answer`: counts what comes, and keeps it. A crew's `Receiver`."""

    def __init__(self, desk: Desk, stage: str, model: Model, total: int) -> None:
        self._desk, self._stage, self._total = desk, stage, total
        self._tally = desk.tallies[stage]
        self._tally.planned += total
        self._cache = desk.cache if model.cacheable else None
        self._outcomes: Counter[Outcome] = Counter()

    def look_up(self, requests: Requests) -> int:
        """What earlier sessions and earlier runs were told, and how many answers that are."""
        for some in pieces((request.key for request in requests), AT_ONCE):
            missing = [key for key in some if not self._told_earlier(key)]
            if self._cache and (found := self._cache.find(missing)):
                self._desk.journal.append(found, cached=True)
                self._tally.from_cache += len(found)
                self._outcomes.update(map(kind, found.values()))
        self.under_way({})
        return self._outcomes.total()

    def received(self, came: Mapping[str, Response]) -> None:
        """Errors are counted but not kept: the next session asks again."""
        good = {key: r for key, r in came.items() if r.error is None}
        self._desk.journal.append(good)
        if self._cache:
            self._cache.put(good)
        for key, response in came.items():
            self._tally.count(response)
            if response.error is not None:
                self._desk.failed[key] = response
        self._outcomes.update(map(kind, came.values()))
        self._desk.on_answers(good, self._total - self._outcomes.total())
        self.under_way({})

    def under_way(self, elsewhere: Mapping[Outcome, int]) -> None:
        """Show how far it is; some answers may be safe elsewhere and not yet here."""
        outcomes = self._outcomes + Counter(elsewhere) if elsewhere else self._outcomes
        told = Progress(self._stage, outcomes.total(), self._total, outcomes)
        self._desk.on_progress(told)

    def heartbeat(self) -> None:
        self._desk.sync()

    def take_back(self, lost: Sequence[Request]) -> None:
        """They are asked again."""
        for request in lost:
            del self._desk.failed[request.key]
        self._outcomes -= Counter({Outcome.ERROR: len(lost)})
        self._tally.take_back(len(lost))

    def _told_earlier(self, key: str) -> bool:
        """Whether the journal has the answer, which then counts."""
        journal = self._desk.journal
        if key not in journal:
            return False
        response = journal[key]
        self._outcomes[kind(response)] += 1
        if journal.from_cache(key):
            self._tally.from_cache += 1
        else:
            self._tally.count(response)
        return True
