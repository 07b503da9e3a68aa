"""Every benchmark meets the contract, on our mini set and on the paper's data: it is tested
because it exists."""

from collections.abc import Callable
from pathlib import Path

import pytest

from upright.core import Benchmark, DataError, make_samples, registry
from upright.data import DataFile, datasets, in_suite, suite_file
from upright.runs.scoring.contract import answer_all, check

IDS = list(registry.entries("benchmarks"))


@pytest.mark.parametrize("id", IDS)
def test_contract_on_mini(id: str, mini: Callable[[str], DataFile]) -> None:
    benchmark: Benchmark = registry.load("benchmarks", id)
    assert benchmark.card.dimension == id.split("/", maxsplit=1)[0], "the folder is the dimension"
    bad = [f for f in check(benchmark, mini(benchmark.file).patched) if not f.ok]
    assert not bad, f"{id}: {bad}"


@pytest.mark.parametrize("id", IDS)
def test_a_value_alone_is_that_with_an_interval(id: str, mini: Callable[[str], DataFile]) -> None:
    benchmark: Benchmark = registry.load("benchmarks", id)
    rows = [row for row in mini(benchmark.file).patched if benchmark.keep(row)]
    for score_set in filter(None, (benchmark.upright, benchmark.published)):
        scored, _ = answer_all(score_set, rows, "random")
        for metric in score_set.metrics:
            whole = metric.measure(scored).value
            same = None if whole is None else pytest.approx(whole, abs=1e-12)
            assert metric.value(scored) == same, metric.name


PLACES = [
    (suite, id)
    for suite in datasets()
    for id in IDS
    if in_suite(suite, registry.load("benchmarks", id).file)
]


def test_every_benchmark_is_in_a_suite_of_public_data() -> None:
    assert {id for _, id in PLACES} == {*IDS}
    assert len(PLACES) == len(IDS)


@pytest.mark.full
@pytest.mark.parametrize(("suite", "id"), PLACES)
def test_contract_on_public_data(suite: str, id: str, data: Path) -> None:
    benchmark: Benchmark = registry.load("benchmarks", id)
    rows = suite_file(suite, benchmark.file, data).patched
    bad = [f for f in check(benchmark, rows) if not f.ok]
    assert not bad, f"{id}: {bad}"


def test_the_31_columns_of_the_paper_are_all_here() -> None:
    """Section 4 of the paper's tables: 31 published metrics, each once."""
    columns = [
        metric.column
        for id in IDS
        if (published := registry.load("benchmarks", id).published)
        for metric in published.metrics
        if metric.column
    ]
    assert len(columns) == len(set(columns)), "a column is claimed twice"
    assert len(columns) == 31, sorted(columns)


@pytest.mark.parametrize(
    ("id", "field", "odd"),
    [
        ("safety/jailbreak", "label", []),
        ("robustness/advglue", "label", "pos"),
        ("privacy/confaide", "label", "n/a"),
        ("fairness/stereotype_recognition", "label", "Stereotype"),
        ("truthfulness/internal", "answer", None),
    ],
)
def test_a_malformed_row_is_named_with_its_file(
    id: str, field: str, odd: object, mini: Callable[[str], DataFile]
) -> None:
    benchmark: Benchmark = registry.load("benchmarks", id)
    rows = mini(benchmark.file).patched
    broken = rows[-1].changed(**{field: odd})
    with pytest.raises(DataError, match=f"{benchmark.file}, row {broken.index}: no sample"):
        make_samples(benchmark.upright, [*rows[:-1], broken], 0)
