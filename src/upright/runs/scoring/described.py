"""Whether run.json says of a run what its answers say: which models were asked, and how often.

Every answer is stored with the hash of its request, and the name of the model is a part of that.
Of judge models' verdicts no such hash is kept: their names are held against each other, their calls
against one another and the number of verdicts.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from msgspec.structs import astuple

from upright.core import Message, Sample, StoreError
from upright.runs.items import Form, Part
from upright.runs.plan import most_tokens, seed_of
from upright.runs.scoring.panel import ROUNDS
from upright.runs.storing.stored import read_columns, whole

ASKED = ("benchmark", "score_set", "sample_id", "epoch", "messages", "options", "request_key")
COUNTED = ("request_key", "error", "prompt_tokens", "completion_tokens")


class Asked(msgspec.Struct):
    id: str


class Calls(msgspec.Struct):
    planned: int
    asked: int
    from_cache: int
    errors: int


class Tokens(msgspec.Struct):
    prompt: int
    completion: int


class Judge(msgspec.Struct):
    id: str
    calls: Calls
    tokens: Tokens


class Given(msgspec.Struct):
    suite: str
    seed: int
    max_tokens: int | None = None


class Sampling(msgspec.Struct):
    temperature: float
    max_tokens: int


class Description(msgspec.Struct):
    """What run.json says that answers can show."""

    model: Asked
    calls: Calls
    tokens: Tokens
    settings: Given
    benchmarks: dict[str, Sampling]
    judge: str | None
    judges: list[Judge]
    judge_calls: Calls
    judge_tokens: Tokens


def misdescribed(run: Path, info: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What run.json says otherwise than the answers, and how."""
    try:
        told = msgspec.convert(info, Description)
    except msgspec.ValidationError as error:
        raise StoreError(f"{run / 'run.json'} is not a run's description: {error}.") from error
    path = run / "samples.parquet"
    for name, claimed, found in _counts(told, read_columns(path, COUNTED, ())):
        if claimed != found:
            yield f"{name} in run.json", f"claimed are {claimed:,}; its answers give {found:,}"
    for benchmark, score_set in _asked_otherwise(path, told):
        why = f"no question of it has the hash with which {told.model.id} is asked as run.json says"
        yield f"the model of {benchmark} ({score_set})", why
    yield from _judges(told, run / "verdicts.parquet")


def _counts(told: Description, table: pa.Table) -> Iterator[tuple[str, int, int]]:
    """What is counted, as claimed and as found. Score sets may share a question: it counts once."""
    failed = pc.fill_null(pc.greater(pc.utf8_length(table["error"]), 0), fill_value=False)
    most = [("failed", "max"), ("prompt_tokens", "max"), ("completion_tokens", "max")]
    once = table.append_column("failed", failed).group_by("request_key").aggregate(most)
    calls, tokens = told.calls, told.tokens
    yield "calls planned", calls.planned, len(once)
    yield "calls asked and from cache", calls.asked + calls.from_cache, len(once)
    yield "errors", calls.errors, _sum(once["failed_max"])
    if not calls.from_cache:  # what those took was told in the run that asked
        yield "prompt tokens", tokens.prompt, _sum(once["prompt_tokens_max"])
        yield "completion tokens", tokens.completion, _sum(once["completion_tokens_max"])


def _judges(told: Description, path: Path) -> Iterator[tuple[str, str]]:
    """What is wrong with what it says of judge models. Without one there are no verdicts of any."""
    names = [judge.id for judge in told.judges]
    if (told.judge or "") != ", ".join(names):
        yield "judge in run.json", f"claimed are {told.judge}; its list of judges has {names}"
    said = _opinions(path) if names or path.exists() else Counter()
    if said and set(said) != set(names):
        yield "judges in run.json", f"claimed are {names}; verdicts are of {sorted(said)}"
    for name, claimed, each in (
        ("calls", told.judge_calls, [Calls(0, 0, 0, 0), *(judge.calls for judge in told.judges)]),
        ("tokens", told.judge_tokens, [Tokens(0, 0), *(judge.tokens for judge in told.judges)]),
    ):
        found = tuple(map(sum, zip(*map(astuple, each), strict=True)))
        if astuple(claimed) != found:
            yield f"judge {name} in run.json", f"claimed are {claimed}; its judges give {found}"
    for judge in told.judges:
        if not _possible(judge.calls, said[judge.id]):
            why = f"claimed are {judge.calls}, for {said[judge.id]:,} verdicts"
            yield f"calls of {judge.id} in run.json", why


def _possible(calls: Calls, verdicts: int) -> bool:
    """Equal questions are one call, and a verdict that cannot be read is asked for again."""
    told = calls.asked + calls.from_cache == calls.planned
    return told and bool(verdicts) <= calls.planned <= ROUNDS * verdicts


def _opinions(path: Path) -> Counter[str]:
    """How many verdicts each judge model was asked for."""
    table = read_columns(path, ("judge", "local"), ())
    return Counter(table.filter(pc.invert(table["local"]))["judge"].to_pylist())


def _sum(column: pa.ChunkedArray) -> int:
    return int(pc.sum(column).as_py() or 0)


def _asked_otherwise(path: Path, told: Description) -> list[Part]:
    """The score sets none of whose questions was asked of that model in that way."""
    found: dict[Part, bool] = {}
    with whole(path), pq.ParquetFile(path, page_checksum_verification=True) as file:
        for batch in file.iter_batches(columns=list(ASKED)):
            for row in batch.to_pylist():
                part = row["benchmark"], row["score_set"]
                if not found.get(part):
                    found[part] = row["request_key"] in _keys(row, part, told)
    return [part for part, as_told in found.items() if not as_told]


def _keys(row: Mapping[str, Any], part: Part, told: Description) -> Iterator[str]:
    """The hashes that its question may have: of a model that writes or picks among options, and
    that answers a question or looks at the sample."""
    sampling, settings = told.benchmarks.get(part[0]), told.settings
    if sampling is None:
        return
    sample = Sample(
        messages=msgspec.json.decode(row["messages"], type=tuple[Message, ...]),
        options=msgspec.json.decode(row["options"], type=tuple[str, ...]),
    )
    sample.identify(row["sample_id"])
    seed = seed_of(settings.seed, sample, row["epoch"])
    for may_choose, personal in product((False, True), repeat=2):
        form = Form(
            part=part,
            model=told.model.id,
            temperature=sampling.temperature,
            max_tokens=most_tokens(sampling.max_tokens, settings.suite, settings.max_tokens),
            may_choose=may_choose,
            personal=personal,
        )
        yield form.filled(sample, row["epoch"], seed).key
