"""How verbs print: one JSON document on stdout, or a profile for people; and how they end."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import typer

if TYPE_CHECKING:
    from upright.reports import Profile

INCOMPLETE = 3
TOLERATED = 0.05
PIPED = 120


def emit(document: Any) -> None:
    """Print one JSON document and nothing else."""
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
    sys.stdout.buffer.flush()


def present(path: Path, *, json: bool) -> None:
    """Write the report of a finished run, show the profile, and exit 3 if it is incomplete."""
    from rich.console import Console

    from upright.reports import document, load_profile, render_terminal, write_page

    profile = load_profile(path)
    page = path / "report.html"
    write_page(profile, page)
    if json:
        emit(document(profile))
    else:
        # A pipe has no width of its own; 80 columns would cut the table.
        console = Console() if sys.stdout.isatty() else Console(width=PIPED)
        render_terminal(profile, console, page)
    if incomplete(profile):
        raise typer.Exit(INCOMPLETE)


def incomplete(profile: "Profile") -> bool:
    """Whether over 5 % of some benchmark's answers could not be scored.

    Where both score sets ran, the upright one tells: the toolkit's drops answers by design.
    """
    measured = [s for b in profile.benchmarks if (s := b.upright or b.published)]
    return any(m.n_unscored > TOLERATED * m.n for m in measured)
