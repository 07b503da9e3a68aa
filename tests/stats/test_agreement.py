"""Agreement against closed forms, worked examples from the literature, and brute force."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from upright.stats.agreement import (
    Confusion,
    auroc,
    calibration_error,
    confusion,
    hanley_mcneil,
    kappa,
    krippendorff,
    sensitivity,
    specificity,
)

FLAGS = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60)
SCORED = st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=2, max_size=40)


def test_counts_and_what_follows_from_them() -> None:
    counts = confusion(np.array([1, 1, 1, 0, 0.0]), np.array([1, 1, 0, 1, 0.0]))
    assert list(counts) == [2, 1, 1, 1]
    assert (counts.n, counts.n_yes, counts.n_no) == (5, 3, 2)
    assert counts.accuracy == pytest.approx(0.6)
    assert counts.f1 == pytest.approx(2 / 3)
    assert sensitivity(counts).value == pytest.approx(2 / 3)
    assert specificity(counts).value == pytest.approx(1 / 2)
    assert Confusion(0, 0, 0, 5).f1 == 0.0
    assert specificity(Confusion(3, 0, 1, 0)).value is None


def test_a_design_effect_widens_the_interval() -> None:
    counts = Confusion(80, 10, 20, 90)
    plain, wide = sensitivity(counts), sensitivity(counts, 4.0)
    assert plain.value == wide.value == 0.8
    assert wide.low is not None and plain.low is not None and wide.low < plain.low


def test_kappa_of_the_textbook_table() -> None:
    """20, 5, 10, 15 of 50 proposals: kappa 0.4 (a standard worked example of Cohen's kappa)."""
    found = kappa(Confusion(20, 5, 10, 15))
    assert found.value == pytest.approx(0.4)
    assert found.low is not None and found.high is not None
    assert (found.high - found.low) / 2 == pytest.approx(0.248, abs=0.01)


def test_kappa_interval_covers() -> None:
    rng = np.random.default_rng(3)
    cells = np.array([0.3, 0.1, 0.08, 0.52])
    truth = kappa(Confusion(*(1e7 * cells))).value
    assert truth is not None
    hit = 0
    for draw in rng.multinomial(300, cells, 1000):
        found = kappa(Confusion(*map(float, draw)))
        assert found.low is not None and found.high is not None
        hit += found.low <= truth <= found.high
    assert 0.93 < hit / 1000 < 0.97


@given(FLAGS)
def test_kappa_and_alpha_of_two_readers_agree_in_the_large(pairs: list[tuple[bool, bool]]) -> None:
    """Nominal alpha is Scott's pi with a small-sample term: alpha = 1 - (1 - pi)(2n - 1) / 2n."""
    alpha = krippendorff([[float(a), float(b)] for a, b in pairs])
    share = np.mean([a for pair in pairs for a in pair])
    expected = share**2 + (1 - share) ** 2
    if alpha is None:
        assert expected == 1
        return
    observed = np.mean([a == b for a, b in pairs])
    n = len(pairs)
    pi = (observed - expected) / (1 - expected)
    assert alpha == pytest.approx(1 - (1 - pi) * (2 * n - 1) / (2 * n))


@given(SCORED)
def test_auroc_is_the_share_of_pairs_in_order(rows: list[tuple[bool, int]]) -> None:
    yes = [s for people, s in rows if people]
    no = [s for people, s in rows if not people]
    found = auroc(np.array([p for p, _ in rows]), np.array([s for _, s in rows], float))
    if not yes or not no:
        assert found.value is None
        return
    pairs = [(a > b) + 0.5 * (a == b) for a in yes for b in no]
    assert found.value == pytest.approx(np.mean(pairs))
    assert found.low is not None and found.high is not None and found.value is not None
    assert 0 <= found.low <= found.value + 1e-12 and found.value - 1e-12 <= found.high <= 1


def test_auroc_interval_covers() -> None:
    rng = np.random.default_rng(4)
    truth = 0.7602  # P(N(1, 1) > N(0, 1)) = Phi(1 / sqrt 2)
    people = np.repeat([1.0, 0.0], 60)
    hit = 0
    for _ in range(800):
        found = auroc(people, rng.normal(people, 1.0))
        assert found.low is not None and found.high is not None
        hit += found.low <= truth <= found.high
    assert 0.925 < hit / 800 < 0.975


def test_auroc_of_a_perfect_judge_claims_no_certainty() -> None:
    found = auroc(np.array([1.0] * 20 + [0.0] * 30), np.array([1.0] * 20 + [0.0] * 30))
    assert found.value == 1.0
    assert found.low is not None and 0.8 < found.low < 0.9


def test_calibration_error_of_honest_and_of_boastful_probabilities() -> None:
    p = np.repeat(np.arange(0.05, 1.0, 0.1), 100)
    people = np.concatenate([np.arange(100) < round(100 * q) for q in p[::100]]).astype(float)
    assert calibration_error(people, p) == pytest.approx(0.0, abs=1e-9)
    assert calibration_error(np.zeros(50), np.full(50, 0.8)) == pytest.approx(0.8)
    assert calibration_error(np.array([1.0, 0.0]), np.array([1.0, 1.0])) == pytest.approx(0.5)


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=1, max_size=80))
def test_calibration_error_is_a_share_and_never_parts_ties(rows: list[tuple[bool, float]]) -> None:
    people, p = np.array([a for a, _ in rows], float), np.array([b for _, b in rows])
    found = calibration_error(people, p)
    assert 0 <= found <= 1
    again = np.random.default_rng(0).permutation(len(rows))
    assert calibration_error(people[again], p[again]) == pytest.approx(found)


N = None
RELIABILITY: Sequence[Sequence[float | None]] = (
    (1, 2, 3, 3, 2, 1, 4, 1, 2, N, N, N),
    (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, N, 3),
    (N, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, N),
    (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, N),
)
"""Krippendorff 2011, "Computing Krippendorff's alpha-reliability", example C: four observers."""


@pytest.mark.parametrize(("level", "alpha"), [("nominal", 0.743), ("interval", 0.849)])
def test_alpha_of_krippendorffs_own_example(level: str, alpha: float) -> None:
    units = list(zip(*RELIABILITY, strict=True))
    assert level in ("nominal", "interval")
    found = krippendorff(units, "nominal" if level == "nominal" else "interval")
    assert found == pytest.approx(alpha, abs=0.0005)


def test_alpha_of_perfect_random_and_no_agreement() -> None:
    assert krippendorff([["a", "a"], ["b", "b", None]]) == 1.0
    assert krippendorff([["a", None], [None, None]]) is None, "nothing is paired"
    assert krippendorff([["a", "a"], ["a", "a"]]) is None, "nothing varies"
    rng = np.random.default_rng(5)
    noise = krippendorff(rng.integers(0, 3, (4000, 3)).astype(float).tolist())
    assert noise == pytest.approx(0.0, abs=0.02)


def test_hanley_and_mcneils_own_example() -> None:
    """Radiology 143 (1982): area 0.893, 51 abnormal and 58 normal images, standard error 0.032."""
    found = hanley_mcneil(0.893, 51, 58)
    assert found.low is not None
    assert (0.893 - found.low) / 1.96 == pytest.approx(0.032, abs=1e-3)
    assert hanley_mcneil(0.9, 0, 10).low is None
