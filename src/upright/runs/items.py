"""Samples to be answered and judged: in memory while they are few, the others on the disk."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass
from typing import Protocol, overload

import msgspec

from upright.core import Request, Sample
from upright.runs.storing.spool import Spool

Part = tuple[str, str]
"""A benchmark's id and the name of one of its score sets."""


class Item(msgspec.Struct, frozen=True, kw_only=True):
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
    def part(self) -> Part:
        return self.benchmark, self.score_set

    @property
    def id(self) -> str:
        return item_id(self.part, self.sample, self.epoch)


def item_id(part: Part, sample: Sample, epoch: int) -> str:
    return f"{part[0]} {part[1]} {sample.id} {epoch}"


@dataclass(frozen=True, kw_only=True)
class Form:
    """What the items of one score set have in common: with a sample, its item.

    may_choose  whether options are weighed, not written
    personal    whether the model looks at the sample: it answers equal questions differently
    """

    part: Part
    model: str
    temperature: float
    max_tokens: int
    may_choose: bool
    personal: bool

    def filled(self, sample: Sample, epoch: int, seed: int) -> Item:
        request = Request(
            model=self.model,
            messages=sample.messages,
            temperature=self.temperature,
            max_tokens=self.max_tokens,
            seed=seed,
            epoch=epoch,
            replicate=sample.replicate,
            options=sample.options if self.may_choose else (),
            only_for=item_id(self.part, sample, epoch) if self.personal else "",
            sample=sample,
        )
        benchmark, score_set = self.part
        return Item(
            benchmark=benchmark, score_set=score_set, sample=sample, epoch=epoch, request=request
        )


class Record(msgspec.Struct, array_like=True, frozen=True):
    """An item on the disk: what its form does not say, and the hashes, which cost time."""

    id: str
    key: str
    epoch: int
    seed: int
    sample: Sample


class OnDisk(Sequence[Item]):
    """The items of one score set; each is made anew whenever it is looked at."""

    def __init__(self, form: Form, spool: Spool[Record], items: Iterable[Item]) -> None:
        self._form, self._spool = form, spool
        start = len(spool)
        for item in items:
            spool.append(
                Record(item.sample.id, item.key, item.epoch, item.request.seed, item.sample)
            )
        self._places = range(start, len(spool))

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[Item]:
        return map(self._made, self._spool.read(self._places.start, self._places.stop))

    @overload
    def __getitem__(self, at: int) -> Item: ...
    @overload
    def __getitem__(self, at: slice) -> list[Item]: ...
    def __getitem__(self, at: int | slice) -> Item | list[Item]:
        if isinstance(at, slice):
            return [self[place] for place in range(*at.indices(len(self)))]
        place = self._places[at]
        return self._made(next(self._spool.read(place, place + 1)))

    def _made(self, record: Record) -> Item:
        record.sample.identify(record.id)
        item = self._form.filled(record.sample, record.epoch, record.seed)
        item.request.identify(record.key)
        return item


class Requests(Sized, Iterable[Request], Protocol):
    """Questions, each of them once."""


class Distinct:
    """The requests of items in their order, the first of equal ones; `first` marks them by a 1."""

    def __init__(self, parts: Mapping[Part, Sequence[Item]], first: bytes) -> None:
        self._parts, self._first = parts, first

    def __len__(self) -> int:
        return self._first.count(1)

    def __iter__(self) -> Iterator[Request]:
        marks = iter(self._first)
        for items in self._parts.values():
            # The items first: zip would take a mark too many at the end of a part.
            for item, mark in zip(items, marks, strict=False):
                if mark:
                    yield item.request
