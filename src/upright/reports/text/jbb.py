"""JailbreakBench's table of attack success in the terminal. Names come from files of strangers."""

from itertools import groupby

from rich.console import Console
from rich.text import Text

from upright.core.inert import one_line
from upright.interop.jbb import AttackTable, Cell
from upright.reports.scale import number
from upright.reports.text.analysis import NAME, ends, name, plain_table

HEADS = ("", "jailbroken", "rows", "rate", "95 %", "absent", "no prompt", "of 100", "per success")
HEADING = "on the left the rows at hand; in the last two columns what each header published"


def render_attacks(table: AttackTable, console: Console) -> None:
    """One line per attack and model; measured and published in columns of their own."""
    title = "JailbreakBench: attack success, recomputed from the artifacts"
    console.print(Text(f"\n{title}", style="bold"), highlight=False)
    console.print(Text(HEADING, style="dim"), highlight=False)
    lines = plain_table(*HEADS)
    for attack, cells in groupby(table.cells, key=_attack):
        lines.add_row(Text(one_line(attack, NAME), style="bold"))
        for cell in cells:
            lines.add_row(*_line(cell))
    console.print(lines, highlight=False)
    for note in table.notes:
        console.print(Text(one_line(note, 400), style="dim"), highlight=False)


def _attack(cell: Cell) -> str:
    return f"{cell.attack} ({cell.attack_type})" + (f" + {cell.defense}" if cell.defense else "")


def _line(cell: Cell) -> tuple[str | Text, ...]:
    per_success = cell.published_queries_per_success
    return (
        Text("  ").append(name(cell.model)),
        str(cell.successes),
        str(cell.n),
        number(cell.rate.value, 2),
        ends(cell.rate.low, cell.rate.high),
        str(cell.absent),
        str(cell.without_prompt),
        str(cell.published) + ("" if cell.agrees else " (!)"),
        "–" if per_success is None else f"{per_success:,.1f}",
    )
