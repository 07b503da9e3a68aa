"""The statistics behind findings: each reads a table and returns a number with a verdict."""

from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from upright.comparisons.claims.verdicts import (
    RELEVANT_CORRELATION,
    RELEVANT_DIFFERENCE,
    RELEVANT_SHARE,
    Evidence,
    Verdict,
    decide,
)
from upright.comparisons.many_runs.analysis import FEWEST, contrast_of
from upright.comparisons.many_runs.rank_card import rank_card
from upright.comparisons.many_runs.table import PUBLISHED, Table
from upright.stats.association import fisher_bounds, spearman
from upright.stats.distributions import sign_test
from upright.stats.intervals import Bounds, wilson
from upright.stats.ranks import DRAWS

NARROW = 0.90


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """`method` names interval and test; `reason` says why there is no verdict, or what to mind."""

    what: str
    statistic: str
    verdict: Verdict
    value: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    n_models: int = 0
    method: str = ""
    reason: str = ""


Checking = Callable[[Table], Check]


def unavailable(what: str, verdict: Verdict, reason: str) -> Checking:
    """A claim that no table of results can decide."""
    return lambda table: Check(what=what, statistic="none", verdict=verdict, reason=reason)


def _missing(what: str, statistic: str, keys: Sequence[str]) -> Check:
    needs = f"needs {' and '.join(keys)} of at least {FEWEST} models"
    return Check(what=what, statistic=statistic, verdict=Verdict.NOT_MEASURED, reason=needs)


def correlated(first: str, second: str, *, better_together: bool = True) -> Checking:
    """Spearman's correlation of two columns; claimed: who is better in one is better in the other
    (or worse). The sign is that of the raw numbers, so a lower-is-better column turns it."""

    def check(table: Table) -> Check:
        columns = [table.find(first), table.find(second)]
        statistic, names = "Spearman's rho", [first, second]
        x, y = columns
        if x is None or y is None:
            return _missing(f"{first} and {second}", statistic, names)
        what = f"{x.key} and {y.key}"
        models, values = table.together([x, y])
        found = spearman(values[:, 0], values[:, 1])
        if found.value is None or found.low is None or found.high is None:
            return _missing(what, statistic, [x.key, y.key])
        same = (x.higher_is_better == y.higher_is_better) == better_together
        narrow = fisher_bounds(found.value, found.n, level=NARROW)
        evidence = Evidence(Bounds(found.low, found.high), Bounds(*narrow))
        return Check(
            what=what,
            statistic=statistic,
            verdict=decide(evidence, 1 if same else -1, 0.0, RELEVANT_CORRELATION),
            value=found.value,
            low=found.low,
            high=found.high,
            p=found.p,
            n_models=len(models),
            method=found.method,
        )

    return check


def proprietary_better(key: str) -> Checking:
    """Mean of proprietary minus mean of open-weight models."""

    def check(table: Table) -> Check:
        column = table.find(key)
        statistic = "mean of proprietary minus mean of open-weight models"
        found = contrast_of(table, column) if column else None
        if not column or not found or found.first is None or found.second is None:
            reason = "needs models known to be proprietary and others known to be open-weight"
            return Check(what=key, statistic=statistic, verdict=Verdict.NOT_MEASURED, reason=reason)
        verdict = Verdict.CANNOT_TELL
        wide, narrow = found.bounds, contrast_of(table, column, NARROW).bounds
        if wide and narrow:
            sign = 1 if column.higher_is_better else -1
            verdict = decide(Evidence(wide, narrow), sign, 0.0, RELEVANT_DIFFERENCE)
        return Check(
            what=f"{column.key}: {found.first:.3f} against {found.second:.3f}",
            statistic=statistic,
            verdict=verdict,
            value=found.value,
            low=found.low,
            high=found.high,
            p=found.p,
            n_models=found.n_first + found.n_second,
            method=found.method,
        )

    return check


def not_lower(after: str, before: str) -> Checking:
    """In what share of the models one column is at least as good as another; sign test."""

    def check(table: Table) -> Check:
        x, y = table.find(after), table.find(before)
        statistic = "share of models"
        models, values = table.together([x, y]) if x and y else ([], np.empty((0, 2)))
        if not x or not y or len(models) < FEWEST:
            return _missing(f"{after} at least {before}", statistic, [after, before])
        gains = (values[:, 0] - values[:, 1]) * (1 if x.higher_is_better else -1)
        share, changed = float((gains >= 0).mean()), int((gains != 0).sum())
        wide, narrow = (wilson(share, len(gains), level) for level in (0.95, NARROW))
        rose = int((gains > 0).sum())
        return Check(
            what=f"{x.key} at least {y.key} in {int((gains >= 0).sum())} of {len(gains)}",
            statistic=statistic,
            verdict=decide(Evidence(wide, narrow), 1, 0.5, RELEVANT_SHARE),
            value=share,
            low=wide.low,
            high=wide.high,
            p=sign_test(rose, changed) if changed else None,
            n_models=len(gains),
            method=f"Wilson interval; sign test, {rose} of {changed} that change rise",
        )

    return check


def above(model: str, key: str, threshold: float) -> Checking:
    """Whether a named model of the paper lies above a value, given its own interval."""

    def check(table: Table) -> Check:
        what, statistic = f"{model}, {key} above {threshold:g}", "value"
        cell = table.cells.get(key, {}).get(model) if table.origin == PUBLISHED else None
        if cell is None:
            return _about_the_paper(what, statistic)
        verdict, reason = Verdict.CANNOT_TELL, cell.method
        if cell.low is not None and cell.high is not None and cell.n:
            evidence = Evidence(Bounds(cell.low, cell.high), wilson(cell.value, cell.n, NARROW))
            verdict, reason = decide(evidence, 1, threshold, 0.0), ""
        return Check(
            what=what,
            statistic=statistic,
            verdict=verdict,
            value=cell.value,
            low=cell.low,
            high=cell.high,
            n_models=1,
            method=cell.method,
            reason=reason,
        )

    return check


def competitive(models: Sequence[str], family: str) -> Checking:
    """Whether a family's average place is at most one worse than that of proprietary models."""

    def check(table: Table) -> Check:
        what = f"{family} against proprietary models"
        statistic = "average places ahead"
        if table.origin != PUBLISHED or not set(models) <= set(table.models):
            return _about_the_paper(what, statistic)
        rows = rank_card(table, with_intervals=False).rows
        closed = [model for model in table.models if not table.open_weight[model]]
        ranks = [
            [np.mean([row.rank(m) or np.nan for m in part]) for part in (closed, models)]
            for row in rows
        ]
        ahead = np.array([theirs - ours for theirs, ours in ranks])
        picked = np.random.default_rng(0).integers(0, len(ahead), (DRAWS, len(ahead)))
        means = ahead[picked].mean(axis=1)
        wide, narrow = (
            Bounds(*(float(q) for q in np.quantile(means, [(1 - part) / 2, (1 + part) / 2])))
            for part in (0.95, NARROW)
        )
        return Check(
            what=what,
            statistic=statistic,
            verdict=decide(Evidence(wide, narrow), 1, -1.0, 0.0),
            value=float(ahead.mean()),
            low=wide.low,
            high=wide.high,
            n_models=len(closed) + len(models),
            method=f"bootstrap over {len(ahead)} columns; null: one place behind",
        )

    return check


def _about_the_paper(what: str, statistic: str) -> Check:
    reason = "about models of the paper: see --published"
    return Check(what=what, statistic=statistic, verdict=Verdict.NOT_MEASURED, reason=reason)
