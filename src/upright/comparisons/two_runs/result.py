"""What a comparison of two runs says: plain values, ready for a table, a page or JSON.

A difference is always candidate - baseline, in the metric's own direction; a `gain` is the same
turned so that more is better.
"""

import msgspec

from upright.stats.equivalence import Standing


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two runs. Costs are of the whole run, latency of the answers compared."""

    path: str
    model: str
    suite: str
    started: str
    upright: str
    calls: int
    prompt_tokens: int
    completion_tokens: int
    latency_s: float | None
    """The median, of all answers that took any time, whichever run asked for them."""


class Pairing(msgspec.Struct, frozen=True, kw_only=True):
    """How many answers of one benchmark meet their like, and why the others do not."""

    met: int
    """Answered in both runs, scored or not."""
    paired: int
    """Scored in both."""
    clusters: int
    only_baseline: int
    only_candidate: int
    unscored_baseline: int
    """Of those answered in both runs."""
    unscored_candidate: int
    same_text_other_verdict: int
    """The judge disagrees with itself, or with the judge of the other run."""


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """A difference with its 95 % interval, and the one that holds jointly over all benchmarks."""

    value: float | None
    low: float | None
    high: float | None
    joint_low: float | None
    joint_high: float | None
    p: float | None
    p_holm: float | None
    method: str
    test: str


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One benchmark's headline in both runs, on the answers that pair.

    better, worse     how many answers gained or lost value
    unpaired          what the same answers say when their pairing is thrown away
    corrected_*       each run's headline corrected for the judge's error, where it was
    """

    benchmark: str
    dimension: str
    metric: str
    higher_is_better: bool
    baseline: float | None
    candidate: float | None
    gap: Gap
    unpaired: Gap
    pairing: Pairing
    better: int
    worse: int
    standing: Standing
    corrected_baseline: float | None = None
    corrected_candidate: float | None = None
    notes: tuple[str, ...] = ()


class DimensionGain(msgspec.Struct, frozen=True, kw_only=True):
    """The unweighted mean gain of a dimension's benchmarks: above 0 the candidate is better."""

    dimension: str
    benchmarks: int
    gain: float
    low: float
    high: float


class SliceGain(msgspec.Struct, frozen=True, kw_only=True):
    """Mean value per answer within a slice; the interval is that of this slice alone."""

    benchmark: str
    slice: str
    n: int
    baseline: float
    candidate: float
    gain: float
    low: float
    high: float


class Flip(msgspec.Struct, frozen=True, kw_only=True):
    """An answer whose value changed. All texts are a model's or a dataset's: untrusted."""

    benchmark: str
    sample_id: str
    epoch: int
    harmful: bool
    prompt: str
    target: str
    gain: float
    baseline_response: str
    candidate_response: str
    baseline_outcome: str
    candidate_outcome: str
    baseline_reason: str
    candidate_reason: str


class Incomparable(msgspec.Struct, frozen=True, kw_only=True):
    """What is not compared, and why."""

    what: str
    why: str


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    baseline: Side
    candidate: Side
    score_set: str
    margin: float
    differences: tuple[Difference, ...]
    dimensions: tuple[DimensionGain, ...]
    slices: tuple[SliceGain, ...]
    flips: tuple[Flip, ...]
    flips_left_out: int
    incomparable: tuple[Incomparable, ...]
    notes: tuple[str, ...]

    def standing(self, standing: Standing) -> tuple[Difference, ...]:
        """The benchmarks on which the candidate stands so."""
        return tuple(d for d in self.differences if d.standing is standing)
