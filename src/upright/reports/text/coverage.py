"""A framework's coverage on the terminal: every item, its numbers, and what they leave open."""

from collections.abc import Iterator

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from upright.core.inert import inert, one_line
from upright.reports.cards.coverage import Coverage, Covered, Found, Standing
from upright.reports.cards.frameworks import DISCLAIMER
from upright.reports.profile import Profile
from upright.reports.scale import arrow, interval, number

STYLES = {
    Standing.EVIDENCE: "cyan",
    Standing.RECORD: "cyan",
    Standing.NONE: "yellow",
    Standing.NOT_COVERED: "dim",
}
INDENT = 4


def render_coverage(profile: Profile, covered: Coverage, console: Console) -> None:
    framework = covered.framework
    model = one_line(profile.run.model.id, 80)
    console.print(Text(f"{framework.title}: coverage by the run of {model}", style="bold"))
    for line in (DISCLAIMER, framework.note):
        console.print(Text(line))
    group = ""
    for one in covered.items:
        if one.item.group != group:
            group = one.item.group
            console.print(Text(f"\n{group}", style="bold"))
        _print_item(one, console)
    console.print()
    for line in _end(covered):
        console.print(Text(line, style="dim"))


def _print_item(one: Covered, console: Console) -> None:
    item = one.item
    doubt = "" if item.verified else " (title not verified)"
    console.print(Text(f"\n{item.id}  {item.title}{doubt}"))
    console.print(_indented(Text(str(one.standing), style=STYLES[one.standing])))
    of = ""
    for found in one.found:
        if found.of != of:
            of = found.of
            console.print(_indented(Text(f"{of}:")))
        console.print(_indented(Text(in_words(found)), 2))
    for line in _open(one):
        console.print(_indented(Text(line, style="dim")))


def in_words(found: Found) -> str:
    """A number with its benchmark, part, interval and counts."""
    estimate = found.estimate
    part = f" [{one_line(estimate.slice, 90)}]" if estimate.slice else ""
    name = f"{inert(estimate.benchmark)}{part}"
    metric = f"{one_line(estimate.metric.replace('_', ' '), 40)} {arrow(estimate.higher_is_better)}"
    counts = f"n {estimate.n}, {estimate.n_unscored} unscored"
    if not found.told:
        why = f"withheld: {one_line(estimate.withheld, 90)}" if estimate.withheld else "no value"
        return f"{name}  {metric} {why} ({counts})"
    between = f" ({interval(estimate, 2)})" if interval(estimate) else ""
    return f"{name}  {metric} {number(estimate.value)}{between}, {counts}"


def _open(one: Covered) -> Iterator[str]:
    if one.item.record:
        yield f"In the run's own record: {one.item.record}"
    if one.missing:
        yield f"Not in this run: {', '.join(one.missing)}"
    yield f"Not evidenced: {one.item.not_evidenced}"


def _end(covered: Coverage) -> Iterator[str]:
    if covered.unmapped:
        ids = ", ".join(map(inert, covered.unmapped))
        yield f"Measured here, but no item is about it: {ids}"
    for source in covered.framework.sources.values():
        yield f"Source: {source.document}, {source.version}. {source.url}"
    yield "Value with its 95 % interval; ↑ higher is better, ↓ lower is better."


def _indented(text: Text, more: int = 0) -> Padding:
    return Padding(text, (0, 0, 0, INDENT + more), expand=False)
