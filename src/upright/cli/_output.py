"""How verbs print: one JSON document on stdout, or a profile for people; and how they end."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import typer

from upright.core.errors import StoreError

if TYPE_CHECKING:
    from rich.console import Console

    from upright.reports import Profile

INCOMPLETE = 3
"""The exit code where all was done, and something is missing from what came of it."""
PIPED = 120


def emit(document: Any) -> None:
    """Print one JSON document and nothing else."""
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
    sys.stdout.buffer.flush()


def console() -> "Console":
    """A pipe has no width of its own; 80 columns would cut the tables."""
    from rich.console import Console

    return Console() if sys.stdout.isatty() else Console(width=PIPED)


def present(path: Path, *, json: bool) -> None:
    """Write the report of a finished run, show the profile, and exit 3 if it is incomplete.

    Where the page cannot be written the profile is shown all the same, and then the reason.
    """
    from upright.reports import document, load_profile, render_terminal

    profile = load_profile(path)
    page = path / "report.html"
    unwritten = _write(profile, page)
    if json:
        emit(document(profile))
    else:
        render_terminal(profile, console(), None if unwritten else page)
    if unwritten:
        raise unwritten
    if incomplete(profile):
        raise typer.Exit(INCOMPLETE)


def up_to_date(run: Path) -> None:
    """Labels given since the run was made correct its estimates."""
    if (run / "labels.jsonl").exists():
        from upright.api import relabel

        relabel(run)


def incomplete(profile: "Profile") -> bool:
    """Whether over 5 % of the answers behind some benchmark's headline could not be scored, or no
    verdict of a judge model on its sample could be read.

    The leading score set tells: the original toolkit's drops answers by design.
    """
    if (sample := profile.run.judge_sample) and sample.lost:
        return True
    measured = [s.headline for b in profile.benchmarks if (s := b.leading or b.published)]
    return any(headline.thin for headline in measured)


def _write(profile: "Profile", page: Path) -> StoreError | None:
    """Write the page; why it is not written, if it is not."""
    from upright.reports import write_page

    try:
        write_page(profile, page)
    except StoreError as error:
        return StoreError(f"{error}\nTo write the report later: upright report {page.parent}")
    return None
