"""TIFF files: the first directory, read and written (TIFF 6.0, sections 2 and 8)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Mapping, Sequence

_MAGIC = {b"II*\0": "<", b"MM\0*": ">"}
#: Bytes of a value of each field type, and the integer types among them by their struct format.
_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_INTEGERS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I"}
_LONG = 4
#: As many as libtiff reads.
_MAX_ENTRIES = 4096
#: Pages counted at most.
MAX_PAGES = 10_000
#: Tags.
SUBFILE = 0x00FE
WIDTH, HEIGHT, ORIENTATION = 0x0100, 0x0101, 0x0112
BITS, COMPRESSION, PHOTOMETRIC, SAMPLES, PLANAR = 0x0102, 0x0103, 0x0106, 0x0115, 0x011C
#: Values of the tag PHOTOMETRIC.
PALETTE, YCBCR, LOG_L, LOG_LUV = 3, 6, 32844, 32845
#: Bits of the tag SUBFILE: a smaller copy of another page, and a mask of one.
_THUMBNAIL, _MASK = 1, 4


@dataclass(frozen=True)
class Entry:
    """A directory entry: the field type, the number of values, and their bytes."""

    kind: int
    count: int
    value: bytes


@dataclass(frozen=True)
class Directory:
    """A file's first directory.

    Attributes:
        data: the file.
        end: byte order, as struct writes it.
        fields: type, number of values and place in the file, by tag; of a tag that stands there
            twice the first counts, as in libtiff. Values are read when they are asked for: many
            entries may name the same large part of a file.
        value_bytes: of the values of all entries together, which libtiff reads into memory.
    """

    data: bytes
    end: str
    fields: Mapping[int, tuple[int, int, int]]
    value_bytes: int

    def entry(self, tag: int) -> Entry | None:
        """An entry with its values; None if it is missing or they lie outside the file."""
        kind, count, offset = self.fields.get(tag, (0, 0, 0))
        size = _TYPE_BYTES.get(kind, 0) * count
        if not 0 < size <= len(self.data) - offset:
            return None
        return Entry(kind, count, self.data[offset : offset + size])

    def integers(self, tag: int) -> tuple[int, ...]:
        """The values of a tag of any integer type; empty if it is missing or of another."""
        entry = self.entry(tag)
        if entry is None or entry.kind not in _INTEGERS:
            return ()
        return struct.unpack(f"{self.end}{entry.count}{_INTEGERS[entry.kind]}", entry.value)

    def integer(self, tag: int, default: int) -> int:
        """The first value of a tag."""
        return next(iter(self.integers(tag)), default)

    @property
    def size(self) -> tuple[int, int] | None:
        """(width, height) in pixels, None if it does not tell both."""
        width, height = self.integers(WIDTH), self.integers(HEIGHT)
        return (width[0], height[0]) if len(width) == len(height) == 1 else None

    @property
    def apart(self) -> bool:
        """Whether the samples of a pixel are stored in planes of their own."""
        return self.integer(PLANAR, 1) == 2 and self.integer(SAMPLES, 1) > 1

    @property
    def depth(self) -> int:
        """Bits of the deepest sample."""
        return max(self.integers(BITS) or (1,))

    @property
    def decoded_bytes(self) -> int:
        """Bytes a pixel that OpenCV decodes to, as it is stored."""
        photometric = self.integer(PHOTOMETRIC, 0)
        if photometric in (LOG_L, LOG_LUV):
            return 12
        samples = self.integer(SAMPLES, 1)
        channels = 1 if samples == 1 and photometric != PALETTE else 4 if samples > 3 else 3
        return channels * max(1, -(-self.depth // 8))

    @property
    def whole_bytes(self) -> int:
        """Bytes a pixel to decode the file in one go: the picture, its copy, the largest strip."""
        return 3 * max(self.decoded_bytes, 4)


def directory(data: bytes, first: int | None = None) -> Directory | None:
    """A directory of a TIFF structure; None if there is none.

    Args:
        data: the structure.
        first: where the directory stands; the first one if None.
    """
    end = _MAGIC.get(data[:4])
    if end is None:
        return None
    fields: dict[int, tuple[int, int, int]] = {}
    total = 0
    try:
        if first is None:
            (first,) = struct.unpack_from(end + "I", data, 4)
        (count,) = struct.unpack_from(end + "H", data, first)
        for index in range(min(count, _MAX_ENTRIES)):
            position = first + 2 + 12 * index
            tag, kind, values = struct.unpack_from(end + "HHI", data, position)
            size = _TYPE_BYTES.get(kind, 0) * values
            total += size
            (address,) = (
                (position + 8,) if size <= 4 else struct.unpack_from(end + "I", data, position + 8)
            )
            fields.setdefault(tag, (kind, values, address))
    except struct.error:
        pass  # cut off: what came before counts
    return Directory(data, end, fields, total)


def pages(data: bytes) -> list[int]:
    """Where the directories of a file's pages stand, :data:`MAX_PAGES` at most.

    The first directory is the first page; of those behind it smaller copies and masks are none.
    """
    end = _MAGIC.get(data[:4], "<")
    offsets: dict[int, None] = {}
    try:
        (offset,) = struct.unpack_from(end + "I", data, 4)
        while offset and offset not in offsets and len(offsets) < MAX_PAGES:
            (count,) = struct.unpack_from(end + "H", data, offset)
            offsets[offset] = None
            (offset,) = struct.unpack_from(end + "I", data, offset + 2 + 12 * count)
    except struct.error:
        pass  # cut off: what came before counts
    return [offset for n, offset in enumerate(offsets) if n == 0 or _is_page(data, offset)]


def _is_page(data: bytes, offset: int) -> bool:
    about = directory(data, offset)
    return about is not None and not about.integer(SUBFILE, 0) & (_THUMBNAIL | _MASK)


def starting_at(data: bytes, offset: int) -> bytes:
    """The same file with another first directory."""
    end = _MAGIC[data[:4]]
    return b"".join((data[:4], struct.pack(end + "I", offset), memoryview(data)[8:]))


def longs(end: str, values: Sequence[int]) -> Entry:
    """An entry of 32-bit numbers."""
    return Entry(_LONG, len(values), struct.pack(f"{end}{len(values)}I", *values))


def as_bytes(end: str, entries: Mapping[int, Entry]) -> bytes:
    """A header, one directory, and the values that do not fit into it."""
    magic = next(magic for magic, order in _MAGIC.items() if order == end)
    parts = [magic, struct.pack(end + "IH", 8, len(entries))]
    offset = 10 + 12 * len(entries) + 4
    values = []
    for tag, entry in sorted(entries.items()):
        parts.append(struct.pack(end + "HHI", tag, entry.kind, entry.count))
        if len(entry.value) <= 4:
            parts.append(entry.value.ljust(4, b"\0"))
            continue
        parts.append(struct.pack(end + "I", offset))
        values.append(entry.value)
        offset += len(entry.value)
    return b"".join([*parts, bytes(4), *values])
