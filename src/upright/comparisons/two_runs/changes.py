"""Where two runs differ: the slices that moved most, and the answers whose value changed."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

import msgspec
import numpy as np
import pyarrow as pa

from upright.comparisons.two_runs.pairing import Paired, Places
from upright.comparisons.two_runs.result import Flip, SliceGain
from upright.core import Scored
from upright.stats.paired import paired_difference

LEAST = 10
"""The fewest answers of a slice worth showing."""
SLICES = 12


def moved_slices(found: Mapping[str, Paired], better: Mapping[str, bool]) -> list[SliceGain]:
    """Those whose interval lies furthest from 0 first; among the others the largest gain."""
    every = [
        told
        for id, paired in found.items()
        for name, at in _slices(paired).items()
        if LEAST <= len(at) < len(paired.a)
        for told in [_gain(id, name, paired, at, better[id])]
    ]
    every.sort(key=lambda s: (-max(s.low, -s.high), -abs(s.gain), s.benchmark, s.slice))
    return every[:SLICES]


def _slices(paired: Paired) -> dict[str, Places]:
    """Places of each slice's pairs. A sample's slices are read once per distinct set of them."""
    column = paired.baseline.rows["slices"].take(pa.array(paired.at_baseline)).combine_chunks()
    coded = (column.chunk(0) if isinstance(column, pa.ChunkedArray) else column).dictionary_encode()
    codes = np.asarray(coded.indices.to_numpy())
    where: dict[str, list[int]] = defaultdict(list)
    for code, told in enumerate(coded.dictionary.to_pylist()):
        for name, value in msgspec.json.decode(told or "{}").items():
            where[f"{name}={value}"].append(code)
    return {name: np.flatnonzero(np.isin(codes, own)) for name, own in where.items()}


def _gain(id: str, name: str, paired: Paired, at: Places, higher_is_better: bool) -> SliceGain:
    a, b, clusters = paired.a[at], paired.b[at], paired.clusters[at]
    first, second = (a, b) if higher_is_better else (b, a)
    gain = paired_difference(first, second, clusters)
    assert gain.value is not None and gain.low is not None and gain.high is not None
    return SliceGain(
        benchmark=id,
        slice=name,
        n=len(at),
        baseline=float(a.mean()),
        candidate=float(b.mean()),
        gain=gain.value,
        low=gain.low,
        high=gain.high,
    )


def flips(
    found: Mapping[str, Paired],
    better: Mapping[str, bool],
    harmful: Mapping[str, bool],
    limit: int,
) -> tuple[list[Flip], int]:
    """Answers whose value changed, the largest losses first; and how many there are in all.

    Of equal changes each benchmark has its turn: most are whole points, and a limit would show
    one benchmark alone.
    """
    ranked: list[tuple[float, int, str, int]] = []
    for id, paired in found.items():
        gains = (paired.b - paired.a) * (1 if better[id] else -1)
        changed = np.flatnonzero(gains)
        turns: Counter[float] = Counter()
        for place in changed.tolist():
            gain = float(gains[place])
            ranked.append((gain, turns[gain], id, place))
            turns[gain] += 1
    ranked.sort()
    chosen: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for gain, _, id, at in ranked[:limit]:
        chosen[id].append((gain, at))
    told = [flip for id in chosen for flip in _told(id, found[id], chosen[id], harmful[id])]
    return sorted(told, key=lambda f: (f.gain, f.benchmark, f.sample_id)), len(ranked)


def _told(
    id: str, paired: Paired, chosen: Sequence[tuple[float, int]], harmful: bool
) -> Iterator[Flip]:
    at = np.array([place for _, place in chosen])
    before = paired.baseline.scored(paired.at_baseline[at])
    after = paired.candidate.scored(paired.at_candidate[at])
    for (gain, _), a, b in zip(chosen, before, after, strict=True):
        yield _flip(id, gain, a, b, harmful)


def _flip(id: str, gain: float, a: Scored, b: Scored, harmful: bool) -> Flip:
    return Flip(
        benchmark=id,
        sample_id=a.sample.id,
        epoch=a.epoch,
        harmful=harmful,
        prompt=a.sample.prompt,
        target=a.sample.target,
        gain=gain,
        baseline_response=a.response.text,
        candidate_response=b.response.text,
        baseline_outcome=a.verdict.outcome,
        candidate_outcome=b.verdict.outcome,
        baseline_reason=a.verdict.reason,
        candidate_reason=b.verdict.reason,
    )
