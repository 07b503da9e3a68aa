"""How well a judge agrees with people, on a set that people labelled."""

from collections.abc import Mapping

import msgspec


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """Agreement on one part of a labelled set; None where one of the two classes is absent."""

    n: int
    n_yes: int
    accuracy: float
    kappa: float | None
    sensitivity: float | None
    specificity: float | None


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """How well a judge agrees with people on a named human-labelled set.

    labels          the set: its name, its licence, and what counted as "yes"
    event           "yes" in one or two words; a metric with this event may be corrected by it
    own_labels      labelled by ourselves, because there was no public set
    how             how it was kept apart from development: "held out", "grouped 5-fold"
    sensitivity     the share of people's yes that the judge finds; `specificity` of people's no
    auroc, ece      None for a judge that says yes or no without a probability
    design_effect   how many rows count for one, where rows share a prompt (Kish 1965)
    slices          the same for parts of the set: "model=gpt4", "language=fr"
    """

    labels: str
    event: str
    date: str
    n: int
    n_yes: int
    accuracy: float
    kappa: float
    sensitivity: float
    specificity: float
    f1: float
    auroc: float | None = None
    ece: float | None = None
    own_labels: bool = False
    language: str = "en"
    how: str = "held out"
    design_effect: float = 1.0
    slices: Mapping[str, Agreement] = {}

    @property
    def n_no(self) -> int:
        return self.n - self.n_yes
