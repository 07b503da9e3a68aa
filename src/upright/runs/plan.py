"""What will be asked: every sample of every benchmark, as requests."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import chain

import msgspec

from upright.core import (
    Benchmark,
    Model,
    Row,
    Sample,
    ScoreSet,
    Settings,
    digest,
    finished,
    finishing,
    make_samples,
    naming,
)
from upright.runs.garbage import seldom_collected
from upright.runs.items import Distinct, Form, Item, OnDisk, Part, Record, Requests
from upright.runs.reference import Reference
from upright.runs.storing.spool import Spool
from upright.runs.subset import take

Rows = Callable[[Benchmark, bool], Sequence[Row]]
"""The rows of a benchmark's file: (benchmark, patched) -> rows."""


BRIEF = 96
"""Tokens of an answer on the mini suite: what a laptop's CPU writes for all of it in minutes."""
IN_MEMORY = 5_000
"""Items that a plan keeps there; from the score set on with which they are more, it has them on the
disk."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything a run will ask and how it will be judged; nothing has been asked yet.

    parts       the items of each score set, in the order of asking
    requests    of all of them, each once, in that order
    hash        equal for the same command on the same data: how an interrupted run is found again
    reference   what the run that `settings.like` names got, where it names one
    """

    benchmarks: Mapping[str, Benchmark]
    settings: Settings
    parts: Mapping[Part, Sequence[Item]]
    requests: Requests
    hash: str
    reference: Reference | None = None

    @property
    def items(self) -> Iterator[Item]:
        """One after the other: all at once they may be more than memory holds."""
        return chain.from_iterable(self.parts.values())

    @property
    def size(self) -> int:
        """How many items there are."""
        return sum(map(len, self.parts.values()))

    @property
    def dimensions(self) -> dict[str, str]:
        return {id: benchmark.card.dimension for id, benchmark in self.benchmarks.items()}

    def beside(self, reference: Reference) -> "Plan":
        """The same questions, asked beside what another run got."""
        hash = digest((self.hash, reference.sha256))
        return replace(self, reference=reference, hash=hash)

    def score_set(self, benchmark: str, name: str) -> ScoreSet:
        found = self.benchmarks[benchmark].score_set(name)
        if found is None:
            raise KeyError(f"{benchmark} has no score set {name}")
        return found


@seldom_collected()
def make_plan(
    benchmarks: Mapping[str, Benchmark], rows: Rows, model: Model, settings: Settings
) -> Plan:
    """Turn rows into requests to one model."""
    census, spool = _Census(settings), Spool(Record)
    parts: dict[Part, Sequence[Item]] = {}
    for part in _parts(benchmarks, settings):
        form, (count, samples) = part.form(model, settings), _samples(part, rows, settings)
        epochs = part.epochs(settings)
        items = census.counted(_items(form, samples, epochs, settings.seed))
        few = census.items + count * epochs <= IN_MEMORY
        parts[part.name] = tuple(items) if few else OnDisk(form, spool, items)
    return Plan(
        benchmarks=benchmarks,
        settings=settings,
        parts={name: items for name, items in parts.items() if items},
        requests=Distinct(parts, bytes(census.first)),
        hash=census.hash,
    )


class _Census:
    """Sees every item once: which requests are new, and a hash of all."""

    def __init__(self, settings: Settings) -> None:
        self.first = bytearray()
        self._seen: set[bytes] = set()
        # As `digest` of the settings and of the list of all pairs, which needs no such list.
        self._hash = sha256(b"[" + msgspec.json.encode(settings) + b",[")

    @property
    def items(self) -> int:
        return len(self.first)

    @property
    def hash(self) -> str:
        whole = self._hash.copy()
        whole.update(b"]]")
        return whole.hexdigest()

    def counted(self, items: Iterator[Item]) -> Iterator[Item]:
        for item in items:
            told = msgspec.json.encode((item.id, item.key))
            self._hash.update(b"," + told if self.first else told)
            key = bytes.fromhex(item.key)
            self.first.append(key not in self._seen)
            self._seen.add(key)
            yield item


@dataclass(frozen=True)
class _Part:
    """One score set of one benchmark, on its way to becoming items."""

    name: Part
    benchmark: Benchmark
    score_set: ScoreSet

    def epochs(self, settings: Settings) -> int:
        return settings.epochs or self.score_set.epochs or self.benchmark.epochs

    def form(self, model: Model, settings: Settings) -> Form:
        chosen = self.score_set.options_by_likelihood and settings.choices == "auto"
        return Form(
            part=self.name,
            model=model.id,
            temperature=self.benchmark.temperature,
            max_tokens=most_tokens(self.benchmark.max_tokens, settings.suite, settings.max_tokens),
            may_choose=chosen and model.can_choose,
            personal=not model.cacheable,
        )


def _parts(benchmarks: Mapping[str, Benchmark], settings: Settings) -> Iterator[_Part]:
    """`published` reproduces numbers on the paper's data; on other data it means nothing."""
    for id, benchmark in benchmarks.items():
        for name in settings.score_sets:
            score_set = benchmark.score_set(name)
            if score_set is not None and (name == "upright" or settings.suite != "mini"):
                yield _Part((id, name), benchmark, score_set)


def _samples(part: _Part, rows: Rows, settings: Settings) -> tuple[int, Iterable[Sample]]:
    """The samples of one score set, and how many they are."""
    made = _made(part, rows, settings)
    if settings.limit is None:
        return len(made), finishing(made)
    taken = take(finished(made), settings.limit, settings.seed)
    return len(taken), taken


def _made(part: _Part, rows: Rows, settings: Settings) -> list[Sample]:
    """The published score set sees the data as published, the upright one the corrected data.

    Not finished yet, and the rows are let go of: memory need not hold both beside each other.
    """
    found = rows(part.benchmark, part.name[1] == "upright")
    kept = [row for row in found if _kept(part.benchmark, row)]
    return make_samples(part.score_set, kept, settings.seed)


def _kept(benchmark: Benchmark, row: Row) -> bool:
    with naming(row):
        return benchmark.keep(row)


def _items(form: Form, samples: Iterable[Sample], epochs: int, seed: int) -> Iterator[Item]:
    for sample in samples:
        for epoch in range(epochs):
            yield form.filled(sample, epoch, seed_of(seed, sample, epoch))


def most_tokens(usual: int, suite: str, wanted: int | None) -> int:
    """Of an answer: what the user wants, or what is usual for the benchmark."""
    return wanted or (min(usual, BRIEF) if suite == "mini" else usual)


def seed_of(seed: int, sample: Sample, epoch: int) -> int:
    """Its own draw for every question and repeat; 31 bits, as providers take them.

    By what is asked, not by the sample: benchmarks that ask the same question share its answer.
    """
    return int(digest((seed, sample.messages, sample.replicate, epoch))[:8], 16) & 0x7FFFFFFF
