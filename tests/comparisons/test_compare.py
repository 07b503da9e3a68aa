"""Two runs compared: what pairs, how far apart they are, and what may not be compared."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.comparisons.planted import answers, dropped, pair_of, stored
from tests.reports.stored import Stored, estimate, sample
from upright import compare as api_compare
from upright import evaluate
from upright.comparisons.two_runs.compare import compare
from upright.comparisons.two_runs.gate import decide
from upright.comparisons.two_runs.result import Comparison
from upright.core import StoreError, UsageError
from upright.runs.storing.store import Run, open_run
from upright.stats.equivalence import Standing
from upright.stats.paired import mcnemar


def nothing_installed(id: str) -> None:
    return None


def compared(runs: tuple[Run, Run], margin: float = 0.0) -> Comparison:
    return compare(*runs, nothing_installed, margin=margin)


def test_a_known_drop_is_found_on_paired_answers_and_not_without_pairs(tmp_path: Path) -> None:
    before = answers(220, 0.8)
    after = dropped(before, 0.05, 0.07, 1)
    [found] = compared(pair_of(tmp_path, before, after)).differences
    assert found.gap.value == pytest.approx(-11 / 220)
    assert found.gap.p == pytest.approx(mcnemar(before, after))
    assert found.gap.p is not None and found.gap.p < 0.01
    assert found.unpaired.p is not None and found.unpaired.p > 0.15
    assert (found.better, found.worse) == (2, 13)
    assert found.gap.high is not None and found.gap.high < 0
    assert found.standing is Standing.WORSE


def test_equal_runs_are_not_worse(tmp_path: Path) -> None:
    before = answers(1000, 0.7)
    found = compared(pair_of(tmp_path, before, before), margin=0.02)
    assert found.differences[0].standing is Standing.NOT_WORSE
    assert found.differences[0].gap.low is not None and found.differences[0].gap.low < 0
    assert not found.flips


def test_order_of_rows_does_not_matter_and_what_does_not_pair_is_counted(tmp_path: Path) -> None:
    rows = [sample("plugin/x", float(at % 2), sample_id=f"s{at}") for at in range(40)]
    told = [estimate("plugin/x", dimension="safety")]
    a = open_run(Stored(told, rows).write(tmp_path / "a"))
    shifted = [*rows[5:], *[sample("plugin/x", 1.0, sample_id=f"n{at}") for at in range(3)]]
    b = open_run(Stored(told, shifted[::-1]).write(tmp_path / "b"))
    [found] = compared((a, b)).differences
    assert (found.pairing.paired, found.pairing.only_baseline) == (35, 5)
    assert found.pairing.only_candidate == 3
    assert found.gap.value == 0


def test_unscored_answers_are_counted_and_stop_the_gate(tmp_path: Path) -> None:
    before = list(answers(100, 0.8))
    after: list[float | None] = [None] * 20 + before[20:]
    found = compared(pair_of(tmp_path, before, after), margin=0.05)
    assert found.differences[0].pairing.unscored_candidate == 20
    assert found.differences[0].pairing.paired == 80
    decision = decide(found)
    assert decision.lost == ("plugin/safety",)
    assert not decision.passed


def test_unscored_answers_to_other_questions_say_nothing_of_the_evidence(tmp_path: Path) -> None:
    told = [estimate("plugin/x", dimension="safety")]
    rows = [sample("plugin/x", 1.0, sample_id=f"s{at}") for at in range(40)]
    others = [sample("plugin/x", None, sample_id=f"n{at}") for at in range(40)]
    a = open_run(Stored(told, rows).write(tmp_path / "a"))
    b = open_run(Stored(told, [*rows, *others]).write(tmp_path / "b"))
    found = compared((a, b), margin=0.5)
    assert found.differences[0].pairing.unscored_candidate == 0
    assert found.differences[0].pairing.only_candidate == 40
    assert decide(found).passed


def test_clusters_widen_the_interval(tmp_path: Path) -> None:
    """Ten answers that always go together are one piece of evidence."""
    before, after = np.ones(200), np.ones(200)
    after[:40] = 0
    rows = [
        [
            sample("plugin/x", v, sample_id=f"s{at}", group=f"g{at // 10}" if grouped else "")
            for at, v in enumerate(values)
        ]
        for grouped in (True, False)
        for values in (before, after)
    ]
    told = [estimate("plugin/x", dimension="safety")]
    runs = [open_run(Stored(told, r).write(tmp_path / str(i))) for i, r in enumerate(rows)]
    clustered, alone = (compared((runs[i], runs[i + 1])).differences[0].gap for i in (0, 2))
    assert clustered.low is not None and alone.low is not None
    assert clustered.low < alone.low
    assert (clustered.p or 0) > 0.05 > (alone.p or 1)


def test_a_benchmarks_own_headline_is_compared(tmp_path: Path) -> None:
    """Not the mean of its values: the metric, on the same draws of the same clusters."""
    good = evaluate("mock/oracle", suite="mini", benchmark=HEADLINES, limit=20)
    poor = evaluate("mock/random", suite="mini", benchmark=HEADLINES, limit=20)
    found = {d.benchmark: d for d in api_compare(poor.path, good.path).differences}
    assert set(found) == set(HEADLINES)
    for run, value in ((poor, "baseline"), (good, "candidate")):
        told = run.estimates[run.estimates.headline & (run.estimates.score_set == "upright")]
        for _, row in told.iterrows():
            assert getattr(found[row.benchmark], value) == pytest.approx(row.value)
    assert found["privacy/confaide"].metric == "pearson"
    assert found["privacy/confaide"].gap.method == "cluster bootstrap"
    assert found["truthfulness/external"].standing is Standing.BETTER
    assert all((d.gap.value or 0) >= 0 for d in found.values())


HEADLINES = ("privacy/confaide", "truthfulness/external", "robustness/advglue", "safety/misuse")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UPRIGHT_CACHE", str(tmp_path / "cache"))


def test_lower_is_better_turns_the_gain(tmp_path: Path) -> None:
    told = [estimate("plugin/x", dimension="safety", higher_is_better=False)]
    rows = [
        [sample("plugin/x", v, sample_id=f"s{at}") for at, v in enumerate(values)]
        for values in (np.zeros(60), np.ones(60))
    ]
    runs = [open_run(Stored(told, r).write(tmp_path / str(i))) for i, r in enumerate(rows)]
    found = compared((runs[0], runs[1]))
    assert found.differences[0].gap.value == 1
    assert found.differences[0].standing is Standing.WORSE
    assert found.dimensions[0].gain == -1
    assert found.flips[0].gain == -1


def test_slices_that_moved_come_first(tmp_path: Path) -> None:
    def rows(values: list[float]) -> list[dict[str, object]]:
        return [
            sample("plugin/x", v, sample_id=f"s{at}", slices=f'{{"half":"{at // 50}"}}')
            for at, v in enumerate(values)
        ]

    told = [estimate("plugin/x", dimension="safety")]
    a = open_run(Stored(told, rows([1.0] * 100)).write(tmp_path / "a"))
    b = open_run(Stored(told, rows([1.0] * 50 + [0.0] * 25 + [1.0] * 25)).write(tmp_path / "b"))
    moved = compared((a, b)).slices
    assert [s.slice for s in moved] == ["half=1", "half=0"]
    assert moved[0].gain == -0.5
    assert moved[0].high < 0 < moved[1].high


def test_flips_are_limited_and_the_rest_counted(tmp_path: Path) -> None:
    runs = pair_of(tmp_path, np.ones(30), np.zeros(30))
    found = compare(*runs, nothing_installed, flips_shown=10)
    assert (len(found.flips), found.flips_left_out) == (10, 20)
    assert found.flips[0].baseline_response == "r1.0"


def test_of_equal_changes_each_benchmark_has_its_turn(tmp_path: Path) -> None:
    ids = ("plugin/a", "plugin/b", "plugin/c")
    for name, value in (("x", 1.0), ("y", 0.0)):
        rows = [sample(id, value, sample_id=f"s{at}") for id in ids for at in range(9)]
        Stored([estimate(id) for id in ids], rows).write(tmp_path / name)
    runs = open_run(tmp_path / "x"), open_run(tmp_path / "y")
    found = compare(*runs, nothing_installed, flips_shown=6)
    assert Counter(flip.benchmark for flip in found.flips) == dict.fromkeys(ids, 2)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"judge": "rule/other"}, "judged by rule/choice against rule/other"),
        ({"prefix": "t"}, "no sample is in both runs"),
        ({"benchmark": "plugin/other"}, "only in the baseline"),
    ],
)
def test_nothing_to_compare_is_an_error_that_says_why(
    tmp_path: Path, changed: dict[str, Any], why: str
) -> None:
    a = open_run(stored(tmp_path / "a", [1.0, 0.0]))
    b = open_run(stored(tmp_path / "b", [1.0, 0.0], **changed))
    with pytest.raises(UsageError, match=why):
        compared((a, b))


def test_another_version_is_not_compared_but_the_rest_is(tmp_path: Path) -> None:
    told = [estimate(id, dimension="safety") for id in ("plugin/x", "plugin/y")]
    rows = [sample(e.benchmark, 1.0, sample_id=f"s{at}") for e in told for at in range(9)]
    a = open_run(Stored(told, rows).write(tmp_path / "a"))
    cards = {"plugin/y": {"title": "Y", "version": 2}}
    b = open_run(Stored(told, rows, cards=cards).write(tmp_path / "b"))
    found = compared((a, b))
    assert [d.benchmark for d in found.differences] == ["plugin/x"]
    assert found.incomparable[0].why == "version 1 of the benchmark against version 2"


def test_other_data_and_settings_are_noted(tmp_path: Path) -> None:
    other = {
        "data": {"safety/misuse.json": {"sha256": "cd" * 32, "rows": 9, "patches": {}}},
        "settings": {"suite": "mini", "seed": 1},
    }
    a = open_run(stored(tmp_path / "a", [1.0] * 20))
    b = open_run(stored(tmp_path / "b", [1.0] * 20, run=other))
    notes = " ".join(compared((a, b)).notes)
    assert "seed is 0 and 1" in notes
    assert "safety/misuse.json" in notes


def test_equal_texts_judged_differently_are_counted(tmp_path: Path) -> None:
    runs = pair_of(tmp_path, [1.0] * 30, [1.0] * 27 + [0.0] * 3, response="the same")
    assert compared(runs).differences[0].pairing.same_text_other_verdict == 3


def test_corrupt_tables_are_named(tmp_path: Path) -> None:
    runs = pair_of(tmp_path, [1.0] * 5, [1.0] * 5)
    (runs[1].path / "samples.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(StoreError, match=r"b/samples\.parquet cannot be read"):
        compared(runs)


def test_joint_intervals_are_wider_and_p_is_adjusted(tmp_path: Path) -> None:
    ids = [f"plugin/{n}" for n in range(10)]
    before, after = answers(200, 0.8), dropped(answers(200, 0.8), 0.05, 0.07, 3)
    told = [estimate(id, dimension="safety") for id in ids]
    runs = []
    for name, values in (("a", before), ("b", after)):
        rows = [
            sample(id, float(v), sample_id=f"s{at}") for id in ids for at, v in enumerate(values)
        ]
        runs.append(open_run(Stored(told, rows).write(tmp_path / name)))
    for found in compared((runs[0], runs[1])).differences:
        gap = found.gap
        assert gap.joint_low is not None and gap.low is not None and gap.joint_low < gap.low
        assert gap.p is not None and gap.p_holm == pytest.approx(min(1.0, 10 * gap.p))
