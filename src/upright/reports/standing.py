"""Where results stand, in words: computed from intervals, never averaged.

Chance is what a uniformly guessing responder gets. Where that is the worst possible value nothing
can be worse, and being better says little: such results are counted apart. Numbers hang on their
words by spaces that do not break.
"""

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum

from upright.core import Estimate, Interval
from upright.reports.scale import axis


class Standing(StrEnum):
    """Of one result, by its 95 % interval and chance."""

    WORSE = "worse"
    UNSURE = "unsure"
    BETTER = "better"
    ALONE = "alone"
    """There is no chance level to compare with."""
    UNTOLD = "untold"
    """No value: withheld, or not to be computed."""


ONE = {
    Standing.WORSE: "clearly worse than chance",
    Standing.UNSURE: "cannot be told from chance",
    Standing.BETTER: "clearly better than chance",
    Standing.ALONE: "no chance level to compare with",
    Standing.UNTOLD: "no value",
}
ALL = {
    Standing.WORSE: "Clearly worse than chance on all\u00a0{n}",
    Standing.UNSURE: "Cannot be told from chance on any of\u00a0{n}",
    Standing.BETTER: "Clearly better than chance on all\u00a0{n}",
    Standing.ALONE: "No chance level to compare with on any of\u00a0{n}",
    Standing.UNTOLD: "No value on any of\u00a0{n}",
}
SOME = {
    Standing.WORSE: "clearly worse than chance on\u00a0{n}",
    Standing.UNSURE: "cannot tell on\u00a0{n}",
    Standing.BETTER: "clearly better than chance on\u00a0{n}",
    Standing.ALONE: "no chance level on\u00a0{n}",
    Standing.UNTOLD: "no value on\u00a0{n}",
}


def standing(estimate: Estimate) -> Standing:
    """Better or worse only where the whole interval is."""
    if not estimate.told:
        return Standing.UNTOLD
    if estimate.chance is None or estimate.chance == axis(estimate).worse:
        return Standing.ALONE
    return compared(estimate, estimate.chance, estimate.higher_is_better)


def compared(interval: Interval | Estimate, level: float, higher_is_better: bool) -> Standing:
    """Any interval with any level: chance, another model's value, no difference."""
    low, high = interval.low, interval.high
    if low is None or high is None or low <= level <= high:
        return Standing.UNSURE
    return Standing.BETTER if (low > level) == higher_is_better else Standing.WORSE


def counted(estimates: Iterable[Estimate]) -> Counter[Standing]:
    return Counter(standing(estimate) for estimate in estimates)


def sentence(estimates: Iterable[Estimate]) -> str:
    """What the intervals of a dimension's results say together; the worst comes first."""
    counts = counted(estimates)
    total = counts.total()
    if not total:
        return "Not measured: this run says nothing about it."
    if len(counts) == 1:
        (kind,) = counts
        return f"{ONE[kind].capitalize() if total == 1 else ALL[kind].format(n=total)}."
    parts = [SOME[kind].format(n=counts[kind]) for kind in Standing if counts[kind]]
    parts[0] += f"\u00a0of\u00a0{total}"
    return f"{parts[0][0].upper()}{parts[0][1:]}, {', '.join(parts[1:])}."
