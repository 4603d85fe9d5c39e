"""PNG files: chunks and what they say of the picture (PNG specification, third edition)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Iterator

import numpy as np

from lite_runner.arrays import AnyArray
from lite_runner.errors import ImageError

#: Chunks looked at: encoders write data in chunks of 8 KB or more.
MAX_CHUNKS = 1_000_000
#: Bytes of a palette, the longer of the two chunks that are kept.
_LONGEST = 3 * 256
SIGNATURE = b"\x89PNG\r\n\x1a\n"
#: Colour types.
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6


@dataclass(frozen=True)
class Header:
    """What decoding needs to know of a file.

    Attributes:
        width, height: in pixels.
        depth: bits a sample.
        colour: colour type.
        interlaced: whether it is stored in seven passes.
        palette: uint8 256x4, BGRA; None where pixels are no indices.
        transparency: the tRNS chunk's content; empty if there is none.
        animated: whether other frames follow the picture.
    """

    width: int
    height: int
    depth: int
    colour: int
    interlaced: bool
    palette: AnyArray | None
    transparency: bytes
    animated: bool

    @property
    def costly(self) -> bool:
        """Whether OpenCV takes more memory for it than for three bytes a pixel."""
        opaque = self.colour not in (GREY_ALPHA, RGBA) and not self.transparency
        return self.depth == 16 or not opaque or self.animated


def chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and end of each chunk's content, up to the first that is not whole.

    Raises:
        ImageError: there are more than :data:`MAX_CHUNKS`.
    """
    position = len(SIGNATURE)
    for _ in range(MAX_CHUNKS):
        if position + 12 > len(data):
            return
        end = position + 8 + int.from_bytes(data[position : position + 4], "big")
        yield data[position + 4 : position + 8], position + 8, end
        position = end + 4
    raise ImageError(f"has more than {MAX_CHUNKS} PNG chunks; save it again")


def is_whole(data: bytes) -> bool:
    """Whether every chunk ends within the file: OpenCV allocates whatever a length field says."""
    return any(name == b"IEND" for name, _, _ in chunks(data))


def size(data: bytes) -> tuple[int, int] | None:
    """(width, height) in pixels; None if the header is cut off."""
    if len(data) < 24:
        return None
    width, height = struct.unpack_from(">II", data, 16)
    return int(width), int(height)


def header(data: bytes) -> Header:
    """The header of a whole file."""
    width, height, depth, colour, _, _, interlace = struct.unpack_from(">IIBBBBB", data, 16)
    parts: dict[bytes, bytes] = {}
    for name, start, end in chunks(data):
        if name == b"IDAT":
            break
        if name in (b"PLTE", b"tRNS", b"acTL"):
            parts[name] = data[start : min(end, start + _LONGEST)]
    transparency = parts.get(b"tRNS", b"")
    palette = _palette(parts.get(b"PLTE", b""), transparency) if colour == PALETTE else None
    return Header(
        width, height, depth, colour, interlace == 1, palette, transparency, b"acTL" in parts
    )


def exif(data: bytes) -> bytes | None:
    """The content of the eXIf chunk, if there is one."""
    places = (data[start:end] for name, start, end in chunks(data) if name == b"eXIf")
    return next(places, None)


def _palette(colours: bytes, opacity: bytes) -> AnyArray:
    """uint8 256x4, BGRA; what the file does not name is black."""
    table = np.zeros((256, 4), np.uint8)
    table[:, 3] = 255
    count = min(len(colours) // 3, 256)
    table[:count, 2::-1] = np.frombuffer(colours, np.uint8)[: 3 * count].reshape(-1, 3)
    count = min(len(opacity), 256)
    table[:count, 3] = np.frombuffer(opacity, np.uint8)[:count]
    return table
