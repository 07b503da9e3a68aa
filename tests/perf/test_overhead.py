"""The model of what advice costs."""

from _overhead import Terms, parallel, sequential
from hypothesis import given
from hypothesis import strategies as st

SECONDS = st.floats(1e-3, 100)
SHARE = st.floats(0, 1)


@given(SECONDS, SECONDS, SECONDS, SHARE)
def test_overhead_is_a_straight_line_in_the_share_that_is_flagged(
    base: float, guardian: float, more: float, share: float
) -> None:
    terms = Terms(base, guardian, more)
    for overhead in (sequential, parallel):
        ends = overhead(terms, 0), overhead(terms, 1)
        between = (1 - share) * ends[0] + share * ends[1]
        assert abs(overhead(terms, share) - between) <= 1e-9 * (1 + max(map(abs, ends)))
    assert abs(sequential(terms, 0) - guardian / base) < 1e-9


@given(SECONDS, SECONDS, SECONDS, SHARE)
def test_asking_at_once_is_never_slower_and_costs_nothing_where_nothing_is_flagged(
    base: float, guardian: float, more: float, share: float
) -> None:
    terms = Terms(base, guardian, more)
    scale = 1e-9 * (1 + sequential(terms, 1))
    assert parallel(terms, share) <= sequential(terms, share) + scale
    assert parallel(Terms(base, min(guardian, base), more), 0) == 0
