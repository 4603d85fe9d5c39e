"""WebP files: chunks, size and kind (RFC 9649, section 2)."""

from __future__ import annotations

import struct

from lite_runner.errors import ImageError

#: Chunks looked at: a still picture has a handful, an animation one a frame.
MAX_CHUNKS = 100_000
#: Of the extended header: the file is an animation, or has opacity.
_ANIMATION, _ALPHA = 0x02, 0x10


def is_whole(data: bytes) -> bool:
    """Whether the file is as long as its header says."""
    return len(data) >= 8 + int.from_bytes(data[4:8], "little")


def size(data: bytes) -> tuple[int, int] | None:
    """(width, height) in pixels of an extended, lossless or lossy file; None where unknown."""
    kind = data[12:16]
    if len(data) < 30:
        return None
    if kind == b"VP8X":
        sides = data[24:27], data[27:30]
        return int.from_bytes(sides[0], "little") + 1, int.from_bytes(sides[1], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", data[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return None


def bytes_per_pixel(data: bytes) -> float:
    """Memory that OpenCV 5.0 takes to decode the file (peak of a child, measured at 16 Mpx)."""
    flags = data[20] if data[12:16] == b"VP8X" else 0
    if flags & _ANIMATION:
        return 12.2  # two canvases besides the picture and its copy for Python
    has_alpha = flags & _ALPHA or (data[12:16] == b"VP8L" and data[24] & 0x10)
    return 8.2 if has_alpha else 7.2


def exif(data: bytes) -> bytes | None:
    """The TIFF structure of the EXIF chunk, if there is one.

    Raises:
        ImageError: there are more than :data:`MAX_CHUNKS` chunks.
    """
    position = 12
    for _ in range(MAX_CHUNKS):
        if position + 8 > len(data):
            return None
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        if data[position : position + 4] == b"EXIF":
            block = data[position + 8 : position + 8 + length]
            return block[6:] if block.startswith(b"Exif\0\0") else block
        position += 8 + length + (length & 1)  # padded to even lengths
    raise ImageError(f"has more than {MAX_CHUNKS} WebP chunks; save it again")
