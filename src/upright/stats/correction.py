"""A rate corrected for the error of the judge that counted it.

Two ways, for two kinds of evidence. `rogan_gladen` uses how often the judge was right on a
labelled set apart from the run; it is right where the judge errs in the run as it did there.
`prediction_powered` uses labels on a random part of the run itself and assumes nothing of the
judge at all.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from upright.core import Interval
from upright.stats.bootstrap import DRAWS
from upright.stats.distributions import normal_quantile, t_quantile
from upright.stats.intervals import LEVEL, Floats, effective_n, proportion

INFORMATIVE = 0.2
"""The least sensitivity + specificity - 1. The correction divides by it: at 0.2 an interval is
five times as wide as the raw one and half a judge's error in calibration moves the value by its
own size; below that the set decides the number, not the run."""
LABELS = 20
"""The fewest labels of each class (of any, for labels on the run itself): sensitivity and
specificity from fewer are uncertain by more than 0.2 either way."""


class NotCorrected(NamedTuple):
    """Why a rate stays as the judge counted it."""

    reason: str


class Errors(NamedTuple):
    """What a labelled set says of a judge: two shares, and of how many independent labels.

    `yes` and `no` are the numbers of labels as counted, where those are more.
    """

    sensitivity: float
    n_yes: float
    specificity: float
    n_no: float
    yes: float = 0.0
    no: float = 0.0

    @property
    def youden(self) -> float:
        """Youden's J: 0 for a judge that does not listen, 1 for one that never errs."""
        return self.sensitivity + self.specificity - 1


def reach(shares: Sequence[float], ns: Sequence[int], share: float, n: float) -> float:
    """Of how many independent labels a share is worth on a model that the set does not hold.

    Judges drift with the model they read. The variance between the models of the set (method of
    moments: that of their shares less what sampling explains, DerSimonian and Laird 1986) comes
    on top of the sampling variance. Fewer than three models say nothing of it.
    """
    if len(shares) < 3 or not 0 < share < 1:
        return n
    p, of = np.array(shares), np.array(ns, float)
    between = float(np.var(p, ddof=1) - np.mean(p * (1 - p) / of))
    spread = share * (1 - share)
    return spread / (spread / n + max(between, 0.0))


class Ends(NamedTuple):
    """A value and its interval, for one rate or for an array of them; not yet in [0, 1]."""

    value: Floats
    low: Floats
    high: Floats


def rogan_gladen(
    values: Floats, clusters: Sequence[str], errors: Errors, how: str = "delta"
) -> Interval | NotCorrected:
    """The true rate behind a judge's 0/1 verdicts (Rogan and Gladen 1978, Am. J. Epidemiol. 107).

    (rate + specificity - 1) / (sensitivity + specificity - 1). `how` is "delta" or "bootstrap".
    """
    if refused := _unfit(errors):
        return refused
    rate, n = float(np.mean(values)), max(effective_n(values, clusters), 1.0)
    ends = (delta if how == "delta" else bootstrapped)(np.array(rate), n, errors)
    if ends.low > 1 or ends.high < 0:
        side, share = (
            ("above", errors.sensitivity) if ends.low > 1 else ("below", 1 - errors.specificity)
        )
        return NotCorrected(
            f"the labelled set does not fit this run: the judge says yes to {rate:.1%} of the "
            f"answers, {side} the {share:.1%} that its errors there allow"
        )
    return _clipped(ends, f"Rogan-Gladen, {how}")


def delta(rate: Floats, n: float, errors: Errors) -> Ends:
    """The delta-method interval with the three uncertainties: of rate, sensitivity, specificity.

    Var = [v(rate) + true^2 v(se) + (1 - true)^2 v(sp)] / J^2, on counts enlarged by half a z^2
    (rate) and by one (the shares) of either kind, with the shift that undoes the bias of
    dividing by an estimate: Lang and Reiczigel 2014 (Prev. Vet. Med. 113). Without these the
    interval is too short near 0 and 1. Broadcasts.
    """
    z = _z()
    value = (rate + errors.specificity - 1) / errors.youden
    total = n + z * z
    p = (n * rate + z * z / 2) / total
    se, sp = _enlarged(errors.sensitivity, errors.n_yes), _enlarged(errors.specificity, errors.n_no)
    v_se, v_sp = se * (1 - se) / (errors.n_yes + 2), sp * (1 - sp) / (errors.n_no + 2)
    true = (p + sp - 1) / (se + sp - 1)
    shift = 2 * z * z * (true * v_se - (1 - true) * v_sp)
    variance = p * (1 - p) / total + true**2 * v_se + (1 - true) ** 2 * v_sp
    half = z * np.sqrt(variance) / (se + sp - 1)
    return Ends(value, true + shift - half, true + shift + half)


