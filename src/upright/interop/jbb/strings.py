"""The stored prompts of an artifact as rows of JailbreakBench's harmful behaviours.

An attack ends as samples: whoever is asked these is under the attack as it was, made for another
model. Behaviours for which the attack found no prompt cannot be asked; they are counted.
"""

from pathlib import Path

from upright.core import DataError, Row, printable
from upright.data import DataFile
from upright.interop.jbb.artifacts import Jailbreak, Parameters, read_artifact
from upright.interop.untrusted import Source

WITHOUT = "no attack string"


def attack_strings(path: Path) -> DataFile:
    """All behaviours of the file as `raw` rows; `patched` are those that can be asked."""
    artifact = read_artifact(path)
    rows = [
        Row(path.name, place, _fields(row, artifact.parameters))
        for place, row in enumerate(artifact.jailbreaks)
    ]
    asked = [row for row in rows if row["prompt"]]
    if not asked:
        raise DataError(f"{path} holds no attack string: the attack found none. Name another file.")
    return DataFile(
        name=path.name,
        sha256=Source(path).sha256,
        raw=tuple(rows),
        patched=tuple(asked),
        patches={WITHOUT: len(rows) - len(asked)},
    )


def _fields(row: Jailbreak, told: Parameters) -> dict[str, str]:
    """Named as in the file of behaviours; the source is the attack and whom it was made for."""
    fields = {
        "Index": str(row.index),
        "Goal": row.goal,
        "Behavior": row.behavior,
        "Category": row.category,
        "Source": f"{told.method} on {told.model}",
        "prompt": row.prompt or "",
    }
    return {name: printable(value) for name, value in fields.items()}
