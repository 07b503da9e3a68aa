"""A comparison as Markdown: a comment on a pull request, a step's summary."""

from collections.abc import Iterator
from pathlib import Path

from upright.comparisons.two_runs.gate import Decision
from upright.comparisons.two_runs.result import Comparison, Difference
from upright.reports.markdown import plain, row
from upright.reports.scale import number
from upright.reports.text.comparison import (
    LEGEND,
    cost,
    gain,
    p_value,
    pairing_notes,
    sentence,
    signed,
)
from upright.runs.storing.tables import write_whole
from upright.stats.equivalence import Standing

MARKS = {
    Standing.WORSE: "🔴 worse",
    Standing.BETTER: "🟢 better",
    Standing.NOT_WORSE: "⚪ not worse",
    Standing.CANNOT_TELL: "🟡 cannot tell",
}


def write_markdown(comparison: Comparison, decision: Decision, path: Path) -> None:
    text = comparison_markdown(comparison, decision).encode()
    write_whole(path, lambda file: file.write_bytes(text))


def comparison_markdown(comparison: Comparison, decision: Decision) -> str:
    """Answers of models are left out: a comment is read by many, and harmful ones stay masked."""
    return "\n".join(_lines(comparison, decision)) + "\n"


def _lines(comparison: Comparison, decision: Decision) -> Iterator[str]:
    mark = "✅" if decision.passed else "❌"
    a, b = comparison.baseline, comparison.candidate
    yield f"### {mark} {plain(b.model)} against {plain(a.model)}"
    yield ""
    yield plain(sentence(comparison, decision), 2000)
    yield ""
    yield "| benchmark | baseline | candidate | gain | 95 % jointly | p | pairs | standing |"
    yield "| :-- | --: | --: | --: | :-: | --: | --: | :-- |"
    for difference in comparison.differences:
        yield _row(difference)
    yield ""
    for difference in comparison.differences:
        for note in (*difference.notes, *pairing_notes(difference)):
            yield f"- {plain(difference.benchmark)}: {plain(note, 200)}"
    for one in comparison.incomparable:
        yield f"- not compared: {plain(one.what)}: {plain(one.why, 200)}"
    for note in comparison.notes:
        yield f"- {plain(note, 300)}"
    yield ""
    costs = f"{plain(cost(a, 'baseline'), 300)}; {plain(cost(b, 'candidate'), 300)}"
    yield f"<sub>{LEGEND}. {costs}</sub>"


def _row(difference: Difference) -> str:
    value, low, high = gain(difference)
    between = "" if low is None else f"{signed(low)} – {signed(high)}"
    cells = (
        plain(difference.benchmark),
        number(difference.baseline),
        number(difference.candidate),
        signed(value),
        between,
        p_value(difference.gap.p_holm),
        str(difference.pairing.paired),
        MARKS[difference.standing],
    )
    return row(cells)
