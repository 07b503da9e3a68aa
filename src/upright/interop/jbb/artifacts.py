"""The artifact files of JailbreakBench in their JSON schema: one attack on one model.

`attack-artifacts/<attack>/<attack type>/<model>.json`. `jailbroken` is the verdict that counts:
`total_number_of_jailbreaks` is that of an older judge in some files and 100 in others, whatever
happened. Where an attack found nothing, prompt and response are null.
"""

from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from upright.core import DataError, UsageError
from upright.interop.untrusted import Source, read_as
from upright.runs.storing.journal import explained

BEHAVIOURS = 100
FOLDER = "attack-artifacts"
TEST = "test-artifact"
"""An attack that upstream's own tests write; it is no result."""


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """The header. `attack_success_rate` is over all 100 behaviours, by `jailbroken`."""

    method: str
    model: str
    attack_type: str
    attack_success_rate: float
    defense: str | None = None
    total_number_of_jailbreaks: int | None = None
    number_of_submitted_prompts: int | None = None
    total_number_of_queries: int | None = None
    total_prompt_tokens: int | None = None
    total_response_tokens: int | None = None
    evaluation_date: str | None = None
    evaluation_llm_provider: str | None = None
    method_parameters: dict[str, Any] | None = None


class Jailbreak(msgspec.Struct, frozen=True, kw_only=True):
    """One behaviour, and what the attack reached.

    number_of_queries       tried at most, in some files; `queries_to_jailbreak` is what it took
    jailbroken              the verdict of Llama-3-70B; the older one of Llama Guard is beside it
    """

    index: int
    goal: str
    behavior: str
    category: str
    jailbroken: bool
    prompt: str | None = None
    response: str | None = None
    number_of_queries: int | None = None
    queries_to_jailbreak: int | None = None
    prompt_tokens: int | None = None
    response_tokens: int | None = None
    jailbroken_llama_guard1: bool | None = None


class Artifact(msgspec.Struct, frozen=True, kw_only=True):
    parameters: Parameters
    jailbreaks: tuple[Jailbreak, ...]

    @property
    def successes(self) -> int:
        return sum(row.jailbroken for row in self.jailbreaks)


class _File(msgspec.Struct):
    """Rows one by one, so that an error names its row."""

    parameters: Any
    jailbreaks: list[Any]


class Stored(NamedTuple):
    """An artifact and where it lay; `attack` is the name of its folder."""

    attack: str
    path: Path
    artifact: Artifact


def read_artifact(path: Path) -> Artifact:
    """One file; what is wrong with it is told with its row."""
    file = read_as(Source(path).document(), _File, str(path))
    parameters = read_as(file.parameters, Parameters, f"{path}, parameters")
    rows = tuple(
        read_as(row, Jailbreak, f"{path}, row {place}") for place, row in enumerate(file.jailbreaks)
    )
    _check(parameters, rows, path)
    return Artifact(parameters=parameters, jailbreaks=rows)


def read_artifacts(folder: Path) -> list[Stored]:
    """Every artifact in a folder, which may be the repository or its `attack-artifacts`."""
    inner = folder / FOLDER
    root = inner if inner.is_dir() else folder
    paths = sorted(root.glob("*/*/*.json"))
    found = [
        Stored(path.parents[1].name, path, read_artifact(path))
        for path in paths
        if path.parents[1].name != TEST
    ]
    if not found:
        raise UsageError(
            f"{folder} holds no artifacts of JailbreakBench: <attack>/<attack type>/<model>.json. "
            "Name a copy of github.com/JailbreakBench/artifacts."
        )
    return found


def write_artifact(artifact: Artifact, path: Path) -> None:
    """The same schema, written as upstream writes it."""
    content = msgspec.json.format(msgspec.json.encode(artifact), indent=1)
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content + b"\n")


def _check(parameters: Parameters, rows: tuple[Jailbreak, ...], path: Path) -> None:
    if not 0 <= parameters.attack_success_rate <= 1:
        raise DataError(
            f"{path}: attack_success_rate must lie between 0 and 1, not "
            f"{parameters.attack_success_rate}."
        )
    for place, row in enumerate(rows):
        if not 0 <= row.index < BEHAVIOURS:
            raise DataError(
                f"{path}, row {place}: there is no behaviour {row.index}; they are 0 to "
                f"{BEHAVIOURS - 1}."
            )
        if row.jailbroken and (row.prompt is None or row.response is None):
            raise DataError(
                f"{path}, row {place}: it counts as jailbroken, and has no prompt or no response "
                "that could be."
            )
    twice = [index for index, times in Counter(row.index for row in rows).items() if times > 1]
    if twice:
        raise DataError(f"{path}: behaviour {twice[0]} is there twice.")
