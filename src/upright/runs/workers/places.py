"""How much of a cluster each worker takes, and how many workers there are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from upright.models import ModelOptions
from upright.runs.workers.staffing import LOCAL, Reached

CORES_TO_ASK = 1
"""That a worker takes which asks an endpoint: its loop fills one."""


@dataclass(frozen=True, kw_only=True)
class Places:
    """What a cluster has, and for which models.

    Models are asked by turns, but their workers stay: each takes its part of a place only, or
    the judges would wait for ever for the model to go.

    cores     of each node
    gpus      of all nodes
    asked     the models, by id
    wanted    workers that were asked for; None means as many as there is room for
    """

    cores: Sequence[int]
    gpus: int
    asked: Mapping[str, Reached]
    wanted: int | None

    @property
    def number(self) -> int:
        """Workers that ask an endpoint."""
        return self.wanted or max(1, sum(self.cores) // CORES_TO_ASK)

    @property
    def models(self) -> Mapping[str, Reached]:
        """A local model has a pool of workers, each with a copy of it."""
        return {
            id: self._copied(reached) if reached.local else reached
            for id, reached in self.asked.items()
        }

    @property
    def wished(self) -> list[dict[str, float]]:
        """What a cluster that can grow should have room for."""
        models = self.models.values()
        cores = max((_cores(r.spec, r.options) for r in models), default=CORES_TO_ASK)
        gpus = {"GPU": 1.0} if any(self._on_gpu(r.spec, r.options) for r in models) else {}
        return [{"CPU": float(cores), **gpus}] * self.number

    def needs(self, spec: str, options: ModelOptions) -> tuple[float, float]:
        """Cores and GPUs of one worker."""
        cores = _cores(spec, options) / max(1, len(self.asked))
        return cores, 1 / self._on_each_gpu if self._on_gpu(spec, options) else 0.0

    @property
    def _sharing(self) -> int:
        """Models that want a GPU."""
        return sum(self._on_gpu(r.spec, r.options) for r in self.asked.values())

    @property
    def _on_each_gpu(self) -> int:
        """One model, unless there are more models than GPUs."""
        return ceil(self._sharing / max(1, self.gpus))

    def _copied(self, reached: Reached) -> Reached:
        if self._on_gpu(reached.spec, reached.options):
            return reached.copied(self.wanted or max(1, self.gpus // self._sharing), CORES_TO_ASK)
        copies = self.wanted or max(1, len(self.cores))
        # As much of a node as there is for each, but not more than the smallest has.
        threads = min(min(self.cores, default=1), sum(self.cores) // copies)
        return reached.copied(copies, max(1, threads))

    def _on_gpu(self, spec: str, options: ModelOptions) -> bool:
        wanted = options.device == "cuda" or (options.device == "auto" and self.gpus > 0)
        return spec.startswith(LOCAL) and wanted


def _cores(spec: str, options: ModelOptions) -> int:
    return (options.threads if spec.startswith(LOCAL) else None) or CORES_TO_ASK
