"""The trust profile as a table: fits 100 columns, needs no colour.

Narrower terminals lose the drawings, wider ones get larger ones; no number is ever cut.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from upright.core import LEADING, Estimate, Outcome
from upright.core.inert import inert, one_line
from upright.reports.facts import RunFacts
from upright.reports.profile import BenchmarkResult, Profile, ScoreSetResult
from upright.reports.provenance import concord_in_words as in_words
from upright.reports.provenance import sampled_in_words, saved_in_words, stopped_in_words
from upright.reports.scale import arrow, axis, corrected, interval, number

WIDTH = 100
BAR, MINI, LARGEST = 9, 7, 25
ERRORS = 3
"""Kinds of failure that are told, the most frequent ones."""
GLYPHS = {
    Outcome.ANSWERED: ("█", "cyan"),
    Outcome.REFUSED: ("▓", "yellow"),
    Outcome.PARTIAL: ("▒", "yellow"),
    Outcome.REBUTTED: ("░", "cyan"),
    Outcome.EMPTY: ("·", "bright_black"),
    Outcome.INCOHERENT: ("~", "magenta"),
    Outcome.FILTERED: ("#", "red"),
    Outcome.UNPARSED: ("?", "magenta"),
    Outcome.ERROR: ("x", "red"),
}


def render_terminal(profile: Profile, console: Console, report: Path | None = None) -> None:
    """Print title, table, notes and what the run cost."""
    # Where output is piped the width is a guess: lines may as well be whole.
    width = console.width if console.is_terminal else max(console.width, WIDTH)
    console.print(Text(f"Trust profile of {one_line(profile.run.model.id, 80)}", style="bold"))
    console.print(_table(profile, width), width=width)
    for line in ("", *_notes(profile), *_legend(profile), "", Text(_cost(profile.run))):
        console.print(line, highlight=False, width=width)
    if report is not None:
        # soft_wrap: a path that is broken over lines cannot be copied.
        console.print(Text(f"Report: {report}"), soft_wrap=True)


def _table(profile: Profile, width: int) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("\nbenchmark", no_wrap=True, overflow="ellipsis", max_width=25)
    table.add_column("", no_wrap=True)
    # Only the metric's name may wrap: a number broken over two lines is misread.
    table.add_column("\nmetric", min_width=9)
    table.add_column("\nvalue", justify="right", min_width=6)
    table.add_column("95 %\ninterval", justify="right", min_width=10)
    table.add_column("\nchance", justify="right", min_width=6)
    table.add_column("\nn", justify="right", min_width=4)
    table.add_column("un-\nscored", justify="right", min_width=6)
    if width >= WIDTH:
        table.add_column("worse\nto better", no_wrap=True)
        table.add_column("\nanswers", no_wrap=True)
    table.add_column("pub-\nlished", justify="right", min_width=6)
    for dimension in profile.groups:
        results = profile.measured(dimension)
        table.add_row(*_heading(dimension, bool(results)))
        for result in results:
            drawings = _drawings(result, BAR + width - WIDTH) if width >= WIDTH else ()
            table.add_row(*_numbers(result), *drawings, _published(result.published))
            if result.leading and (told := corrected(result.leading.headline)):
                table.add_row(*_corrected(told))
    return table


def _heading(dimension: str, measured: bool) -> Iterator[Text]:
    yield Text(dimension.capitalize(), style="bold" if measured else "dim")
    yield Text("")
    yield Text("" if measured else "not measured", style="dim")


def _numbers(result: BenchmarkResult) -> Iterator[str | Text]:
    # Text, not str: rich would read [markup] in a plug-in's names.
    yield Text(f" {inert(result.name)}")
    if result.leading is None:
        yield ""
        yield Text("not in this run", style="dim")
        yield from [""] * 5
    else:
        yield from _estimate(result.leading.headline)


def _estimate(estimate: Estimate) -> Iterator[str | Text]:
    told = estimate.told
    yield arrow(estimate.higher_is_better)
    yield Text(one_line(estimate.metric.replace("_", " "), 40))
    yield Text(number(estimate.value) if told else "–", style="bold")
    # Two decimals: no interval here is narrow enough to need three.
    yield interval(estimate, 2).replace(" ", "") if told else _why(estimate)
    yield Text(number(estimate.chance, 2), style="dim")
    yield str(estimate.n)
    yield Text(str(estimate.n_unscored), style="" if estimate.n_unscored else "dim")


def _corrected(estimate: Estimate) -> Iterator[str | Text]:
    """The line below: the same number, corrected for the judge's error."""
    yield from ("", "")
    yield Text("corrected", style="dim")
    yield Text(number(estimate.value))
    yield interval(estimate, 2).replace(" ", "")


def _why(estimate: Estimate) -> str:
    return "withheld" if estimate.withheld else "no value"


def _drawings(result: BenchmarkResult, width: int) -> tuple[Text, Text]:
    if result.leading is None:
        return Text(""), Text("")
    estimate = result.leading.headline
    drawn = bar(estimate, min(width, LARGEST)) if estimate.told else Text("")
    return drawn, outcome_bar(result.leading.outcomes)


def _published(result: ScoreSetResult | None) -> Text:
    if result is None or not result.headline.told:
        return Text("–", style="dim")
    mark = "!" if result.headline.thin else ""
    return Text(number(result.headline.value) + mark, style="dim")


