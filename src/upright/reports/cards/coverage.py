"""What one run evidences of a framework's items, and what it does not."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from upright.core import Estimate
from upright.reports.cards.frameworks import DISCLAIMER, Evidence, Framework, Item
from upright.reports.document import as_data
from upright.reports.profile import BenchmarkResult, Profile


class Standing(StrEnum):
    """What can be said of an item, in the words in which it is said."""

    EVIDENCE = "evidence in this run"
    RECORD = "in the run's own record"
    NONE = "no evidence in this run"
    NOT_COVERED = "no benchmark here covers this"


@dataclass(frozen=True, kw_only=True)
class Found:
    """A number of the run, withheld or not, and the part of the item that it is about."""

    estimate: Estimate
    of: str

    @property
    def told(self) -> bool:
        return self.estimate.told


@dataclass(frozen=True, kw_only=True)
class Covered:
    """An item with what the run has for it; `missing` are the benchmarks, or their parts, that
    bear on it and are not in the run."""

    item: Item
    found: tuple[Found, ...]
    missing: tuple[str, ...]

    @property
    def standing(self) -> Standing:
        if any(found.told for found in self.found):
            return Standing.EVIDENCE
        if self.item.record:
            return Standing.RECORD
        return Standing.NONE if self.item.evidence else Standing.NOT_COVERED

    @property
    def whole(self) -> bool:
        """Whether all that bears on the item told a number."""
        return not self.missing and all(found.told for found in self.found)


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """`unmapped` are the benchmarks of the run that bear on no item."""

    framework: Framework
    items: tuple[Covered, ...]
    unmapped: tuple[str, ...]


def coverage(profile: Profile, framework: Framework) -> Coverage:
    """Only the upright score set is evidence: the published one keeps the toolkit's errors."""
    results = {result.id: result for result in profile.benchmarks if result.leading}
    named = {id for item in framework.items for part in item.evidence for id in part.benchmarks}
    return Coverage(
        framework=framework,
        items=tuple(_covered(item, results) for item in framework.items),
        unmapped=tuple(id for id in results if id not in named),
    )


def _covered(item: Item, results: dict[str, BenchmarkResult]) -> Covered:
    found, missing = [], []
    for part in item.evidence:
        for id in part.benchmarks:
            estimates = _estimates(results[id], part) if id in results else {}
            found += [Found(estimate=estimate, of=part.of) for estimate in estimates.values()]
            missing += _missing(id, part, estimates) if id in results else [id]
    return Covered(item=item, found=tuple(found), missing=tuple(dict.fromkeys(missing)))


def _estimates(result: BenchmarkResult, part: Evidence) -> dict[str, Estimate]:
    """By slice, in the order in which the framework names them."""
    if result.leading is None:
        return {}
    headline = result.leading.headline
    metric = part.metric or headline.metric
    known = {e.slice: e for e in (headline, *result.leading.others) if e.metric == metric}
    return {name: known[name] for name in part.slices or ("",) if name in known}


def _missing(id: str, part: Evidence, estimates: dict[str, Estimate]) -> list[str]:
    """The parts of a measured benchmark of which this run has no samples."""
    left_out = [name for name in part.slices or ("",) if name not in estimates]
    return [f"{id} [{name}]" if name else f"{id} ({part.metric})" for name in left_out]


def coverage_document(profile: Profile, covered: Coverage) -> dict[str, Any]:
    """The JSON of `card --framework --json`."""
    framework = covered.framework
    return {
        "framework": framework.id,
        "title": framework.title,
        "disclaimer": DISCLAIMER,
        "note": framework.note,
        "run": str(profile.path),
        "model": profile.run.model.id,
        "items": [_item(one, framework) for one in covered.items],
        "unmapped": list(covered.unmapped),
    }


def _item(one: Covered, framework: Framework) -> dict[str, Any]:
    return {
        "id": one.item.id,
        "title": one.item.title,
        "group": one.item.group,
        "source": framework.sources[one.item.source],
        "verified": one.item.verified,
        "standing": str(one.standing),
        "evidence": [_found(found) for found in one.found],
        "missing": list(one.missing),
        "record": one.item.record,
        "not_evidenced": one.item.not_evidenced,
    }


def _found(found: Found) -> dict[str, Any]:
    estimate = found.estimate
    return {
        "benchmark": estimate.benchmark,
        "of": found.of,
        "slice": estimate.slice,
        **as_data(estimate),
        "n_unscored": estimate.n_unscored,
        "higher_is_better": estimate.higher_is_better,
        "withheld": estimate.withheld,
    }
