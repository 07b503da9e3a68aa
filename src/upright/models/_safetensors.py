"""The safetensors format with numpy: a JSON header, then raw tensors. No pickle, no torch.

The safetensors package reads no bfloat16 into numpy, and most checkpoints are bfloat16.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from upright.core import DataError

Tensors = dict[str, NDArray[np.float32]]
Floats = NDArray[np.float32] | NDArray[np.float16]
LENGTH = 8
"""Bytes that say how long the header is."""
LONGEST_HEADER = 100_000_000
TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}


def load_tensors(path: Path) -> Tensors:
    """Every tensor of a file in float32; those stored so stay on disk until they are used."""
    try:
        raw = np.memmap(path, dtype=np.uint8, mode="c")  # OpenVINO wants it writable
        start, header = _header(raw)
        return {
            name: _tensor(raw[start:], entry)
            for name, entry in header.items()
            if name != "__metadata__"
        }
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise DataError(f"{path} is not a safetensors file of floats: {error}.") from error


def save_tensors(path: Path, tensors: Mapping[str, Floats]) -> None:
    """Write tensors of float32 or float16; the same tensors make the same bytes."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, tensor in tensors.items():
        start, end = end, end + tensor.nbytes
        kind = "F16" if tensor.dtype == np.float16 else "F32"
        header[name] = {"dtype": kind, "shape": tensor.shape, "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % LENGTH)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(LENGTH, "little") + text)
        for tensor in tensors.values():
            kind = "<f2" if tensor.dtype == np.float16 else "<f4"
            file.write(np.ascontiguousarray(tensor, kind).data)


def _header(raw: NDArray[np.uint8]) -> tuple[int, dict[str, Any]]:
    """Where the tensors begin, and what is said about each."""
    length = int.from_bytes(raw[:LENGTH].tobytes(), "little")
    if not 0 < length <= min(LONGEST_HEADER, len(raw) - LENGTH):
        raise ValueError("its header is cut off")
    start = LENGTH + length
    return start, json.loads(raw[LENGTH:start].tobytes())


def _tensor(data: NDArray[np.uint8], entry: Mapping[str, Any]) -> NDArray[np.float32]:
    if entry["dtype"] not in TYPES:
        raise ValueError(f"it holds {entry['dtype']}, not one of {', '.join(TYPES)}")
    start, end = entry["data_offsets"]
    if not 0 <= start <= end <= len(data):
        raise ValueError("it is cut off")
    stored = np.frombuffer(data[start:end], dtype=TYPES[entry["dtype"]]).reshape(entry["shape"])
    if entry["dtype"] == "BF16":
        # bfloat16 is the upper half of float32.
        return (stored.astype(np.uint32) << 16).view(np.float32)
    return np.require(stored, np.float32, "A")
