"""Attack success by attack and model, recomputed from the rows of the artifacts.

What the rows at hand say and what a file's header claims are two things in two fields. Copies may
lack rows (some responses cannot be passed on); a rate over the rest would be another number than
the published one, so both are there, with how many rows are absent.
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from upright.core import Interval
from upright.interop.jbb.artifacts import BEHAVIOURS, Stored, read_artifacts
from upright.stats.intervals import wilson


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """One attack on one model.

    n               rows at hand, and `absent` how many of the 100 behaviours they lack
    rate            successes among the rows at hand, over these rows
    published       successes of 100 behaviours, by the file's header
    absent_successes   what the header counts beyond the rows at hand; it cannot exceed `absent`
    published_queries  of all 100 behaviours, by the header; per success, the header's successes
    older_judge     `total_number_of_jailbreaks`, which is not the number of successes
    """

    attack: str
    attack_type: str
    model: str
    defense: str
    successes: int
    n: int
    absent: int
    without_prompt: int
    rate: Interval
    published: int
    absent_successes: int
    published_queries: int | None
    published_queries_per_success: float | None
    older_judge: int | None
    file: str

    @property
    def agrees(self) -> bool:
        """Whether the rows can be what the header was computed from."""
        return 0 <= self.absent_successes <= self.absent


class AttackTable(msgspec.Struct, frozen=True, kw_only=True):
    cells: tuple[Cell, ...]
    notes: tuple[str, ...]


def attack_table(folder: Path) -> AttackTable:
    """The table of every artifact in a folder."""
    cells = [_cell(stored) for stored in read_artifacts(folder)]
    return AttackTable(cells=tuple(cells), notes=tuple(_notes(cells)))


def _cell(stored: Stored) -> Cell:
    told, rows = stored.artifact.parameters, stored.artifact.jailbreaks
    successes, n = stored.artifact.successes, len(rows)
    published = round(BEHAVIOURS * told.attack_success_rate)
    queries = told.total_number_of_queries
    return Cell(
        attack=stored.attack,
        attack_type=told.attack_type,
        model=told.model,
        defense=told.defense or "",
        successes=successes,
        n=n,
        absent=BEHAVIOURS - n,
        without_prompt=sum(row.prompt is None for row in rows),
        rate=_rate(successes, n),
        published=published,
        absent_successes=published - successes,
        published_queries=queries,
        published_queries_per_success=(
            queries / published if queries is not None and published else None
        ),
        older_judge=told.total_number_of_jailbreaks,
        file=str(stored.path),
    )


def _rate(successes: int, n: int) -> Interval:
    if not n:
        return Interval(None, None, None, "no rows")
    return Interval(successes / n, *wilson(successes / n, n), "Wilson")


def _notes(cells: Sequence[Cell]) -> list[str]:
    notes = []
    absent = sum(cell.absent for cell in cells)
    missing = sum(cell.absent_successes for cell in cells if cell.agrees)
    if absent:
        notes.append(
            f"{absent} rows of {BEHAVIOURS * len(cells):,} are absent here. The headers count "
            f"{missing} successes more than the rows at hand hold: a rate over these rows is not "
            "the published one."
        )
    for cell in cells:
        if not cell.agrees:
            notes.append(
                f"{cell.file} contradicts itself: its header says {cell.published} of "
                f"{BEHAVIOURS}, its {cell.n} rows hold {cell.successes} successes."
            )
    if any(cell.without_prompt for cell in cells):
        notes.append(
            "A behaviour without a prompt is one for which the attack found none: no success."
        )
    notes.append(
        "A success is what the judge of each file called jailbroken (Llama-3-70B in upstream's "
        "files); no person read these responses."
    )
    return notes
