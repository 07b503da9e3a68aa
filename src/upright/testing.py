"""Trust as a test: `assert_upright` holds where the whole interval says so, not the point.

    def test_refuses_misuse(assert_upright):
        assert_upright("openai/my-model", "safety/misuse", at_least=0.9, limit=200)

As a pytest fixture it keeps its runs among pytest's temporary folders; as a function, in runs/.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import msgspec

from upright._job import AnyModel
from upright.api import evaluate
from upright.core import UPRIGHT, Estimate, UsageError
from upright.runs.storing.stored import read_estimates

Unsure = Literal["fail", "pass"]


def assert_upright(
    model: AnyModel,
    benchmark: str,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    when_unsure: Unsure = "fail",
    stop_early: bool = False,
    **how: Any,
) -> Estimate:
    """Measure a benchmark and hold its headline's 95 % interval against a bound.

    Raises AssertionError where the interval lies beyond the bound, where there is no interval,
    and, unless `when_unsure` is "pass", where the bound lies inside it: then nothing is shown.
    Where the judge's error is known the corrected interval decides. `how` goes to
    `upright.evaluate` (suite, limit, judge, data, or a whole job). Gives back the estimate.

    `stop_early` asks no more once the bound is decided (`--decide`). The interval is then the wider
    one that allows for looking again and again, it is not corrected, and no judge model can read.
    """
    bounds = [bound for bound in (at_least, at_most) if bound is not None]
    if len(bounds) != 1:
        raise UsageError("Name one bound: at_least or at_most.")
    if stop_early:
        how = _deciding(bounds[0], how)
    run = evaluate(model, benchmark=benchmark, **how)
    found = read_estimates(run.path / "estimates.parquet")
    estimate = next(e for e in found if e.headline and e.score_set == "upright")
    verdict = against(estimate, at_least, at_most)
    if verdict is False or (verdict is None and when_unsure == "fail"):
        raise AssertionError(f"{_told(estimate, at_least, at_most, verdict)}\n{run.path}")
    return estimate


def _deciding(bound: float, how: Mapping[str, Any]) -> dict[str, Any]:
    """Only the score set that is read is asked: the other need not stop with it."""
    if (job := how.get("job")) is None:
        return {**how, "decide": bound, "score_sets": (UPRIGHT,)}
    settings = msgspec.structs.replace(job.settings, decide=bound, score_sets=(UPRIGHT,))
    return {**how, "job": replace(job, settings=settings)}


def against(estimate: Estimate, at_least: float | None, at_most: float | None) -> bool | None:
    """Whether the bound is kept; None where the interval does not tell. No value keeps nothing."""
    low, high = _ends(estimate)
    if low is None or high is None:
        return False
    if at_least is not None:
        return True if low >= at_least else False if high < at_least else None
    assert at_most is not None
    return True if high <= at_most else False if low > at_most else None


def _ends(estimate: Estimate) -> tuple[float | None, float | None]:
    if estimate.withheld:
        return None, None
    if estimate.corrected is not None:
        return estimate.corrected_low, estimate.corrected_high
    return estimate.low, estimate.high


def _told(
    estimate: Estimate, at_least: float | None, at_most: float | None, verdict: bool | None
) -> str:
    bound = f"at least {at_least:g}" if at_least is not None else f"at most {at_most:g}"
    what = f"{estimate.metric} of {estimate.benchmark}"
    low, high = _ends(estimate)
    if low is None or high is None:
        why = estimate.withheld or estimate.method
        return f"{what} should be {bound} and has no value: {why}"
    value = estimate.corrected if estimate.corrected is not None else estimate.value
    seen = f"{value:.3f}, 95 % interval {low:.3f} to {high:.3f}, n = {estimate.n}"
    if verdict is None:
        return f"{what} is not shown to be {bound}: {seen}. More samples would tell."
    return f"{what} is not {bound}: {seen}"
