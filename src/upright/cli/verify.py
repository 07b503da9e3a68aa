"""upright verify: do the numbers follow from the answers?"""

from pathlib import Path
from typing import Annotated

import typer

SHOWN = 20
UNPROVEN = 1


def verify(
    evidence: Annotated[Path, typer.Argument(help="A pack or a run's folder.", metavar="PACK")],
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Judge every answer again and derive every number again; exit 1 where one does not follow.

    What run.json says of the model and the calls is held against the answers, too.

    Example:

        upright verify evidence.zip
    """
    from upright.api import verify as verified
    from upright.cli._output import emit
    from upright.core.inert import one_line

    found = verified(evidence)
    if json:
        emit({"holds": found.holds, **_fields(found)})
    else:
        for wrong in found.unproven[:SHOWN]:
            typer.echo(f"Not proven: {one_line(wrong.what, 160)}: {one_line(wrong.why, 300)}")
        if len(found.unproven) > SHOWN:
            typer.echo(f"... and {len(found.unproven) - SHOWN} more: --json")
        taken = (
            f", {found.taken:,} taken as stored (judge models, other tools)" if found.taken else ""
        )
        typer.echo(
            f"{found.numbers:,} numbers and {found.verdicts:,} verdicts follow from the answers"
            f"{taken}; {len(found.unproven):,} do not."
        )
    if not found.holds:
        raise typer.Exit(UNPROVEN)


def _fields(found: object) -> dict[str, object]:
    import msgspec

    told: dict[str, object] = msgspec.to_builtins(found)
    return told
