"""What a run knows besides its answers and their verdicts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from upright.runs.items import Part
from upright.runs.scoring.likeness import Likeness
from upright.runs.scoring.sampled import Sampling, read_sampling
from upright.runs.scoring.stopping import Stops, read_stops
from upright.runs.storing.labels import Labels, read_labels
from upright.runs.storing.store import read_info
from upright.runs.storing.twins import read_likenesses


@dataclass(frozen=True, kw_only=True)
class Known:
    """What people said of its answers, where it stopped early and beside which reference, and what
    judge models said of a sample where they read no more."""

    labels: Labels = field(default_factory=dict)
    stops: Stops = field(default_factory=dict)
    likenesses: Mapping[Part, Likeness] = field(default_factory=dict)
    sampling: Sampling | None = None


def read_known(run: Path) -> Known:
    """From the folder of a finished run."""
    info = read_info(run)
    return Known(
        labels=read_labels(run),
        stops=read_stops(info),
        likenesses=read_likenesses(run, info),
        sampling=read_sampling(run, info),
    )
