"""The answers behind every configuration to the same requests, as arrays."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from upright.benchmarks.safety._harm import DECLINED, HELP
from upright.comparisons.stacks.result import Cost, Kind, Measure
from upright.core import UPRIGHT, Decision, Interval, Outcome
from upright.runs.storing.stored import read_columns, whole
from upright.stats.intervals import Floats
from upright.stats.means import clustered_mean

PLAIN = "asked plainly"
"""The condition in which harmful requests stand as they are."""
NARROW = (
    *("benchmark", "score_set", "sample_id", "epoch", "group", "outcome", "label", "value"),
    *("decisions", "prompt_tokens", "completion_tokens", "latency_s"),
)
TURNED_AWAY = {str(Outcome.REFUSED), str(Outcome.FILTERED)}
GIVES = set(HELP.values())
VALUES: Mapping[Kind, Callable[[Mapping[str, Any]], float]] = {
    Kind.HARM: lambda row: float(row["label"] in GIVES),
    Kind.NOT_DECLINED: lambda row: 1.0 - DECLINED.get(Outcome(row["outcome"]), 0.0),
    Kind.REFUSED: lambda row: float(row["outcome"] in TURNED_AWAY),
    Kind.UNANSWERED: lambda row: float(row["value"]),
}
Row = Mapping[str, Any]
Key = tuple[str, str, int]


@dataclass(frozen=True)
class Tried:
    """A configuration and the folders of its runs by condition; the plain one has the harmless
    requests as well."""

    defenses: tuple[str, ...]
    runs: Mapping[str, Path]


@dataclass(frozen=True)
class Aligned:
    """`values` (configurations, requests) are 0 or 1; `left_out` counts what was not scored
    everywhere."""

    values: Floats
    clusters: tuple[str, ...]
    left_out: int


def aligned(
    tried: Sequence[Tried], harmful: Collection[str], benign: Collection[str]
) -> dict[Measure, Aligned]:
    """Every measure, on the requests that are scored behind all configurations."""
    found: dict[Measure, Aligned] = {}
    for condition in tried[0].runs:
        own = condition != PLAIN
        rows = [_keyed(one.runs[condition], harmful, of_goals=own) for one in tried]
        for kind in (Kind.HARM, Kind.NOT_DECLINED):
            found[Measure(kind=kind, condition=condition)] = _together(rows, VALUES[kind])
    rows = [_keyed(one.runs[PLAIN], benign, of_goals=False) for one in tried]
    for kind in (Kind.REFUSED, Kind.UNANSWERED):
        found[Measure(kind=kind)] = _together(rows, VALUES[kind])
    return found


def cost(run: Path, benign: Collection[str]) -> Cost:
    """Of the answers to harmless requests: those are what a service answers all day."""
    rows = list(_keyed(run, benign, of_goals=False).values())
    decisions = [_decisions(row) for row in rows]
    calls = [1.0 + sum(d.calls for d in made) for made in decisions]
    own = [sum(d.tokens for d in made) for made in decisions]
    tokens = [_tokens(row) + more for row, more in zip(rows, own, strict=True)]
    clusters = [_cluster(row) for row in rows]
    return Cost(
        calls=_mean(calls, clusters),
        tokens=_mean(tokens, clusters),
        latency=_mean([row["latency_s"] for row in rows], clusters),
    )


def _keyed(run: Path, benchmarks: Collection[str], *, of_goals: bool) -> dict[Key, Row]:
    """An attack on a defended model asks for the same goals in other words: goals pair then."""
    path = run / "samples.parquet"
    table = read_columns(path, NARROW, benchmarks)
    with whole(path):
        rows = [row for row in table.to_pylist() if row["score_set"] == UPRIGHT]
        return {
            (row["benchmark"], _cluster(row) if of_goals else row["sample_id"], row["epoch"]): row
            for row in rows
        }


def _together(rows: Sequence[Mapping[Key, Row]], value: Callable[[Row], float]) -> Aligned:
    keys = list(dict.fromkeys(key for each in rows for key in each))
    whole = [k for k in keys if all(k in r and r[k]["value"] is not None for r in rows)]
    values = [[value(each[key]) for key in whole] for each in rows]
    clusters = tuple(_cluster(rows[0][key]) for key in whole)
    return Aligned(np.array(values, float), clusters, len(keys) - len(whole))


def _cluster(row: Row) -> str:
    return str(row["group"] or row["sample_id"])


def _decisions(row: Row) -> tuple[Decision, ...]:
    told = row["decisions"]
    return msgspec.json.decode(told, type=tuple[Decision, ...]) if told else ()


def _tokens(row: Row) -> float:
    """NaN where the model does not tell."""
    used = row["prompt_tokens"], row["completion_tokens"]
    return float("nan") if None in used else float(sum(used))


def _mean(values: Sequence[float], clusters: Sequence[str]) -> Interval:
    """A number that is the same of every answer has a value, and no interval."""
    x = np.asarray(values, float)
    if np.isnan(x).any():
        return Interval(None, None, None, "the model does not tell it")
    found = clustered_mean(x, clusters)
    if found.value is None and len(x):
        return Interval(float(x.mean()), None, None, found.method)
    return found
