"""ZIP archives that may be hostile, and that may be compressed with Zstandard (method 93).

Python's own zipfile reads method 93 from version 3.14 on; pyarrow brings the codec.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator

import pyarrow as pa

from upright.core import DataError
from upright.interop.untrusted import Source

LARGEST_ENTRY = 256 << 20
LARGEST_TOTAL = 4 << 30
"""Bytes after unpacking: a few kilobytes of zeros may claim to be terabytes."""
ENCRYPTED = 0x1
LOCAL_HEADER = 30


class Archive:
    """The entries of a ZIP file by name, unpacked one at a time and within bounds."""

    def __init__(self, source: Source) -> None:
        self.path = source.path
        self._content = source.content
        self._left = LARGEST_TOTAL
        try:
            with zipfile.ZipFile(io.BytesIO(self._content)) as file:
                self._entries = {entry.filename: entry for entry in file.infolist()}
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
            raise DataError(f"{self.path} is damaged or was cut off: {error}.") from error

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def names(self, folder: str) -> Iterator[str]:
        return (name for name in self._entries if name.startswith(folder))

    def read(self, name: str) -> bytes:
        """One entry; its checksum must be right."""
        entry, place = self._entries[name], f"{self.path}, {name}"
        if entry.flag_bits & ENCRYPTED:
            raise DataError(f"{place} is encrypted.")
        limit = min(LARGEST_ENTRY, self._left)
        if entry.file_size > limit:
            raise DataError(f"{place} unpacks to more than {limit:,} bytes: it is not read.")
        try:
            found = self._unpack(entry, entry.file_size)
        # pyarrow's errors are OSErrors and ValueErrors
        except (zlib.error, struct.error, OSError, ValueError, EOFError, IndexError) as error:
            raise DataError(f"{place} is damaged: {error}.") from error
        if len(found) != entry.file_size or zlib.crc32(found) != entry.CRC:
            raise DataError(f"{place} is damaged: its size or its checksum is wrong.")
        self._left -= len(found)
        return found

    def _unpack(self, entry: zipfile.ZipInfo, size: int) -> bytes:
        """At most one byte more than the entry says it holds."""
        at = entry.header_offset
        name, extra = struct.unpack("<HH", self._content[at + 26 : at + LOCAL_HEADER])
        start = at + LOCAL_HEADER + name + extra
        packed = self._content[start : start + entry.compress_size]
        match entry.compress_type:
            case zipfile.ZIP_STORED:
                return packed
            case zipfile.ZIP_DEFLATED:
                return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, size + 1)
            case 93:
                with pa.input_stream(pa.BufferReader(packed), compression="zstd") as stream:
                    return bytes(stream.read(size + 1))
            case other:
                raise ValueError(f"compression method {other} is not known here")
