"""A stored run beside which another one may stop sooner: `--like`."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from upright.core import digest


def varies(values: Mapping[tuple[str, int], float]) -> bool:
    """Whether a reference foretells anything."""
    return len(set(values.values())) > 1


@dataclass(frozen=True, kw_only=True)
class Reference:
    """What a stored run got on the questions of a plan.

    run, model  the name of its folder, and the id of its model
    values      by (benchmark, score set), then by (sample id, epoch): what its headline is the
                mean of; without those that could not be scored
    """

    run: str
    model: str
    values: Mapping[tuple[str, str], Mapping[tuple[str, int], float]]

    @cached_property
    def sha256(self) -> str:
        """Of the values: what an auditor finds in the run again."""
        told = [(*part, *sorted(found.items())) for part, found in sorted(self.values.items())]
        return digest(told)
