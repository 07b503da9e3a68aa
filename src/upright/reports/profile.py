"""A stored run as a trust profile: what every report is rendered from.

Reads `run.json`, `estimates.parquet` and the narrow columns of `samples.parquet`. The texts of
samples are read on demand (`answers.py`): they may be large, and most reports need none.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from upright.core import (
    IMPORTED,
    OTHER,
    PUBLISHED,
    UPRIGHT,
    Calibration,
    Dimension,
    Estimate,
    Outcome,
    StoreError,
)
from upright.reports.facts import CardFacts, Concord, RunFacts

FILES = ("run.json", "estimates.parquet", "samples.parquet")
GROUPS = (*Dimension, OTHER)
"""Under which benchmarks are shown, in this order."""


@dataclass(frozen=True, kw_only=True)
class ScoreSetResult:
    """One score set of one benchmark: its headline, its other numbers, what kind of answers.

    `outcomes` and `n_unscored` are of all its answers; the headline may be about some of them.
    """

    headline: Estimate
    others: tuple[Estimate, ...]
    outcomes: dict[str, int]
    n_unscored: int

    @property
    def n(self) -> int:
        return sum(self.outcomes.values())

    @property
    def unscored_share(self) -> float:
        return self.headline.n_unscored / max(1, self.headline.n)


@dataclass(frozen=True, kw_only=True)
class BenchmarkResult:
    """One benchmark on one model. A score set is None where the run left it out; `imported` is
    what another tool decided, and then there is no other."""

    id: str
    dimension: str
    card: CardFacts
    upright: ScoreSetResult | None
    published: ScoreSetResult | None
    baselines: dict[str, float]
    imported: ScoreSetResult | None = None

    @property
    def leading(self) -> ScoreSetResult | None:
        """The score set whose numbers come first."""
        return self.upright or self.imported

    @property
    def name(self) -> str:
        return self.id.rsplit("/", 1)[-1]


@dataclass(frozen=True, kw_only=True)
class Profile:
    """Everything a report shows but the texts of samples.

    errors      what calls failed with that never got an answer, and how many questions that left
                open; the most frequent first
    """

    path: Path
    run: RunFacts
    benchmarks: tuple[BenchmarkResult, ...]
    errors: Mapping[str, int]

    @property
    def groups(self) -> tuple[str, ...]:
        """The eight dimensions, and where other tools measured something else, that."""
        return (*Dimension, *((OTHER,) if self.measured(OTHER) else ()))

    def measured(self, dimension: str) -> tuple[BenchmarkResult, ...]:
        return tuple(b for b in self.benchmarks if b.dimension == dimension)

    @property
    def unmeasured(self) -> tuple[str, ...]:
        """The dimensions of trust of which this run says nothing."""
        return tuple(d for d in Dimension if not self.measured(d))

    def judges(self, estimate: Estimate) -> dict[str, tuple[Calibration, ...]]:
        """Who judged, each with how well it agrees with people where that is known."""
        ids = [id for id in estimate.judge.split(", ") if id]
        return {id: self.run.calibrations.get(id, ()) for id in ids}

    def concord(self, result: "BenchmarkResult") -> Concord | None:
        """How far the judges of its upright score set agree, where judge models read it."""
        return self.run.agreement.get(result.id, {}).get(UPRIGHT)


def load_profile(path: Path) -> Profile:
    """Read a finished run directory."""
    _expect_files(path)
    run = _read_run(path / "run.json")
    estimates = _read_estimates(path / "estimates.parquet")
    tallies = _count_answers(path / "samples.parquet")
    ids = _in_order(run, estimates)
    results = tuple(_result(id, run, estimates, tallies) for id in ids)
    failed = any(Outcome.ERROR in tally.outcomes for tally in tallies.values())
    errors = _count_errors(path / "samples.parquet") if failed else {}
    return Profile(path=path, run=run, benchmarks=results, errors=errors)


def read_table(path: Path, columns: Sequence[str]) -> pa.Table:
    """Columns of a Parquet file of a run; a damaged file or a missing column is named."""
    try:
        return pq.read_table(path, columns=list(columns), memory_map=True)
    except (pa.ArrowException, OSError, KeyError) as error:
        raise damaged(path, str(error)) from error


def damaged(path: Path, why: str) -> StoreError:
    return StoreError(
        f"{path} cannot be read: {why.splitlines()[0].rstrip('.') if why else 'it is damaged'}. "
        "Take it from a copy, or repeat the command that made the run: that makes another one, "
        "which asks only what the cache has no answer to."
    )


def _expect_files(path: Path) -> None:
    if not path.is_dir():
        raise StoreError(
            f"There is no run at {path}. Give the directory that `upright run` printed."
        )
    missing = [name for name in FILES if not (path / name).is_file()]
    if missing:
        raise StoreError(
            f"{path} is not a finished run: {', '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} missing. If the run was interrupted, repeat "
            "the command that started it: answers already received are not asked again."
        )


def _read_run(path: Path) -> RunFacts:
    try:
        return msgspec.json.decode(path.read_bytes(), type=RunFacts)
    except (msgspec.MsgspecError, UnicodeDecodeError, OSError) as error:
        raise damaged(path, str(error)) from error


def _read_estimates(path: Path) -> dict[tuple[str, str], list[Estimate]]:
    """By benchmark and score set."""
    # Runs of an earlier version lack the columns that came later; a required one is missed below.
    known = set(_columns(path))
    table = read_table(path, [name for name in Estimate.__struct_fields__ if name in known])
    found = defaultdict(list)
    for row in table.to_pylist():
        try:
            estimate = msgspec.convert(row, Estimate)
        except msgspec.ValidationError as error:
            raise damaged(path, str(error)) from error
        found[estimate.benchmark, estimate.score_set].append(estimate)
    return dict(found)


def _columns(path: Path) -> list[str]:
    try:
        return list(pq.read_schema(path).names)
    except (pa.ArrowException, OSError) as error:
        raise damaged(path, str(error)) from error


class Tally(NamedTuple):
    """The answers of a score set by outcome, in their fixed order, and how many have no value."""

    outcomes: dict[str, int]
    unscored: int


def _count_answers(path: Path) -> dict[tuple[str, str], Tally]:
    """Per benchmark and score set."""
    keys = ("benchmark", "score_set", "outcome")
    table = read_table(path, (*keys, "value"))
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    unscored: Counter[tuple[str, str]] = Counter()
    counted = table.group_by(list(keys)).aggregate([([], "count_all"), ("value", "count")])
    for row in counted.to_pylist():
        part = row["benchmark"], row["score_set"]
        counts[part][row["outcome"]] += row["count_all"]
        unscored[part] += row["count_all"] - row["value_count"]
    return {part: Tally(_ordered(count), unscored[part]) for part, count in counts.items()}


def _count_errors(path: Path) -> dict[str, int]:
    """Score sets may share a question: it counts once."""
    keys = ["benchmark", "sample_id", "epoch", "error"]
    table = read_table(path, keys)
    failed = table.filter(pc.greater(pc.utf8_length(table["error"]), 0))
    return dict(Counter(failed.group_by(keys).aggregate([])["error"].to_pylist()).most_common())


def _ordered(count: Counter[str]) -> dict[str, int]:
    known = [str(outcome) for outcome in Outcome]
    return {o: count[o] for o in [*known, *sorted(set(count) - set(known))] if count[o]}


def _in_order(run: RunFacts, estimates: dict[tuple[str, str], list[Estimate]]) -> list[str]:
    """By dimension, then as the run lists them."""
    dimensions = [str(d) for d in GROUPS]
    present = {id: found[0].dimension for (id, _), found in estimates.items()}
    asked = [id for id in run.benchmarks if id in present]
    rest = sorted(set(present) - set(asked))
    known = [id for id in (*asked, *rest) if present[id] in dimensions]
    return sorted(known, key=lambda id: dimensions.index(present[id]))


def _result(
    id: str,
    run: RunFacts,
    estimates: dict[tuple[str, str], list[Estimate]],
    tallies: dict[tuple[str, str], Tally],
) -> BenchmarkResult:
    sets = {
        name: _score_set(estimates.get((id, name), []), tallies.get((id, name), Tally({}, 0)))
        for name in (UPRIGHT, PUBLISHED, IMPORTED)
    }
    dimension = next(s.headline.dimension for s in sets.values() if s)
    baselines = {k: v for k, v in run.baselines.get(id, {}).items() if v is not None}
    return BenchmarkResult(
        id=id,
        dimension=dimension,
        card=run.benchmarks.get(id, CardFacts(title=id, measures="")),
        upright=sets[UPRIGHT],
        published=sets[PUBLISHED],
        baselines=baselines,
        imported=sets[IMPORTED],
    )


def _score_set(estimates: Sequence[Estimate], tally: Tally) -> ScoreSetResult | None:
    """The first metric's value on all samples leads; everything else follows it."""
    leading = [e for e in estimates if e.headline and not e.slice]
    if not leading:
        return None
    others = tuple(e for e in estimates if e is not leading[0])
    return ScoreSetResult(
        headline=leading[0], others=others, outcomes=tally.outcomes, n_unscored=tally.unscored
    )
