"""What a table of models says as a whole, in the terminal."""

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from upright.comparisons.many_runs.analysis import Analysis, Frontier, Independence
from upright.core import Interval
from upright.core.inert import one_line
from upright.reports.scale import arrow, interval, number

NAME = 60
STRONGEST = 5


def plain_table(*columns: str, right: int = 1) -> Table:
    """No frame; the columns from number `right` on hold numbers."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for place, name in enumerate(columns):
        table.add_column(name, justify="right" if place >= right else "left", no_wrap=place > 0)
    return table


def name(text: str) -> Text:
    """A model, a column or a benchmark, as data: rich would read [markup] in a string."""
    return Text(one_line(text, NAME))


def ends(low: float | None, high: float | None, decimals: int = 2) -> str:
    return interval(Interval(None, low, high, ""), decimals).replace(" ", "") or "none"


def chance(p: float | None) -> str:
    """A p-value; what lies below the resolution of the test is not called 0."""
    if p is None:
        return "–"
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def render_analysis(analysis: Analysis, console: Console) -> None:
    """Trust and utility, proprietary and open, the frontier, how many things."""
    for part in (*_pairs(analysis), *_contrasts(analysis)):
        console.print("")
        console.print(part, highlight=False)
    for frontier in analysis.frontiers:
        console.print(Text(f"\n{frontier_sentence(frontier)}"), highlight=False)
    if analysis.independence:
        told = independence_sentence(analysis.independence)
        console.print(Text(f"\n{told}"), highlight=False)
    for missing in analysis.missing:
        console.print(Text(f"Not computed: {missing}.", style="dim"), highlight=False)


def _turned(column: str, analysis: Analysis) -> Text:
    return name(column).append(f" {arrow(analysis.higher_is_better[column])}")


def _pairs(analysis: Analysis) -> Iterator[Table]:
    if analysis.trust_utility:
        table = plain_table("Utility", "safety", "rho", "95 %", "p", "models", right=2)
        for pair in analysis.trust_utility:
            found = pair.association
            table.add_row(
                _turned(pair.first, analysis),
                _turned(pair.second, analysis),
                number(found.value, 2),
                ends(found.low, found.high),
                chance(found.p),
                str(found.n),
            )
        yield table


def _contrasts(analysis: Analysis) -> Iterator[Table]:
    if analysis.contrasts:
        heads = ("Proprietary against open-weight", "prop.", "open", "difference", "95 %", "p", "n")
        table = plain_table(*heads)
        for one in analysis.contrasts:
            found = one.contrast
            table.add_row(
                _turned(one.column, analysis),
                number(found.first),
                number(found.second),
                number(found.value),
                ends(found.low, found.high),
                chance(found.p),
                f"{found.n_first}+{found.n_second}",
            )
        yield table


def frontier_sentence(frontier: Frontier) -> str:
    """Who is beaten by nobody in both."""
    front = ", ".join(one_line(p.model, NAME) for p in frontier.points if p.on_front)
    pair = f"{one_line(frontier.safety, NAME)} against {one_line(frontier.over_refusal, NAME)}"
    return f"No model beats these in both of {pair}: {front}."


def independence_sentence(found: Independence) -> str:
    """How many things the columns measure, and which pairs go together most."""
    size = len(found.columns)
    pairs = [found.q[i][j] for i in range(size) for j in range(i)]
    related = sum(q < 0.05 for q in pairs)
    strongest = sorted(
        ((i, j) for i in range(size) for j in range(i)),
        key=lambda pair: -abs(found.values[pair[0]][pair[1]]),
    )
    named = "; ".join(
        f"{one_line(found.columns[j], NAME)} and {one_line(found.columns[i], NAME)} "
        f"{number(found.values[i][j], 2)}"
        for i, j in strongest[:STRONGEST]
    )
    left = f" Left out: {', '.join(one_line(c, NAME) for c in found.left_out)}."
    return (
        f"{size} columns over {found.n_models} models measure about "
        f"{number(found.ratio.value, 1)} independent things "
        f"({ends(found.ratio.low, found.ratio.high, 1)}, {found.ratio.method}); "
        f"unrelated columns would look like {number(found.unrelated, 1)}. "
        f"{related} of {len(pairs)} pairs correlate at a false discovery rate of 5 %. "
        f"Strongest: {named}." + left * bool(found.left_out)
    )
