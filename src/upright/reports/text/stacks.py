"""Stacks of defenses in the terminal, and the sentences that every form of it shares."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from upright.comparisons.stacks.interaction import Reading
from upright.comparisons.stacks.result import (
    Configuration,
    Interaction,
    Kind,
    Measure,
    Rate,
    Stacks,
    Target,
)
from upright.core import Interval
from upright.core.inert import one_line
from upright.reports.scale import interval, number
from upright.reports.text.comparison import p_value, signed

BARE = "no defense"
STYLES = {Reading.OVERLAP: "yellow", Reading.REINFORCE: "green", Reading.UNDO: "bold red"}
TARGETS = {Target.SHOWN: "green", Target.POINT_ONLY: "yellow", Target.MISSED: "dim"}
LEGEND = (
    "attack success: by the harm judge; like not declined, in the way of asking where it is most; "
    "benign: harmless requests refused; calls and tokens per harmless request; * on the Pareto "
    "front. 95 % intervals, each by itself; targets by ends that hold for all configurations "
    "together (Bonferroni)"
)
RULE = (
    "excess: observed less what independent layers would do (p_A p_B / p_0, of what gets through); "
    "above 0 is worse; q: Benjamini-Hochberg over all interactions. overlap: they stop the same "
    "requests; reinforce: different ones; undo: more gets through than through one of them alone"
)


def render_stacks(found: Stacks, console: Console) -> None:
    """The defenses alone and the stacks on the front, the sure interactions, and what to take."""
    console.print(Text(f"Defenses before {one_line(found.model, 60)}", style="bold"))
    shown = [one for one in found.configurations if one.front or len(one.defenses) < 2]
    console.print(_table(shown), highlight=False)
    if more := len(found.configurations) - len(shown):
        console.print(Text(f"{more} more are not on the front: see the page", style="dim"))
    console.print(Text(LEGEND, style="dim"), highlight=False)
    if found.interactions:
        console.print(Text(f"\n{told_interactions(found)}", style="bold"), highlight=False)
        sure = sure_interactions(found)
        if sure:
            console.print(_interactions(sure), highlight=False)
        console.print(Text(RULE, style="dim"), highlight=False)
    for line in left_out(found):
        console.print(Text(line, style="yellow"), highlight=False)
    console.print(Text(sentence(found), style="bold"), highlight=False)


def sentence(found: Stacks) -> str:
    """Which stack meets the targets."""
    most = found.targets
    aim = f"attack success ≤ {most.attack_success:g} and benign refusal ≤ {most.benign_refusal:g}"
    best = found.choice
    if best.defenses is None:
        return f"No configuration meets the targets: {aim}."
    named = stack_name(best.defenses)
    if best.target is Target.SHOWN:
        return f"{named} is the smallest that is shown to meet the targets: {aim}."
    return (
        f"{named} is the smallest whose values meet the targets ({aim}); its intervals reach "
        "beyond them, so that more requests have to tell."
    )


def told_interactions(found: Stacks) -> str:
    """How many can be told from independence."""
    sure, untold = len(sure_interactions(found)), sum(i.p is None for i in found.interactions)
    without = f", {untold} are undefined" if untold else ""
    return (
        f"Of {len(found.interactions)} interactions {sure} can be told from independent "
        f"layers{without}."
    )


def sure_interactions(found: Stacks) -> list[Interaction]:
    """The surest first."""
    sure = [i for i in found.interactions if i.reading is not Reading.UNSURE]
    return sorted(sure, key=lambda i: min(_or_one(i.q), _or_one(i.undone)))


def left_out(found: Stacks) -> Iterator[str]:
    for measure, n in found.left_out.items():
        if n:
            yield f"{measure}: {n} requests are left out: not scored behind every configuration."


def stack_name(defenses: Sequence[str], width: int = 60) -> str:
    """The first outermost."""
    return one_line(" + ".join(defenses) or BARE, width)


def share(rate: Rate) -> str:
    return share_of(rate.share)


def share_of(found: Interval) -> str:
    """With its interval, two decimals: more of them no such number of requests can tell."""
    ends = interval(found, 2)
    return number(found.value, 2) + (f" ({ends})" if ends else "")


def measure_name(measure: Measure) -> str:
    return one_line(str(measure), 60)


def _table(shown: Sequence[Configuration]) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("defenses, outermost first")
    for title in ("attack success", "not declined", "benign refused", "calls", "tokens"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("targets", no_wrap=True)
    for one in shown:
        table.add_row(*_cells(one))
    return table


def _cells(one: Configuration) -> Iterator[Text]:
    yield Text(f"{'*' if one.front else ' '} {stack_name(one.defenses)}")
    yield Text(share(one.most(Kind.HARM)), style="bold")
    yield Text(share(one.most(Kind.NOT_DECLINED)))
    yield Text(share(one.most(Kind.REFUSED)), style="bold")
    yield Text(number(one.cost.calls.value, 1))
    yield Text(number(one.cost.tokens.value, 0))
    yield Text(one.target, style=TARGETS[one.target])


def _interactions(sure: Sequence[Interaction]) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("stack")
    table.add_column("of what")
    for title in ("observed", "expected", "excess", "95 %", "q"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("reading", no_wrap=True)
    for one in sure:
        q = one.undone if one.reading is Reading.UNDO else one.q
        table.add_row(
            Text(stack_name(one.defenses)),
            Text(measure_name(one.measure)),
            Text(number(one.observed, 2)),
            Text(number(one.expected, 2)),
            Text(signed(one.excess.value), style="bold"),
            Text(f"{signed(one.excess.low)} – {signed(one.excess.high)}"),
            Text(p_value(q)),
            Text(one.reading, style=STYLES[one.reading]),
        )
    return table


def _or_one(p: float | None) -> float:
    return 1.0 if p is None else p