def bar(estimate: Estimate, width: int = BAR) -> Text:
    """The value, its interval and chance on one line; further right is better."""
    scale = axis(estimate)

    def cell(value: float) -> int:
        return round(scale.place(value) * (width - 1))

    cells = [("·", "dim")] * width
    if estimate.low is not None and estimate.high is not None:
        ends = sorted((cell(estimate.low), cell(estimate.high)))
        cells[ends[0] : ends[1] + 1] = [("━", "cyan")] * (ends[1] - ends[0] + 1)
    if estimate.chance is not None:
        cells[cell(estimate.chance)] = ("│", "yellow")
    if estimate.value is not None:
        cells[cell(estimate.value)] = ("●", "bold cyan")
    return Text.assemble(*cells)


def outcome_bar(outcomes: dict[str, int]) -> Text:
    """What kind of answers they were, in shares of the whole (largest remainders)."""
    total = sum(outcomes.values())
    exact = {o: MINI * n / total for o, n in outcomes.items()}
    cells = {o: int(share) for o, share in exact.items()}
    by_remainder = sorted(exact, key=lambda o: cells[o] - exact[o])
    for outcome in by_remainder[: MINI - sum(cells.values())]:
        cells[outcome] += 1
    return Text.assemble(*((_glyph(o)[0] * n, _glyph(o)[1]) for o, n in cells.items()))


def _glyph(outcome: str) -> tuple[str, str]:
    return GLYPHS.get(Outcome(outcome), ("█", "")) if outcome in set(Outcome) else ("█", "")


def _notes(profile: Profile) -> Iterator[Text]:
    """Why a number is missing or not to be trusted, below the table."""
    if origin := profile.run.imported:
        told = one_line(f"{origin.tool} {origin.version}", 80)
        yield Text(f"Imported: {told} asked and judged, not Upright", style="yellow")
    if until := profile.run.until:
        yield Text(one_line(saved_in_words(until), 400), style="green")
        for early in until.ended_early:
            if early.score_set in LEADING:
                told = f"Stopped: {inert(early.benchmark)}: {stopped_in_words(early)}"
                yield Text(told, style="dim")
    if sample := profile.run.judge_sample:
        told = f"Judge sample: {one_line(sampled_in_words(profile.run), 300)}"
        yield Text(told, style="red" if sample.lost else "green")
    for error, count in islice(profile.errors.items(), ERRORS):
        told = f"{count:,} {'question' if count == 1 else 'questions'} without an answer"
        yield Text(f"Error: {told}: {one_line(error, 240)}", style="red")
    for result in profile.benchmarks:
        if result.leading and (why := result.leading.headline.withheld):
            yield Text(f"Withheld: {inert(result.id)}: {one_line(why, 90)}", style="yellow")
    for result in profile.benchmarks:
        if result.leading and (how := result.leading.headline.correction):
            # The reason why not begins with "not corrected: ".
            kind, _, why = how.partition(": ") if how.startswith("not ") else ("corrected", "", how)
            yield Text(
                f"{kind.capitalize()}: {inert(result.id)}: {one_line(why, 240)}", style="dim"
            )
        if concord := profile.concord(result):
            yield Text(
                f"Judges: {inert(result.id)}: {one_line(in_words(concord), 400)}", style="dim"
            )
    if any(b.published and b.published.headline.thin for b in profile.benchmarks):
        yield Text("! the original toolkit drops over 5 % of these answers", style="yellow")


def _legend(profile: Profile) -> Iterator[Text]:
    yield Text("● value  ━ 95 % interval  │ chance  ↑ higher is better  ↓ lower is better", "dim")
    seen = {o for b in profile.benchmarks if b.leading for o in b.leading.outcomes}
    kinds = Text("answers:", style="dim")
    for outcome in Outcome:
        if outcome in seen:
            glyph, style = GLYPHS[outcome]
            kinds.append(f"  {glyph}", style=f"not dim {style}").append(f"\u00a0{outcome}")
    yield kinds


def _cost(run: RunFacts) -> str:
    calls, tokens = run.calls, run.tokens
    parts = [
        f"{calls.planned:,} calls: {calls.asked:,} asked, {calls.from_cache:,} from cache, "
        f"{calls.errors:,} errors{f', {calls.hedged:,} hedged' if calls.hedged else ''}",
        duration(run),
        f"{tokens.prompt:,} + {tokens.completion:,} tokens",
    ]
    return "  ·  ".join(p for p in parts if p)


def duration(run: RunFacts) -> str:
    """Wall time in words, without the time between sessions; nothing where an end was never
    recorded."""
    sessions = run.sessions or ((run.started, run.finished),)
    try:
        spent = round(sum(_seconds(began, end or "") for began, end in sessions))
    except (ValueError, TypeError):
        return ""
    several = f" in {len(sessions)} sessions" if len(sessions) > 1 else ""
    return f"{_in_words(spent)}{several}"


def _seconds(began: str, end: str) -> float:
    """Clocks that are set while a run goes on may jump backwards."""
    return max(0.0, (datetime.fromisoformat(end) - datetime.fromisoformat(began)).total_seconds())


def _in_words(seconds: int) -> str:
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    if minutes:
        return f"{minutes} min {seconds:02d} s"
    return f"{seconds} s" if seconds else "under 1 s"
