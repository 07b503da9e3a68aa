"""Columns of tables are what pyarrow makes of the same lists, without pandas."""

import subprocess
import sys

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from upright.core import printable
from upright.runs.storing.columns import column, table

KINDS = {
    pa.string(): st.text(max_size=20),
    pa.bool_(): st.booleans(),
    pa.int32(): st.integers(-(2**31), 2**31 - 1),
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.float64(): st.floats(allow_nan=False),
}


@pytest.mark.parametrize("kind", KINDS, ids=str)
@given(data=st.data())
def test_a_column_is_what_pyarrow_makes_of_the_list(kind: pa.DataType, data: st.DataObject) -> None:
    values = data.draw(st.lists(st.none() | KINDS[kind], max_size=40))
    plain = [printable(v) if isinstance(v, str) else v for v in values]
    made = column(values, kind)
    made.validate(full=True)
    assert made.equals(pa.array(plain, kind))


def test_lone_surrogates_are_made_printable() -> None:
    [text] = column(["\ud800x"], pa.string()).to_pylist()
    assert text == printable("\ud800x")


def test_a_number_that_does_not_fit_is_refused() -> None:
    with pytest.raises(OverflowError):
        column([2**40], pa.int32())


def test_a_table_has_the_order_of_its_schema() -> None:
    schema = pa.schema([("b", pa.int32()), ("a", pa.string())])
    assert table({"a": ["x"], "b": [1]}, schema).to_pylist() == [{"b": 1, "a": "x"}]


def test_a_run_is_written_without_pandas() -> None:
    """It would take half a second and 46 MB of every run."""
    code = (
        "import sys, pyarrow as pa\n"
        "from upright.runs.storing.tables import SCHEMA\n"
        "from upright.runs.storing.columns import table\n"
        "table({name: [] for name in SCHEMA.names}, SCHEMA)\n"
        "print('pandas' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
