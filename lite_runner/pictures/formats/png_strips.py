"""PNG files decoded strip by strip, so that 16 bits and opacity take little memory.

OpenCV decodes whole files only, to up to 8 bytes a pixel, and then copies them for Python. Rows are
filtered by the row above at most, so a strip of them is a PNG of its own once the row above stands
before it, unfiltered.
"""

from __future__ import annotations

import struct
import zlib
from typing import Callable, Iterator

import numpy as np

from lite_runner.arrays import AnyArray
from lite_runner.pictures.formats.inflate import PIECE, Inflated, damaged
from lite_runner.pictures.formats.png import (
    GREY,
    GREY_ALPHA,
    PALETTE,
    RGB,
    RGBA,
    SIGNATURE,
    Header,
    chunks,
)

#: Filtered bytes of a strip.
STRIP_BYTES = 1 << 21
_SAMPLES = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}
#: Where the samples of a pixel stand in what OpenCV decodes.
_CHANNELS = {GREY: [0], RGB: [2, 1, 0], GREY_ALPHA: [0, 3], RGBA: [2, 1, 0, 3]}
#: First column and row, and distances, of the passes of an interlaced picture (section 8).
_ADAM7 = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)

#: Decodes a PNG file as it is stored; None if it cannot.
Decode = Callable[[bytes], "AnyArray | None"]


def strips(data: bytes, about: Header, decode: Decode) -> Iterator[tuple[slice, slice, AnyArray]]:
    """Decode piece by piece.

    Args:
        data: a whole file.
        about: its header.
        decode: reads a PNG file of a strip.

    Yields:
        Rows and columns of the picture, and their pixels as OpenCV would have decoded them.

    Raises:
        ImageError: the compressed data is damaged.
    """
    source = Inflated(_compressed(data), "PNG")
    passes = _ADAM7 if about.interlaced else ((0, 0, 1, 1),)
    for left, top, across, down in passes:
        width, height = -(-(about.width - left) // across), -(-(about.height - top) // down)
        if width < 1 or height < 1:
            continue
        for start, pixels in _pass(source, about, width, height, decode):
            rows = slice(top + start * down, top + (start + len(pixels) - 1) * down + 1, down)
            yield rows, slice(left, None, across), pixels


def strip_bytes(about: Header) -> int:
    """Filtered bytes of the largest strip and the row above it; a strip has one row at least."""
    row_bytes = _row_bytes(about, about.width)
    return max(STRIP_BYTES, row_bytes) + row_bytes


def _row_bytes(about: Header, width: int) -> int:
    return -(-width * _SAMPLES[about.colour] * about.depth // 8)


def _pass(
    source: Inflated, about: Header, width: int, height: int, decode: Decode
) -> Iterator[tuple[int, AnyArray]]:
    """First row and pixels of each strip of one pass."""
    row_bytes = _row_bytes(about, width)
    step = max(1, STRIP_BYTES // (row_bytes + 1))
    above = bytes(row_bytes)
    for start in range(0, height, step):
        count = min(step, height - start)
        filtered = source.read(count * (row_bytes + 1))
        indices = about.palette is not None
        # Filters work on bytes: indices are decoded as grey values, several to a byte or not.
        strip = _file(
            row_bytes if indices else width,
            count + 1,
            8 if indices else about.depth,
            GREY if indices else about.colour,
            b"" if indices else about.transparency,
            b"\0" + above + filtered,
        )
        pixels = decode(strip)
        if pixels is None or len(pixels) != count + 1:
            raise damaged("PNG", "does not fit its header")
        above = _stored(pixels[-1], about)
        yield start, _coloured(pixels[1:], about, width)


def _stored(row: AnyArray, about: Header) -> bytes:
    """A decoded row as the file stores it."""
    if about.palette is not None:
        return row.tobytes()
    samples = row.reshape(len(row), -1)[:, _CHANNELS[about.colour]]
    return samples.astype(">u2" if about.depth == 16 else np.uint8).tobytes()


def _coloured(pixels: AnyArray, about: Header, width: int) -> AnyArray:
    """Indices as their colours; other pixels as they are."""
    if about.palette is None:
        return pixels
    if about.depth < 8:
        bits = np.unpackbits(pixels, axis=1).reshape(len(pixels), -1, about.depth)
        weights = 1 << np.arange(about.depth - 1, -1, -1, dtype=np.uint8)
        pixels = (bits * weights).sum(axis=2, dtype=np.uint8)[:, :width]
    return about.palette[pixels]


def _file(
    width: int, height: int, depth: int, colour: int, transparency: bytes, filtered: bytes
) -> bytes:
    """A PNG file that holds filtered rows, not compressed."""
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"".join(
        (
            SIGNATURE,
            _chunk(b"IHDR", head),
            _chunk(b"tRNS", transparency) if transparency else b"",
            _chunk(b"IDAT", zlib.compress(filtered, 0)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(name: bytes, body: bytes) -> bytes:
    checksum = zlib.crc32(body, zlib.crc32(name))
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", checksum)


def _compressed(data: bytes) -> Iterator[bytes]:
    """The zlib stream of the IDAT chunks, whose checksums are tested."""
    view = memoryview(data)
    for name, start, end in chunks(data):
        if name != b"IDAT":
            continue
        expected = int.from_bytes(data[end : end + 4], "big")
        if zlib.crc32(view[start:end], zlib.crc32(name)) != expected:
            raise damaged("PNG", "has a wrong checksum")
        for offset in range(start, end, PIECE):
            yield bytes(view[offset : min(offset + PIECE, end)])
