"""Tensors on disk: every float type, and nothing read beyond what the file holds."""

import json
from pathlib import Path

import numpy as np
import pytest

from upright.core import DataError
from upright.models._safetensors import load_tensors, save_tensors

VALUES = np.array([[1.0, -2.5, 0.0], [0.15625, 3e4, -1e-3]], np.float32)


def file(place: Path, header: object, data: bytes = b"") -> Path:
    """A file with any header, padded or not."""
    text = json.dumps(header).encode()
    path = place / "model.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


@pytest.mark.parametrize(("kind", "form"), [("F64", "<f8"), ("F32", "<f4"), ("F16", "<f2")])
def test_floats_of_every_size_are_read(tmp_path: Path, kind: str, form: str) -> None:
    raw = VALUES.astype(form)
    entry = {"dtype": kind, "shape": [2, 3], "data_offsets": [1, 1 + raw.nbytes]}
    found = load_tensors(file(tmp_path, {"x": entry}, b"\0" + raw.tobytes()))["x"]
    assert found.dtype == np.float32
    assert np.array_equal(found, raw.astype(np.float32))


def test_bfloat16_is_the_upper_half_of_a_float(tmp_path: Path) -> None:
    upper = VALUES.view(np.uint32) >> 16
    entry = {"dtype": "BF16", "shape": [2, 3], "data_offsets": [0, 12]}
    found = load_tensors(file(tmp_path, {"x": entry}, upper.astype("<u2").tobytes()))["x"]
    assert np.array_equal(found.view(np.uint32), upper << 16)
    np.testing.assert_allclose(found, VALUES, rtol=2**-7)


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_tensors(path, {"a": VALUES, "turned": VALUES.T, "one": np.ones(1, np.float32)})
    found = load_tensors(path)
    assert list(found) == ["a", "turned", "one"]
    assert np.array_equal(found["a"], VALUES)
    assert np.array_equal(found["turned"], VALUES.T)


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"dtype": "I64", "shape": [1], "data_offsets": [0, 8]}, "holds I64"),
        ({"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}, "cut off"),
        ({"dtype": "F32", "shape": [2], "data_offsets": [-8, 0]}, "cut off"),
        ({"dtype": "F32", "shape": [3], "data_offsets": [0, 8]}, "reshape"),
        ({"dtype": "F32", "shape": [2]}, "data_offsets"),
        (7, "not a safetensors file"),
    ],
)
def test_a_header_that_lies_is_refused(tmp_path: Path, entry: object, told: str) -> None:
    path = file(tmp_path, {"__metadata__": {}, "x": entry}, bytes(8))
    with pytest.raises(DataError, match=rf"model\.safetensors.*{told}"):
        load_tensors(path)


@pytest.mark.parametrize("content", [b"", b"\x10", b"\xff" * 8 + b"{}", b"\x02" + bytes(7) + b"[]"])
def test_what_is_no_safetensors_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(DataError, match="not a safetensors file"):
        load_tensors(path)
