"""The path is the registry: a file in a room is listed because it lies there.

Other packages join through the entry-point group `upright`: the entry point's name is the
room and the id (`benchmarks/safety/mine`), its value the module.
"""

import importlib
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from upright.core.errors import UsageError, unknown

PACKAGE = Path(__file__).parent.parent


class Entry(NamedTuple):
    """A registered thing. `title` is the first line of its module's docstring.

    plugin      the distribution that brings it; "" if it is ours
    """

    id: str
    module: str
    title: str
    plugin: str = ""


@cache
def entries(room: str) -> dict[str, Entry]:
    """Everything in a room by id, in id order, without importing any of it."""
    found = {}
    folder = PACKAGE / room
    for path in sorted((*folder.glob("*.py"), *folder.glob("*/*.py"))):
        if not path.stem.startswith("_"):
            id = "/".join(path.relative_to(folder).with_suffix("").parts)
            module = f"upright.{room}.{id.replace('/', '.')}"
            found[id] = Entry(id, module, _title(path))
    for point in entry_points(group="upright"):
        if point.name.startswith(f"{room}/"):
            id = point.name.removeprefix(f"{room}/")
            plugin = point.dist.name if point.dist else point.value
            if id in found:
                raise UsageError(
                    f"The installed package {plugin} brings a second {room}/{id}, and two things "
                    f"of one name cannot be told apart: uninstall it (pip uninstall {plugin})."
                )
            found[id] = Entry(id, point.value, f"from {plugin}", plugin)
    return dict(sorted(found.items()))


def load(room: str, id: str, **options: Any) -> Any:
    """The thing itself: calls the function named like the file, with its options."""
    known = entries(room)
    if id not in known:
        raise unknown(room.removesuffix("s"), id, known)
    entry = known[id]
    if not entry.plugin:
        return build(importlib.import_module(entry.module), id, **options)
    try:
        return build(importlib.import_module(entry.module), id, **options)
    except Exception as error:
        raise UsageError(
            f"{room}/{id} of the installed package {entry.plugin} cannot be loaded "
            f"({type(error).__name__}: {error}). Leave it out, or uninstall the package."
        ) from error


def build(module: ModuleType, id: str, **options: Any) -> Any:
    """Call the function that a module is named after."""
    name = id.rsplit("/", 1)[-1]
    factory = getattr(module, name, None)
    if not callable(factory):
        raise UsageError(f"{module.__name__} must define a function {name}() for {id!r}.")
    return factory(**options)


def _title(path: Path) -> str:
    """The docstring's first line, without parsing the file: listing must stay instant."""
    with path.open(encoding="utf-8") as file:
        return file.readline().strip().removeprefix('"""').removesuffix('"""').rstrip(".")
