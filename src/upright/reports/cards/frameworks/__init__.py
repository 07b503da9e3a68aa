"""Public frameworks as data: which of their items our benchmarks give evidence for, and which not.

One JSON file per framework. It is a map for readers, never a claim that an item is met: that
takes people, a use, and far more than a model's answers.
"""

from functools import cache
from importlib.resources import files

import msgspec

from upright.core import unknown

DISCLAIMER = (
    "Coverage, not compliance: which items these measurements bear on, and which they do not. "
    "No item is met because it is listed."
)


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The document an item comes from; `checked` is the text our titles were compared with."""

    document: str
    version: str
    url: str
    checked: str


class Evidence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What some benchmarks say about a part of an item.

    metric   other than the benchmark's headline
    slices   the parts of the samples that bear on the item, where not all do
    """

    benchmarks: tuple[str, ...]
    of: str
    metric: str = ""
    slices: tuple[str, ...] = ()


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An article, subcategory, risk or hazard under its official id and title.

    source     its key in the framework's `sources`
    verified   whether the title was compared with what the source's `checked` names
    record     what the run's own files evidence, whatever was measured
    """

    id: str
    title: str
    source: str
    verified: bool
    evidence: tuple[Evidence, ...]
    not_evidenced: str
    group: str = ""
    record: str = ""


class Framework(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    title: str
    note: str
    sources: dict[str, Source]
    items: tuple[Item, ...]


@cache
def frameworks() -> dict[str, Framework]:
    """All of them by id."""
    found = (p for p in files(__package__).iterdir() if p.name.endswith(".json"))
    read = [msgspec.json.decode(path.read_bytes(), type=Framework) for path in found]
    return {one.id: one for one in sorted(read, key=lambda one: one.id)}


def framework(id: str) -> Framework:
    known = frameworks()
    if id not in known:
        raise unknown("framework", id, known)
    return known[id]
