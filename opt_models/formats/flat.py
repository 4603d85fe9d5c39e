"""FlatBuffers tables read with every offset checked.

The library's own reader trusts its data: damaged offsets end in errors of all kinds, read from
wherever they point, or go round in circles. Here each object is first checked to lie inside the
buffer, and all of them together to be no more bytes than it has, which also ends every circle.
"""

from __future__ import annotations

import struct
from typing import Iterator, Mapping, Sequence

from flatbuffers import number_types as types
from flatbuffers.table import Table as Raw

from opt_models.formats.damage import DamageError


class Buffer:
    """The bytes of one flatbuffer.

    Attributes:
        end: end of the last object that was looked at.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.end = 0
        self._seen = 0

    def root(self) -> Table:
        """The table from which all others are reached."""
        self.check(0, 4)
        return Table(self, _uint(self.data, 0))

    def check(self, start: int, length: int) -> None:
        """Make sure that bytes are inside the buffer.

        Raises:
            DamageError: they are not.
        """
        if start < 0 or start + length > len(self.data):
            raise DamageError(f"{length} bytes at {start} are not among the {len(self.data)} here")
        self.end = max(self.end, start + length)

    def claim(self, start: int, length: int) -> None:
        """Check bytes that belong to one object only.

        Raises:
            DamageError: they are outside, or more were claimed than there are.
        """
        self.check(start, length)
        self._seen += length
        if self._seen > len(self.data):
            raise DamageError(f"byte {start} belongs to more than one object")


class Table:
    """A table; fields are numbered in the order of the schema, from 0.

    Raises:
        DamageError: any method, if the table or what it refers to is not inside the buffer.
    """

    def __init__(self, buffer: Buffer, position: int) -> None:
        buffer.check(position, 4)
        self._buffer = buffer
        self._raw = Raw(buffer.data, position)
        layout = position - struct.unpack_from("<i", buffer.data, position)[0]
        buffer.check(layout, 4)
        length, self._length = struct.unpack_from("<HH", buffer.data, layout)
        buffer.check(layout, length)
        if length < 4 or length % 2 or self._length < 4:
            raise DamageError(f"byte {layout} describes no table")
        buffer.claim(position, self._length)

    def int32(self, field: int, default: int = 0) -> int:
        offset = self._place(field, 4)
        return default if offset is None else int(self._raw.Get(types.Int32Flags, offset))

    def int64(self, field: int, default: int = 0) -> int:
        offset = self._place(field, 8)
        return default if offset is None else int(self._raw.Get(types.Int64Flags, offset))

    def float32(self, field: int, default: float = 0.0) -> float:
        offset = self._place(field, 4)
        return default if offset is None else float(self._raw.Get(types.Float32Flags, offset))

    def bool(self, field: int) -> bool:
        offset = self._place(field, 1)
        return offset is not None and bool(self._raw.Get(types.BoolFlags, offset))

    def table(self, field: int) -> Table | None:
        """The table of a field, which may be missing."""
        offset = self._place(field, 4)
        return None if offset is None else Table(self._buffer, self._target(offset))

    def tables(self, field: int) -> Iterator[Table]:
        """The tables of a vector; none if the field is missing."""
        start, count = self.vector(field, 4)
        for offset in range(start, start + 4 * count, 4):
            yield Table(self._buffer, self._target(offset))

    def text(self, field: int) -> str:
        """A string; empty if the field is missing."""
        offset = self._place(field, 4)
        return "" if offset is None else self._text(self._target(offset))

    def texts(self, field: int) -> tuple[str, ...]:
        """The strings of a vector."""
        start, count = self.vector(field, 4)
        return tuple(
            self._text(self._target(offset)) for offset in range(start, start + 4 * count, 4)
        )

    def ints(self, field: int) -> tuple[int, ...]:
        """The numbers of a vector of int32."""
        start, count = self.vector(field, 4)
        return struct.unpack_from(f"<{count}i", self._buffer.data, start)

    def floats(self, field: int) -> tuple[float, ...]:
        """The numbers of a vector of float32."""
        start, count = self.vector(field, 4)
        return struct.unpack_from(f"<{count}f", self._buffer.data, start)

    def offset(self, field: int) -> int:
        """Where the table refers to a field's value, for :func:`refer`.

        Raises:
            DamageError: it does not have the field.
        """
        offset = self._place(field, 4)
        if offset is None:
            raise DamageError(f"byte {self._raw.Pos} is a table without field {field}")
        return offset

    def longs(self, field: int) -> tuple[int, ...]:
        """The numbers of a vector of int64."""
        start, count = self.vector(field, 8)
        return struct.unpack_from(f"<{count}q", self._buffer.data, start)

    def vector(self, field: int, width: int) -> tuple[int, int]:
        """Where a vector's elements of ``width`` bytes start, and how many there are."""
        offset = self._place(field, 4)
        return (0, 0) if offset is None else self._vector(self._target(offset), width)

    def _place(self, field: int, width: int) -> int | None:
        """Position of a field's bytes; None if the table does not have it."""
        offset = int(self._raw.Offset(4 + 2 * field))
        if offset == 0:
            return None
        if offset + width > self._length:
            raise DamageError(f"byte {self._raw.Pos} is a table shorter than its fields")
        return int(self._raw.Pos) + offset

    def _target(self, offset: int) -> int:
        return offset + _uint(self._buffer.data, offset)

    def _vector(self, start: int, width: int) -> tuple[int, int]:
        self._buffer.check(start, 4)
        count = _uint(self._buffer.data, start)
        self._buffer.claim(start, 4 + width * count)
        return start + 4, count

    def _text(self, start: int) -> str:
        start, length = self._vector(start, 1)
        self._buffer.check(start, length + 1)  # a zero follows
        try:
            return self._buffer.data[start : start + length].decode()
        except UnicodeDecodeError:
            raise DamageError(f"byte {start} should be text") from None


def _uint(data: bytes, offset: int) -> int:
    return int(struct.unpack_from("<I", data, offset)[0])


def refer(data: bytes, lists: Mapping[int, Sequence[str]]) -> bytes:
    """Let references lead to other vectors of strings, added behind all else; all else stays.

    Each vector's strings follow it directly, the first one first: Paddle-Lite with kernels for fp16
    takes the word behind a vector for the length of its first string (``OpDescView::input_vars``,
    lite/model_parser/flatbuffers/op_desc.h), which it is as the format's own builder writes it.

    Args:
        data: a flatbuffer.
        lists: by :meth:`Table.offset`.
    """
    result = bytearray(data)
    for offset, texts in sorted(lists.items()):
        result += bytes(-len(result) % 4)
        start = len(result)
        struct.pack_into("<I", result, offset, start - offset)
        result += struct.pack("<I", len(texts)) + bytes(4 * len(texts))
        for number, text in enumerate(texts, 1):
            result += bytes(-len(result) % 4)
            struct.pack_into("<I", result, start + 4 * number, len(result) - start - 4 * number)
            encoded = text.encode()
            result += struct.pack("<I", len(encoded)) + encoded + b"\0"
    return bytes(result + bytes(-len(result) % 4))
