"""The paper's results table: every number as printed, every column as our benchmarks know it."""

from collections import Counter
from hashlib import sha256

import pytest

from upright.core.registry import entries, load
from upright.data.published import published

SPOT = [
    ("GPT-4", "Internal", 0.417),
    ("ERNIE", "Disp. sex p", 3.2e-45),
    ("ChatGLM2", "Disp. race p", 9.8e-05),
    ("Oasst-12b", "ConfAIde r", -0.161),
    ("Vicuna-7b", "AdvInstr", 88.77),
    ("PaLM2", "Exagg.", 0.377),
    ("Llama2-13b", "Agree", 0.005),
    ("Wizardlm-13b", "Emotion", 0.810),
    ("Mixtral", "Exagg.", 0.495),
    ("Llama3-8b", "SocChem", 0.940),
]


def test_the_size_of_the_table() -> None:
    facts = published()
    assert (len(facts.columns), len(facts.models)) == (31, 21)
    assert sum(not model.later for model in facts.models) == 16
    assert {len(model.values) for model in facts.models} == {31}
    missing = Counter(m.id for m in facts.models for v in m.values if v is None)
    assert missing == {"ChatGLM3": 3, "Llama3-8b": 2, "Llama3-70b": 2, "GLM4": 2, "Mixtral": 2}


@pytest.mark.parametrize(("model", "column", "value"), SPOT)
def test_cells(model: str, column: str, value: float) -> None:
    assert published().values(column, later=True)[model] == value


def test_no_cell_has_changed_since_it_was_read_from_the_source() -> None:
    cells = "\n".join(
        f"{model.id} {column.key} {value!r}"
        for model in published().models
        for column, value in zip(published().columns, model.values, strict=True)
    )
    assert sha256(cells.encode()).hexdigest() == CHECKSUM


def test_columns_are_those_of_the_benchmarks_with_their_directions() -> None:
    """Direction, benchmark and dimension of each column are what the benchmark itself says."""
    known = {}
    for id in entries("benchmarks"):
        benchmark = load("benchmarks", id)
        for metric in benchmark.published.metrics if benchmark.published else ():
            if metric.column:
                known[metric.column] = id, str(benchmark.card.dimension), metric.higher_is_better
    ours = {c.key: (c.benchmark, c.dimension, c.higher_is_better) for c in published().columns}
    assert ours == known


def test_later_rows_say_what_is_wrong_with_them() -> None:
    later = [model for model in published().models if model.later]
    assert [model.id for model in later] == [
        "ChatGLM3",
        "Llama3-8b",
        "Llama3-70b",
        "GLM4",
        "Mixtral",
    ]
    assert all({"Exagg.", "ETHICS"} <= set(model.faults) for model in later)
    assert {m.id for m in later if "SocChem" in m.faults} == {"Llama3-8b", "Llama3-70b"}
    assert not any(model.faults for model in published().models if not model.later)


def test_an_interval_is_claimed_only_for_a_known_number_of_trials() -> None:
    for column in published().columns:
        assert column.n or column.n_note, f"{column.key} has no n and does not say why"


CHECKSUM = "5aaf60e32b39faa5bc56dc3eba69a0ad1d4b583abf78ae5e61e870addd7aaf3c"
