"""Answer a score set with a function of the sample, and read a metric off the verdicts."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from upright.core import (
    Answer,
    Benchmark,
    Response,
    Row,
    Sample,
    Scored,
    ScoreSet,
    Verdict,
    finished,
)
from upright.data.rows import DataFile
from upright.models.mock import responder

Files = Callable[[str], DataFile]
Say = Callable[[Sample], str]


def published(benchmark: Benchmark) -> ScoreSet:
    assert benchmark.published is not None, f"{benchmark.card.title} has no published score set"
    return benchmark.published


def answered(score_set: ScoreSet, rows: Sequence[Row], say: Say | str) -> list[Scored]:
    """All items, unscored ones included; `say` may name a mock responder."""
    respond = responder(say) if isinstance(say, str) else say
    answers = [Answer(s, Response(text=respond(s))) for s in finished(score_set.samples(rows, 0))]
    verdicts = score_set.judge.judge(answers)
    return [Scored(*a, v) for a, v in zip(answers, verdicts, strict=True)]


def value(
    score_set: ScoreSet, items: Sequence[Scored], metric: str = "", **slices: str
) -> float | None:
    """A metric (the headline if unnamed) of the scored items, within slices if given."""
    found = next(m for m in score_set.metrics if metric in ("", m.name))
    kept = [
        item
        for item in items
        if item.value is not None and slices.items() <= dict(item.sample.slices).items()
    ]
    return found.value(kept)


def raw_value(make: Callable[[], Benchmark], files: Files, say: Say | str) -> float | None:
    """The published headline of a responder on the raw rows, to three decimals."""
    benchmark = make()
    rows = [row for row in files(benchmark.file).raw if benchmark.keep(row)]
    got = value(published(benchmark), answered(published(benchmark), rows, say))
    return None if got is None else round(got, 3)


def upright_value(
    make: Callable[[], Benchmark], files: Files, say: Say | str, metric: str = ""
) -> float | None:
    """A metric of the upright set of a responder on the patched rows."""
    benchmark = make()
    rows = [row for row in files(benchmark.file).patched if benchmark.keep(row)]
    return value(benchmark.upright, answered(benchmark.upright, rows, say), metric)


def verdict(score_set: ScoreSet, row: Mapping[str, object], text: str) -> Verdict:
    """What one response to the first sample of a row gets."""
    return answered(score_set, [Row("here", 0, row)], lambda sample: text)[0].verdict


def verdicts(benchmark: Benchmark, text: str) -> Iterator[Verdict]:
    """What one response gets to the first sample of each example, in its score set.

    Examples that differ only in the response they show are one.
    """
    rows = {(e.score_set, repr(e.row)): e for e in benchmark.examples}
    for example in rows.values():
        score_set = benchmark.score_set(example.score_set)
        assert score_set is not None
        yield verdict(score_set, example.row, text)
