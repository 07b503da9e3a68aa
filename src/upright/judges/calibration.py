"""How well a judge agrees with people."""

from collections.abc import Iterable

from upright.core import Calibration


def calibrate(pairs: Iterable[tuple[bool, bool]], labels: str, date: str) -> Calibration:
    """The agreement of a yes/no judge with people, from pairs (people say, judge says).

    Sensitivity is the share of people's yes that the judge finds, specificity that of people's
    no. Both kinds must occur.
    """
    told = list(pairs)
    n = len(told)
    both = sum(people and judge for people, judge in told)
    neither = sum(not people and not judge for people, judge in told)
    people_yes = sum(people for people, _ in told)
    judge_yes = sum(judge for _, judge in told)
    agreed = (both + neither) / n
    by_chance = (people_yes * judge_yes + (n - people_yes) * (n - judge_yes)) / n**2
    return Calibration(
        labels=labels,
        date=date,
        n=n,
        accuracy=agreed,
        kappa=(agreed - by_chance) / (1 - by_chance),
        sensitivity=both / people_yes,
        specificity=neither / (n - people_yes),
    )
