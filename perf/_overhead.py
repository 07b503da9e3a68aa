"""What advice costs in time, term by term (the model is ours; arXiv 2604.07655 states the total).

base        seconds of the model's answer to a plain request
guardian    seconds of the guardian
more        seconds that an advised request takes longer than a plain one
flagged     the share of requests that are advised
"""

from typing import NamedTuple


class Terms(NamedTuple):
    base: float
    guardian: float
    more: float


def sequential(terms: Terms, flagged: float) -> float:
    """The share of time added where the guardian speaks first: (T_g + p dT_b) / T_b."""
    return (terms.guardian + flagged * terms.more) / terms.base


def parallel(terms: Terms, flagged: float) -> float:
    """The share added where both start at once and a flag cuts the model short.

    (1 - p) max(T_b, T_g) + p (T_g + T_b + dT_b), over T_b.
    """
    passed = max(terms.base, terms.guardian)
    advised = terms.guardian + terms.base + terms.more
    return ((1 - flagged) * passed + flagged * advised) / terms.base - 1
