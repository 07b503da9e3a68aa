"""upright list: what exists, without importing any of it."""

from typing import Annotated

import typer

from upright.core.errors import unknown

ROOMS = ("benchmarks", "attacks", "defenses", "repairs", "explainers")


def list_(
    room: Annotated[str, typer.Argument(help="What to list.", metavar="ROOM")] = "benchmarks",
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """List benchmarks (or attacks, defenses, repairs, explainers) with their ids.

    Examples:

        upright list

        upright list attacks --json
    """
    from upright.core.registry import entries

    if room not in ROOMS:
        raise unknown("room", room, ROOMS)
    found = entries(room).values()
    if json:
        from upright.cli._output import emit

        emit([{"id": e.id, "folder": e.id.split("/")[0], "title": e.title} for e in found])
        return
    width = max((len(e.id) for e in found), default=0)
    for entry in found:
        typer.echo(f"{entry.id:<{width}}  {entry.title}")
    if not found:
        typer.echo(f"No {room} yet.")
