"""What will be asked: every sample of every benchmark, as requests."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from upright.core import (
    Benchmark,
    Model,
    Request,
    Row,
    Sample,
    ScoreSet,
    Settings,
    digest,
    finished,
    make_samples,
    naming,
)
from upright.runs.garbage import seldom_collected
from upright.runs.reference import Reference
from upright.runs.subset import take

Rows = Callable[[Benchmark, bool], Sequence[Row]]
"""The rows of a benchmark's file: (benchmark, patched) -> rows."""


BRIEF = 96
"""Tokens of an answer on the mini suite: what a laptop's CPU writes for all of it in minutes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One sample to be answered and judged. Items whose requests are equal share one answer."""

    benchmark: str
    score_set: str
    sample: Sample
    epoch: int
    request: Request

    @property
    def key(self) -> str:
        return self.request.key

    @property
    def part(self) -> tuple[str, str]:
        return self.benchmark, self.score_set

    @property
    def id(self) -> str:
        return _item_id(self.benchmark, self.score_set, self.sample, self.epoch)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything a run will ask and how it will be judged; nothing has been asked yet.

    reference   what the run that `settings.like` names got, where it names one
    """

    benchmarks: Mapping[str, Benchmark]
    settings: Settings
    items: tuple[Item, ...]
    reference: Reference | None = None

    @cached_property
    def requests(self) -> dict[str, Request]:
        """By key, each once, in the order of the items."""
        found: dict[str, Request] = {}
        for item in self.items:
            found.setdefault(item.key, item.request)
        return found

    @property
    def dimensions(self) -> dict[str, str]:
        return {id: benchmark.card.dimension for id, benchmark in self.benchmarks.items()}

    @cached_property
    def hash(self) -> str:
        """Equal for the same command on the same data: how an interrupted run is found again."""
        told = [(item.id, item.key) for item in self.items]
        beside = self.reference and self.reference.sha256
        return digest((self.settings, told, beside))

    def score_set(self, benchmark: str, name: str) -> ScoreSet:
        found = self.benchmarks[benchmark].score_set(name)
        if found is None:
            raise KeyError(f"{benchmark} has no score set {name}")
        return found

    def by_score_set(self) -> dict[tuple[str, str], list[Item]]:
        """The items of each (benchmark, score set)."""
        parts: dict[tuple[str, str], list[Item]] = {}
        for item in self.items:
            parts.setdefault((item.benchmark, item.score_set), []).append(item)
        return parts


@dataclass(frozen=True)
class _Part:
    """One score set of one benchmark, on its way to becoming items."""

    id: str
    benchmark: Benchmark
    name: str
    score_set: ScoreSet


@seldom_collected()
def make_plan(
    benchmarks: Mapping[str, Benchmark], rows: Rows, model: Model, settings: Settings
) -> Plan:
    """Turn rows into requests to one model."""
    items = [
        item
        for part in _parts(benchmarks, settings)
        for sample in _samples(part, rows, settings)
        for item in _items(part, sample, model, settings)
    ]
    return Plan(benchmarks=benchmarks, settings=settings, items=tuple(items))


def _parts(benchmarks: Mapping[str, Benchmark], settings: Settings) -> Iterator[_Part]:
    """`published` reproduces numbers on the paper's data; on other data it means nothing."""
    for id, benchmark in benchmarks.items():
        for name in settings.score_sets:
            score_set = benchmark.score_set(name)
            if score_set is not None and (name == "upright" or settings.suite != "mini"):
                yield _Part(id, benchmark, name, score_set)


def _samples(part: _Part, rows: Rows, settings: Settings) -> list[Sample]:
    """The published score set sees the data as published, the upright one the corrected data."""
    found = rows(part.benchmark, part.name == "upright")
    kept = [row for row in found if _kept(part.benchmark, row)]
    samples = finished(make_samples(part.score_set, kept, settings.seed))
    return take(samples, settings.limit, settings.seed)


def _kept(benchmark: Benchmark, row: Row) -> bool:
    with naming(row):
        return benchmark.keep(row)


def _items(part: _Part, sample: Sample, model: Model, settings: Settings) -> Iterator[Item]:
    name = model.id
    may_choose = part.score_set.options_by_likelihood and model.can_choose
    for epoch in range(settings.epochs or part.score_set.epochs or part.benchmark.epochs):
        yield Item(
            benchmark=part.id,
            score_set=part.name,
            sample=sample,
            epoch=epoch,
            request=Request(
                model=name,
                messages=sample.messages,
                temperature=part.benchmark.temperature,
                max_tokens=_max_tokens(part.benchmark, settings),
                seed=_seed(settings.seed, sample, epoch),
                epoch=epoch,
                replicate=sample.replicate,
                options=sample.options if may_choose and settings.choices == "auto" else (),
                # A model that looks at the sample answers equal questions differently.
                only_for="" if model.cacheable else _item_id(part.id, part.name, sample, epoch),
                sample=sample,
            ),
        )


def _item_id(benchmark: str, score_set: str, sample: Sample, epoch: int) -> str:
    return f"{benchmark} {score_set} {sample.id} {epoch}"


def _max_tokens(benchmark: Benchmark, settings: Settings) -> int:
    brief = BRIEF if settings.suite == "mini" else benchmark.max_tokens
    return settings.max_tokens or min(benchmark.max_tokens, brief)


def _seed(seed: int, sample: Sample, epoch: int) -> int:
    """Its own draw for every question and repeat; 31 bits, as providers take them.

    By what is asked, not by the sample: benchmarks that ask the same question share its answer.
    """
    return int(digest((seed, sample.messages, sample.replicate, epoch))[:8], 16) & 0x7FFFFFFF
