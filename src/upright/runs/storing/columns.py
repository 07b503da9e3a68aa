"""Arrow's columns from Python's values, buffer by buffer.

`pa.array` of a list does the same, but imports pandas to see whether the list is one of its own:
half a second and 46 MB of every run.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from upright.core import printable


def table(columns: Mapping[str, Sequence[Any]], schema: pa.Schema) -> pa.Table:
    """By the schema's fields, in its order; None is a null, and text is made printable."""
    made = [column(columns[field.name], field.type) for field in schema]
    return pa.Table.from_arrays(made, schema=schema)


def column(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """One column of strings, booleans, integers or floats."""
    validity = _validity(values) if None in values else None
    if pa.types.is_string(kind):
        buffers = _text(values)
    elif pa.types.is_boolean(kind):
        buffers = [_bits(np.fromiter(map(bool, values), bool, len(values)))]
    else:
        known = (0 if value is None else value for value in values)
        buffers = [pa.py_buffer(np.fromiter(known, kind.to_pandas_dtype(), len(values)))]
    return pa.Array.from_buffers(kind, len(values), [validity, *buffers])


def _validity(values: Sequence[Any]) -> pa.Buffer:
    return _bits(np.fromiter((value is not None for value in values), bool, len(values)))


def _text(values: Sequence[str | None]) -> list[pa.Buffer]:
    """Where each text begins and the last one ends, and all of them in UTF-8.

    Raises OverflowError above 2 GB, which is what one column of Arrow's strings can hold.
    """
    texts = ["" if value is None else value for value in values]
    whole = "".join(texts)
    if whole.isascii():  # so is each of them, as long in bytes as in characters
        sizes, content = map(len, texts), whole.encode()
    else:
        encoded = [printable(text).encode() for text in texts]
        sizes, content = map(len, encoded), b"".join(encoded)
    ends = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(np.fromiter(sizes, np.int64, len(texts)), out=ends[1:])
    if ends[-1] > np.iinfo(np.int32).max:
        raise OverflowError(f"{len(texts)} texts of {ends[-1]:,} bytes do not fit in a column.")
    return [pa.py_buffer(ends.astype(np.int32)), pa.py_buffer(content)]


def _bits(flags: NDArray[np.bool_]) -> pa.Buffer:
    return pa.py_buffer(np.packbits(flags, bitorder="little"))
