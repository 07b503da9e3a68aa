"""The JSON document of `run --json` and `score --json`: the profile for other programs."""

import math
from typing import Any

from upright.core import Estimate
from upright.reports.profile import BenchmarkResult, Profile, ScoreSetResult


def document(profile: Profile) -> dict[str, Any]:
    """Plain data; what has no value is null, never NaN."""
    return {
        "run": str(profile.path),
        "model": profile.run.model.id,
        "status": profile.run.status,
        "benchmarks": [_benchmark(b) for b in profile.benchmarks],
        "unmeasured": list(profile.unmeasured),
    }


def _benchmark(result: BenchmarkResult) -> dict[str, Any]:
    """`n`, `n_unscored` and `outcomes` are those of the score set that leads."""
    leading = result.leading
    return {
        "id": result.id,
        "dimension": result.dimension,
        "n": leading.n if leading else 0,
        "n_unscored": leading.n_unscored if leading else 0,
        "outcomes": leading.outcomes if leading else {},
        "upright": _score_set(result.upright),
        "published": _score_set(result.published),
        "imported": _score_set(result.imported),
    }


def _score_set(result: ScoreSetResult | None) -> dict[str, Any] | None:
    if result is None:
        return None
    headline = result.headline
    return {
        **as_data(headline),
        "higher_is_better": headline.higher_is_better,
        "chance": _finite(headline.chance),
        "n_unscored": headline.n_unscored,
        "method": headline.method,
        "judge": headline.judge,
        "withheld": headline.withheld,
        "corrected": _corrected(headline),
        "correction": headline.correction,
        "outcomes": result.outcomes,
        "others": [_other(e) for e in result.others],
    }


def _other(estimate: Estimate) -> dict[str, Any]:
    return {
        **as_data(estimate),
        "slice": estimate.slice,
        "higher_is_better": estimate.higher_is_better,
        "corrected": _corrected(estimate),
        "correction": estimate.correction,
    }


def as_data(estimate: Estimate) -> dict[str, Any]:
    """A withheld value stays withheld here too."""
    told = not estimate.withheld
    return {
        "metric": estimate.metric,
        "value": _finite(estimate.value) if told else None,
        "low": _finite(estimate.low) if told else None,
        "high": _finite(estimate.high) if told else None,
        "n": estimate.n,
        "column": estimate.column,
    }


def _corrected(estimate: Estimate) -> dict[str, Any] | None:
    """The value after correction for the judge's error; `correction` says why there is none."""
    if estimate.withheld or _finite(estimate.corrected) is None:
        return None
    return {
        "value": _finite(estimate.corrected),
        "low": _finite(estimate.corrected_low),
        "high": _finite(estimate.corrected_high),
        "method": estimate.correction,
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
