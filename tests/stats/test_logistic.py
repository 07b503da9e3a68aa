"""Logistic regression against what must be true of its optimum."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from upright.stats.logistic import Flags, Reals, said, taught


def drawn(seed: int, apart: float) -> tuple[Reals, Flags]:
    random = np.random.default_rng(seed)
    yes = random.random(200) < 0.3
    rows = random.normal(size=(200, 3))
    rows[yes, 0] += apart
    return rows, yes


@pytest.mark.parametrize("penalty", [0.1, 1.0, 10.0])
def test_at_the_optimum_the_slopes_vanish(penalty: float) -> None:
    rows, yes = drawn(0, 1.0)
    found = taught(rows, yes, penalty)
    chance = 1 / (1 + np.exp(-said(found, rows)))
    weights = np.where(yes, 0.5 / yes.sum(), 0.5 / (~yes).sum()) * len(yes)
    missed = weights * (chance - yes)
    assert missed.sum() == pytest.approx(0, abs=1e-2)
    np.testing.assert_allclose(rows.T @ missed + penalty * found[1:], 0, atol=1e-2)


def test_it_finds_what_tells_the_classes_apart_whatever_their_sizes() -> None:
    rows, yes = drawn(1, 2.0)
    found = taught(rows, yes)
    assert abs(found[1]) > 3 * np.abs(found[2:]).max()
    odds = said(found, rows)
    assert (odds[yes] > 0).mean() == pytest.approx((odds[~yes] <= 0).mean(), abs=0.1)
    np.testing.assert_allclose(said(taught(rows, ~yes), rows), -odds, atol=1e-2)


def test_sparse_rows_are_the_same_rows() -> None:
    rows, yes = drawn(2, 1.0)
    np.testing.assert_allclose(taught(csr_array(rows), yes), taught(rows, yes), atol=1e-6)