def _enlarged(share: float, n: float) -> float:
    return (n * share + 1) / (n + 2)


def bootstrapped(rate: Floats, n: float, errors: Errors, seed: int = 0) -> Ends:
    """The parametric bootstrap: all three shares redrawn, percentiles of the corrected rate.

    Drawn from Beta(k + 1/2, n - k + 1/2), not from the binomial, which would repeat a share of
    0 or 1 for ever. One rate at a time.
    """
    rng = np.random.default_rng(seed)

    def redrawn(share: float, of: float) -> Floats:
        return rng.beta(share * of + 0.5, (1 - share) * of + 0.5, DRAWS)

    p = redrawn(float(rate), n)
    se, sp = redrawn(errors.sensitivity, errors.n_yes), redrawn(errors.specificity, errors.n_no)
    drawn = (p + sp - 1) / np.maximum(se + sp - 1, 1e-6)
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Ends((rate + errors.specificity - 1) / errors.youden, low, high)


def prediction_powered(
    judged: Floats, labels: Floats, clusters: Sequence[str]
) -> Interval | NotCorrected:
    """The mean label, from labels on a random part (NaN elsewhere) and verdicts on everything.

    mean of lambda f over the unlabelled + mean of (label - lambda f) over the labelled:
    prediction-powered inference (Angelopoulos et al. 2023, Science 382) with the lambda of
    least variance (PPI++, arXiv 2311.01453), in [0, 1]: a judge that does not help is not
    listened to. Never wider in the large than the labels alone.
    """
    known = np.isfinite(labels)
    n, rest = int(known.sum()), int((~known).sum())
    if n < LABELS:
        return NotCorrected(f"{n} of the answers labelled at random; {LABELS} is the least")
    if rest == 0:
        return Interval(float(labels.mean()), *proportion(labels, clusters), "all labelled")
    trust = _trust(labels[known], judged[known], judged, n / rest)
    off = labels[known] - trust * judged[known]
    on = trust * judged[~known]
    influence = np.empty(len(judged))
    influence[known], influence[~known] = (off - off.mean()) / n, (on - on.mean()) / rest
    _, codes = np.unique(np.asarray(clusters), return_inverse=True)
    groups = len(np.unique(codes[known]))
    sums = np.bincount(codes, weights=influence)
    variance = float(sums @ sums) * groups / max(groups - 1, 1)
    half = t_quantile(0.5 + LEVEL / 2, max(groups - 1, 1))
    half *= float(np.sqrt(variance + _doubt(off, trust)))
    value = np.array(on.mean() + off.mean())
    return _clipped(
        Ends(value, value - half, value + half),
        f"prediction-powered, {n} labels, lambda {trust:.2f}",
    )


def _trust(labels: Floats, judged: Floats, everywhere: Floats, ratio: float) -> float:
    """PPI++'s lambda: cov(label, f) / ((1 + n / N) var f)."""
    spread = float(np.var(everywhere))
    if spread == 0:
        return 0.0
    together = float(np.mean((labels - labels.mean()) * (judged - judged.mean())))
    return min(max(together / ((1 + ratio) * spread), 0.0), 1.0)


def _doubt(off: Floats, trust: float) -> float:
    """What two more labels each way would add to the variance, all contradicting the judge.

    After a few labels without an error the plain variance says that the judge never errs; adding
    two successes and two failures keeps it honest, as for a proportion (Agresti and Coull 1998,
    z^2 / 2 of each). Simulated coverage is then 94 % or more down to a rate of 1 %.
    """
    centre = float(off.mean())
    return _z() ** 2 / 2 * ((1 - centre) ** 2 + (trust + centre) ** 2) / len(off) ** 2


def _unfit(errors: Errors) -> NotCorrected | None:
    for n, kind in ((errors.yes or errors.n_yes, "yes"), (errors.no or errors.n_no, "no")):
        if n < LABELS:
            return NotCorrected(
                f"people said {kind} to {n:.0f} answers of its labelled set; {LABELS} is the least"
            )
    if errors.youden < INFORMATIVE:
        return NotCorrected(
            f"sensitivity + specificity - 1 of the judge is {errors.youden:.2f}; "
            f"{INFORMATIVE} is the least that carries a correction"
        )
    return None


def _clipped(ends: Ends, method: str) -> Interval:
    """A rate is in [0, 1], and inside its interval; the method tells if the value was not."""
    raw = float(ends.value)
    value = min(max(raw, 0.0), 1.0)
    low, high = (min(max(float(end), 0.0), 1.0) for end in (ends.low, ends.high))
    told = f", clipped from {raw:.3f}" if value != raw else ""
    return Interval(value, min(low, value), max(high, value), f"{method}{told}")


def _z() -> float:
    return normal_quantile(0.5 + LEVEL / 2)
