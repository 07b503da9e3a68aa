"""What a large benchmark keeps of its answers is enough for the metrics that say so."""

from collections.abc import Callable, Sequence

import pytest

from tests.runs.toy import toy
from upright.core import (
    Answer,
    Interval,
    Metric,
    Outcome,
    Response,
    Sample,
    Scored,
    Verdict,
    ask,
    finished,
    make_samples,
    registry,
)
from upright.data import DataFile
from upright.models.mock import responder
from upright.runs.scoring.brief import keeper
from upright.stats.metrics import macro, mean, slice_of, target

SAMPLE = Sample(messages=ask("Is 2 even?"), target="yes", slices={"parity": "even"})


def scored(epoch: int = 0) -> Scored:
    verdict = Verdict(outcome=Outcome.ANSWERED, value=1.0, label="yes")
    return Scored(SAMPLE, Response(text="Yes.", finish_reason="choice"), verdict, epoch)


@pytest.mark.parametrize("id", sorted(registry.entries("benchmarks")))
def test_metrics_that_say_they_read_no_words_read_none(
    id: str, mini: Callable[[str], DataFile]
) -> None:
    benchmark = registry.load("benchmarks", id)
    rows = [row for row in mini(benchmark.file).patched if benchmark.keep(row)]
    score_sets = [s for s in (benchmark.upright, benchmark.published) if s]
    for score_set in score_sets:
        samples = finished(make_samples(score_set, rows, 0))
        answers = [Answer(s, Response(text=responder("random")(s))) for s in samples]
        verdicts = score_set.judge.judge(answers)
        given = [Scored(*a, v, 0) for a, v in zip(answers, verdicts, strict=True)]
        known = [one for one in given if one.value is not None]
        wordless = [metric for metric in score_set.metrics if metric.wordless]
        keep = keeper(toy(metrics=tuple(wordless)).upright)
        for metric in wordless:
            assert metric.measure([keep(one) for one in known]) == metric.measure(known)


def test_a_metric_that_may_read_words_is_given_all_of_them() -> None:
    def longest(items: Sequence[Scored]) -> Interval:
        return Interval(float(max(len(i.response.text) for i in items)), None, None, "the longest")

    for reads in (
        Metric(name="longest", compute=longest),
        Metric(name="words", compute=mean(lambda item: float("even" in item.sample.prompt))),
        Metric(name="asked", compute=macro(lambda item: item.sample.prompt)),
        Metric(name="some", compute=mean(), of=lambda sample: "even" in sample.prompt),
    ):
        assert not reads.wordless
        keep = keeper(toy(metrics=(Metric(name="mean", compute=mean()), reads)).upright)
        assert keep(scored()) == scored()


def test_what_is_kept_has_its_cluster_slices_target_verdict_and_finish_reason() -> None:
    metrics = tuple(
        Metric(name=compute.__class__.__name__, compute=compute)
        for compute in (mean(), macro(target), macro(slice_of("parity")))
    )
    keep = keeper(toy(metrics=metrics).upright)
    first, again = keep(scored()), keep(scored(epoch=1))
    assert first.sample.cluster == SAMPLE.cluster
    assert (first.sample.slices, first.sample.target) == (SAMPLE.slices, "yes")
    assert (first.verdict, first.response.finish_reason) == (scored().verdict, "choice")
    assert (first.epoch, again.epoch) == (0, 1)
    assert not first.sample.messages
    assert not first.response.text
    assert again.verdict is first.verdict
