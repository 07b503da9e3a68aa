"""A comparison as a table for the terminal, and the sentences that every form of it shares."""

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from upright.comparisons.two_runs.gate import Decision
from upright.comparisons.two_runs.result import Comparison, Difference, Flip, Side
from upright.core.dimension import Dimension
from upright.core.inert import inert, one_line
from upright.reports.scale import number
from upright.stats.equivalence import Standing

STYLES = {
    Standing.WORSE: "bold red",
    Standing.BETTER: "green",
    Standing.NOT_WORSE: "cyan",
    Standing.CANNOT_TELL: "yellow",
}
FLIPS = 5


def render_comparison(comparison: Comparison, console: Console, decision: Decision) -> None:
    """Print the table of differences, what moved, and what the gate says."""
    a, b = comparison.baseline, comparison.candidate
    console.print(Text(f"{name(b)} against {name(a)}", style="bold"))
    console.print(_table(comparison))
    for line in (*_moved(comparison), *_losses(comparison), *_missing(comparison)):
        console.print(line, highlight=False)
    console.print()
    for told in (cost(a, "baseline"), cost(b, "candidate")):
        console.print(Text(told, style="dim"), highlight=False)
    console.print(Text(LEGEND, style="dim"), highlight=False)
    verdict = sentence(comparison, decision)
    console.print(Text(verdict, style="bold green" if decision.passed else "bold red"))


LEGEND = (
    "gain: candidate - baseline, turned so that above 0 is better; 95 % intervals hold jointly "
    "over all benchmarks (Bonferroni); p: no difference, Holm over all benchmarks"
)


def _table(comparison: Comparison) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("benchmark", no_wrap=True)
    for title in ("baseline", "candidate", "gain", "95 % jointly", "p", "pairs", "+/−"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("standing", no_wrap=True)
    for dimension in Dimension:
        own = [d for d in comparison.differences if d.dimension == dimension]
        if own:
            table.add_row(Text(dimension.capitalize(), style="bold"))
        for difference in own:
            table.add_row(*_cells(difference))
    others = [d for d in comparison.differences if d.dimension not in set(Dimension)]
    for difference in others:
        table.add_row(*_cells(difference))
    return table


def _cells(difference: Difference) -> Iterator[Text]:
    value, low, high = gain(difference)
    yield Text(f" {one_line(difference.benchmark.split('/', 1)[-1], 40)}")
    yield Text(number(difference.baseline))
    yield Text(number(difference.candidate))
    yield Text(signed(value), style="bold")
    yield Text(f"{signed(low)} – {signed(high)}" if low is not None else "")
    yield Text(p_value(difference.gap.p_holm))
    yield Text(str(difference.pairing.paired))
    yield Text(f"{difference.better}/{difference.worse}", style="dim")
    yield Text(difference.standing, style=STYLES.get(difference.standing, ""))


def gain(difference: Difference) -> tuple[float | None, float | None, float | None]:
    """The joint interval, turned so that above 0 is better: value, low, high."""
    gap = difference.gap
    ends = (gap.value, gap.joint_low, gap.joint_high)
    if difference.higher_is_better:
        return ends
    value, low, high = (None if end is None else -end for end in ends)
    return value, high, low


def signed(value: float | None) -> str:
    return "–" if value is None else ("+" if value > 0 else "") + number(value)


def p_value(p: float | None) -> str:
    if p is None:
        return "–"
    return "<.001" if p < 0.001 else f"{p:.3f}".removeprefix("0")


def name(side: Side) -> str:
    return one_line(side.model, 60)


def cost(side: Side, role: str) -> str:
    latency = "" if side.latency_s is None else f" · median latency {side.latency_s:.2f} s"
    tokens = side.prompt_tokens + side.completion_tokens
    used = f" · {tokens:,} tokens" if tokens else ""
    return f"{role}: {one_line(side.path, 100)} · {side.calls:,} calls{used}{latency}"


def _moved(comparison: Comparison) -> Iterator[Text]:
    """The slices of which the interval does not hold 0."""
    found = [s for s in comparison.slices if s.low > 0 or s.high < 0]
    if found:
        yield Text("\nSlices that moved (each interval by itself)", style="bold")
    for moved in found[:6]:
        told = f"{moved.benchmark} {moved.slice}"
        yield Text(
            f" {one_line(told, 60):60} {signed(moved.gain)}  "
            f"[{signed(moved.low)}, {signed(moved.high)}]  n {moved.n}"
        )


def _losses(comparison: Comparison) -> Iterator[Text]:
    """The first answers that lost value; harmful benchmarks stay masked."""
    lost = [flip for flip in comparison.flips if flip.gain < 0]
    if lost:
        yield Text("\nAnswers that lost (all of them: --json, report)", style="bold")
    for flip in lost[:FLIPS]:
        yield Text(f" {one_line(flip.benchmark, 40)} {flip.sample_id}: {_said(flip)}")


def _said(flip: Flip) -> str:
    if flip.harmful:
        return f"{flip.baseline_outcome} → {flip.candidate_outcome} (text masked)"
    before, after = (one_line(t, 40) for t in (flip.baseline_response, flip.candidate_response))
    return f"“{before}” → “{after}”"


def _missing(comparison: Comparison) -> Iterator[Text]:
    for one in comparison.incomparable:
        yield Text(f"Not compared: {inert(one.what)}: {one_line(one.why, 120)}", style="yellow")
    for difference in comparison.differences:
        for note in (*difference.notes, *pairing_notes(difference)):
            yield Text(f"Note: {difference.benchmark}: {one_line(note, 160)}", style="dim")
    for note in comparison.notes:
        yield Text(f"Note: {one_line(note, 300)}", style="dim")


def pairing_notes(difference: Difference) -> Iterator[str]:
    """Why answers do not pair, and where judges disagree."""
    p = difference.pairing
    if p.only_baseline or p.only_candidate:
        yield (
            f"{p.only_baseline} samples only in the baseline, {p.only_candidate} only in the "
            "candidate"
        )
    if p.unscored_baseline or p.unscored_candidate:
        yield (
            f"unscored: {p.unscored_baseline} in the baseline, {p.unscored_candidate} in the "
            "candidate"
        )
    if p.same_text_other_verdict:
        yield f"{p.same_text_other_verdict} equal answers were judged differently"
    if difference.gap.value is None:
        yield f"no difference: {difference.gap.method}"


def sentence(comparison: Comparison, decision: Decision) -> str:
    """What the gate says."""
    more = f" of more than {comparison.margin:g}" if comparison.margin else ""
    count = len(comparison.differences)
    if decision.worse:
        return f"Worse: a significant loss{more}: {', '.join(map(inert, decision.worse))}."
    if decision.lost:
        told = ", ".join(map(inert, decision.lost))
        return f"No verdict: the candidate's answers to {told} could not be scored."
    left = len(decision.unproven)
    settled = f"excluded on {count - left} of {count} benchmarks, not settled on {left}"
    if decision.strict and decision.unproven:
        return f"Not shown: a loss{more} is {settled}; more samples would tell."
    return f"Not worse: no significant loss{more}; it is {settled}."
