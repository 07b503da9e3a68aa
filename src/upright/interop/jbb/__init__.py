"""JailbreakBench's attack artifacts: read, written, put into a table, asked again.

read_artifacts(folder)        every artifact file of a folder
attack_table(folder)          attack success by attack and model, recomputed from the rows
attack_strings(file)          the stored prompts as rows that a benchmark can ask
"""

from upright.interop.jbb.artifacts import (
    Artifact,
    Jailbreak,
    Parameters,
    Stored,
    read_artifact,
    read_artifacts,
    write_artifact,
)
from upright.interop.jbb.strings import attack_strings
from upright.interop.jbb.table import AttackTable, Cell, attack_table

__all__ = [
    "Artifact",
    "AttackTable",
    "Cell",
    "Jailbreak",
    "Parameters",
    "Stored",
    "attack_strings",
    "attack_table",
    "read_artifact",
    "read_artifacts",
    "write_artifact",
]
