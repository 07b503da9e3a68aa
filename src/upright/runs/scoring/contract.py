"""The contract every benchmark must meet, ours and yours: `upright check ID` and the tests.

It needs no model: the benchmark's own ideal answers, its examples and the degenerate
responders prove samples, judge and metrics against one another.
"""

from collections.abc import Sequence
from typing import NamedTuple

from upright.core import (
    TOLERATED,
    Answer,
    Benchmark,
    Interval,
    Metric,
    Outcome,
    Response,
    Row,
    Scored,
    ScoreSet,
    finished,
    make_samples,
)
from upright.models.mock import responder

DEGENERATE = (
    "worst",
    "random",
    "always-a",
    "always-yes",
    "always-no",
    "refuse",
    "comply",
    "empty",
    "echo",
    "parrot",
    "half-echo",
    "every-option",
    "one-in-ten",
)

MARGIN = 2.0
"""A guesser beats chance on one benchmark in forty by luck alone: it gets twice the interval."""


class Finding(NamedTuple):
    """One line of the check. `detail` says what was expected and what came."""

    ok: bool
    what: str
    detail: str


def check(benchmark: Benchmark, rows: Sequence[Row]) -> list[Finding]:
    """Run the whole contract on a benchmark with the (patched) rows of its file."""
    rows = [row for row in rows if benchmark.keep(row)]
    return [
        *check_card(benchmark),
        *check_samples(benchmark, rows),
        *check_examples(benchmark),
        *check_oracle(benchmark, rows),
        *check_degenerate(benchmark, rows),
    ]


def check_card(benchmark: Benchmark) -> list[Finding]:
    card = benchmark.card
    missing = [n for n in ("title", "paper", "measures", "data", "licence") if not getattr(card, n)]
    return [Finding(not missing, "card is complete", f"missing: {missing or 'nothing'}")]


def check_samples(benchmark: Benchmark, rows: Sequence[Row]) -> list[Finding]:
    samples = finished(make_samples(benchmark.upright, rows, 0))
    ids = [s.id for s in samples]
    again = [s.id for s in finished(make_samples(benchmark.upright, rows, 0))]
    return [
        Finding(bool(ids), "there are samples", f"{len(ids)} from {len(rows)} rows"),
        Finding(len(set(ids)) == len(ids), "sample ids are unique", f"{len(set(ids))} ids"),
        Finding(ids == again, "samples repeat for the same seed", "seed 0 twice"),
        Finding(
            all(s.ideal and s.messages[-1].content for s in samples),
            "every sample has a prompt and an ideal answer",
            f"{sum(not s.ideal for s in samples)} without an ideal answer",
        ),
    ]


def check_examples(benchmark: Benchmark) -> list[Finding]:
    findings = [_check_example(benchmark, i) for i in range(len(benchmark.examples))]
    values = {e.value for e in benchmark.examples if e.score_set == "upright"}
    both = len(values) > 1
    return [Finding(both, "examples show a right and a wrong answer", str(values)), *findings]


def check_oracle(benchmark: Benchmark, rows: Sequence[Row]) -> list[Finding]:
    """Ideal answers reach the ceiling of the headline and leave nothing unscored."""
    metric = benchmark.upright.metrics[0]
    scored, unscored = answer_all(benchmark.upright, rows, "oracle")
    got = metric.measure(scored).value
    reached = got is not None and abs(got - metric.ceiling) < 1e-9
    return [
        Finding(reached, f"the oracle reaches {metric.name} = {metric.ceiling}", f"got {got}"),
        Finding(unscored == 0, "the oracle leaves nothing unscored", f"{unscored} unscored"),
    ]


def check_degenerate(benchmark: Benchmark, rows: Sequence[Row]) -> list[Finding]:
    """No degenerate responder beats chance, its interval considered, unless named sane."""
    findings = []
    metric = benchmark.upright.metrics[0]
    for name in DEGENERATE:
        if name in benchmark.sane:
            continue
        interval = headline(benchmark.upright, rows, name)
        findings.append(
            Finding(
                not _beats(interval, metric, MARGIN if name == "random" else 1.0),
                f"{name} does not beat chance on {metric.name}",
                f"got {interval.value}, chance {metric.chance}",
            )
        )
    return findings


def headline(score_set: ScoreSet, rows: Sequence[Row], name: str) -> Interval:
    """The headline a mock responder gets; no value when over 5 % would stay unscored."""
    scored, unscored = answer_all(score_set, rows, name)
    if unscored > TOLERATED * (len(scored) + unscored):
        return Interval(None, None, None, "withheld")
    return score_set.metrics[0].measure(scored)


def answer_all(
    score_set: ScoreSet, rows: Sequence[Row], name: str, seed: int = 0
) -> tuple[list[Scored], int]:
    """The scored answers of a mock responder, and how many could not be scored."""
    respond = responder(name)
    answers = [
        Answer(s, Response(text=respond(s))) for s in finished(make_samples(score_set, rows, seed))
    ]
    verdicts = score_set.judge.judge(answers)
    scored = [Scored(*a, v) for a, v in zip(answers, verdicts, strict=True) if v.value is not None]
    return scored, len(answers) - len(scored)


def _check_example(benchmark: Benchmark, index: int) -> Finding:
    example = benchmark.examples[index]
    what = f"example {index + 1} ({example.score_set}) gets its verdict"
    score_set = benchmark.score_set(example.score_set)
    if score_set is None:
        return Finding(False, what, "there is no such score set")
    sample = finished(make_samples(score_set, [Row("example", index, example.row)], 0))[0]
    verdict = score_set.judge.judge([Answer(sample, Response(text=example.response))])[0]
    got: tuple[Outcome, float | None] = (verdict.outcome, verdict.value)
    expected = (example.outcome, example.value)
    return Finding(got == expected, what, f"expected {expected}, got {got}: {verdict.reason}")


def _beats(interval: Interval, metric: Metric, margin: float) -> bool:
    """Whether even the unfavourable end of the interval, `margin` times as wide, beats chance."""
    value, chance = interval.value, metric.chance
    if value is None or interval.low is None or interval.high is None or chance is None:
        return False
    if metric.higher_is_better:
        return value - margin * (value - interval.low) > chance + 1e-9
    return value + margin * (interval.high - value) < chance - 1e-9
