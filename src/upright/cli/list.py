"""upright list: what exists, without importing any of it."""

from importlib import import_module
from typing import Annotated

import typer

from upright.core.card import Card
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


def room_of(id: str) -> str:
    """Where something of that id lies; "" if nowhere."""
    from upright.core.registry import entries

    return next((room for room in ROOMS if id in entries(room)), "")


def card_of(room: str, id: str) -> Card:
    """Its label, also where what it needs to work is missing."""
    from upright.core.registry import entries, load

    module = import_module(entries(room)[id].module)
    # Packages of others may make theirs when asked.
    found: Card = module.CARD if hasattr(module, "CARD") else load(room, id).card
    return found
