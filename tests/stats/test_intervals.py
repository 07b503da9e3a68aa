"""Intervals against closed forms, published values, and their own coverage."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from upright.core import Message, Response, Sample, Scored, Verdict
from upright.core.verdict import Outcome
from upright.stats.bootstrap import bootstrap
from upright.stats.intervals import average, difference, effective_n, proportion, wilson
from upright.stats.metrics import correlation, gap, macro, macro_f1, mean, target


def item(
    value: float | None, group: str = "", truth: str = "", said: str = "", name: str = ""
) -> Scored:
    sample = Sample(
        messages=(Message("user", f"{name}{group}{truth}{said}{value}"),),
        target=truth,
        group=group,
        slices={"side": truth},
    )
    verdict = Verdict(outcome=Outcome.ANSWERED, value=value, label=said)
    return Scored(sample, Response(text=said), verdict)


@given(st.integers(1, 500), st.data())
def test_wilson_agrees_with_scipy(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    expected = binomtest(k, n).proportion_ci(method="wilson")
    got = wilson(k / n, n)
    assert got == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_wilson_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    for p in (0.05, 0.3, 0.7):
        draws = rng.binomial(60, p, 4000) / 60
        covered = np.mean([low <= p <= high for low, high in (wilson(d, 60) for d in draws)])
        assert 0.93 < covered < 0.985, f"coverage {covered} at p={p}"


def test_clustered_interval_covers_where_the_naive_one_does_not() -> None:
    """Clusters of five identical answers: the naive interval is too short by sqrt(5)."""
    rng = np.random.default_rng(2)
    names = [str(i // 5) for i in range(200)]
    naive = clustered = 0
    for _ in range(1000):
        values = np.repeat(rng.random(40) < 0.4, 5).astype(float)
        low, high = proportion(values, names)
        clustered += low <= 0.4 <= high
        low, high = wilson(values.mean(), 200)
        naive += low <= 0.4 <= high
    assert clustered / 1000 > 0.93
    assert naive / 1000 < 0.75


def test_effective_n_of_independent_identical_and_duplicated_items() -> None:
    values = np.array([0.0, 1.0] * 10)
    assert effective_n(values, [str(i) for i in range(20)]) == 20
    assert effective_n(np.ones(20), [str(i // 4) for i in range(20)]) == 5
    doubled = np.repeat([0.0, 1.0] * 10, 2)
    assert effective_n(doubled, [str(i // 2) for i in range(40)]) == pytest.approx(19, abs=1.1)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 20)), min_size=1, max_size=5))
def test_mover_average_stays_ordered_and_shorter_than_its_longest_part(
    counts: list[tuple[int, int]],
) -> None:
    parts = [(min(k, n) / n, wilson(min(k, n) / n, n)) for k, n in counts]
    centre = sum(p for p, _ in parts) / len(parts)
    low, high = average(parts)
    assert low <= centre <= high
    assert high - low <= max(b.high - b.low for _, b in parts) + 1e-9


def test_mover_difference_matches_newcombe() -> None:
    """Newcombe 1998 (Stat. Med. 17), method 10, 56/70 - 48/80: 0.0524 to 0.3339."""
    low, high = difference((56 / 70, wilson(56 / 70, 70)), (48 / 80, wilson(48 / 80, 80)))
    assert (round(low, 4), round(high, 4)) == (0.0524, 0.3339)


def test_bootstrap_of_a_mean_agrees_with_theory_and_does_not_claim_certainty() -> None:
    values = np.random.default_rng(3).random(400)
    got = bootstrap(lambda w: w @ values / w.sum(axis=1), [str(i) for i in range(400)])
    half = 1.96 * values.std() / 20
    assert got.value == pytest.approx(values.mean())
    assert got.low == pytest.approx(values.mean() - half, abs=0.006)
    sure = bootstrap(lambda w: np.ones(len(w)), [str(i) for i in range(12)])
    assert (sure.value, sure.high) == (1.0, 1.0)
    assert sure.low == pytest.approx(wilson(1.0, 12).low)


def test_macro_is_balanced_accuracy_whatever_the_class_sizes() -> None:
    items = [item(1.0, truth="a", name=str(i)) for i in range(90)]
    items += [item(0.0, truth="b", name=str(i)) for i in range(10)]
    assert mean()(items).value == pytest.approx(0.9)
    assert macro(target)(items).value == pytest.approx(0.5)
    assert gap(lambda i: i.sample.target == "a", lambda i: i.sample.target == "b")(
        items
    ).value == pytest.approx(1.0)


def test_macro_f1_by_hand_and_of_a_constant() -> None:
    pairs = [("a", "a")] * 3 + [("a", "b")] + [("b", "b")] * 2 + [("b", "")] * 2
    items = [item(0.0, truth=t, said=s, name=str(i)) for i, (t, s) in enumerate(pairs)]
    f1_a, f1_b = 2 * 3 / (4 + 3), 2 * 2 / (4 + 3)
    assert macro_f1()(items).value == pytest.approx((f1_a + f1_b) / 2)


def test_constant_answers_do_not_correlate() -> None:
    items = [item(0.5, said="0", truth=str(i), name=str(i)) for i in range(10)]
    constant = correlation(lambda i: float(i.sample.target), lambda i: float(i.label))(items)
    assert constant.value == 0.0
    assert constant.low is not None
    assert constant.low < -0.5, "ten constant answers leave every correlation possible"
    same = correlation(lambda i: float(i.sample.target), lambda i: float(i.sample.target))(items)
    assert same.value == pytest.approx(1.0)


def test_nothing_to_score_is_no_number() -> None:
    for compute in (mean(), macro(target), macro_f1()):
        assert compute([]).value is None


def test_macro_f1_interval_is_not_pulled_down_by_classes_a_draw_misses() -> None:
    """Thirty classes of one item each: every draw misses a third of them."""
    items = [item(1.0, truth=str(i), said=str(i) if i else "x", name=str(i)) for i in range(30)]
    got = macro_f1()(items)
    assert got.value == pytest.approx(29 / 30)
    assert got.low is not None
    assert got.low > 0.85


def test_balanced_accuracy_covers_where_clusters_span_the_classes() -> None:
    """Every question is asked once per class: who knows it is right in both."""
    rng = np.random.default_rng(4)
    covered = 0
    for _ in range(200):
        knows = rng.random(60) < 0.6
        items = [
            item(float(k), group=f"question {i}", truth=side)
            for i, k in enumerate(knows)
            for side in ("a", "b")
        ]
        got = macro(target)(items)
        assert got.low is not None
        assert got.high is not None
        covered += got.low <= 0.6 <= got.high
    assert covered / 200 > 0.91
