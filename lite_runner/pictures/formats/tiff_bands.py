"""TIFF files in bands of rows, so that 16 bits, floats and opacity take little memory.

OpenCV decodes whole files only, to up to 32 bytes a pixel, and then copies them for Python. Each
strip or tile is compressed by itself (TIFF 6.0, sections 3 and 15), so some of them are a TIFF file
of their own. A picture of one strip is cut up where it is stored as it is or deflated.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Iterator, Sequence

from lite_runner.pictures.formats.inflate import PIECE, Inflated
from lite_runner.pictures.formats.tiff import (
    BITS,
    COMPRESSION,
    HEIGHT,
    PHOTOMETRIC,
    SAMPLES,
    YCBCR,
    Directory,
    as_bytes,
    longs,
)

#: Pixels decoded at once, where strips are that small.
BAND_PIXELS = 1 << 20
_STRIP_OFFSETS, _STRIP_ROWS, _STRIP_BYTES = 0x0111, 0x0116, 0x0117
_TILE_WIDTH, _TILE_HEIGHT, _TILE_OFFSETS, _TILE_BYTES = 0x0142, 0x0143, 0x0144, 0x0145
_UNCOMPRESSED, _OLD_JPEG = 1, 6
#: Tags that tell how strips are compressed and what their samples are: all that a band needs of its
#: picture. Its orientation is none of them, for rows are turned once the picture is whole.
_KEPT = (
    *(0x00FE, 0x0100, 0x0102, 0x0103, 0x0106, 0x010A, 0x0115, 0x011C),  # samples, fill order
    *(0x0124, 0x0125, 0x013D, 0x0140, 0x0142, 0x0143),  # fax, predictor, palette, tiles
    *(0x013E, 0x013F, 0x014C, 0x014E, 0x0152, 0x0153, 0x0154, 0x0155, 0x015B),  # colours, JPEG
    *(0x0211, 0x0212, 0x0213, 0x0214, 0xC5F2),  # YCbCr, LERC
)
#: Adobe's and the older number.
_DEFLATED = (8, 32946)


@dataclass(frozen=True)
class Band:
    """Some rows of a picture as a file of their own, without its orientation."""

    start: int
    rows: int
    file: bytes


@dataclass(frozen=True)
class Layout:
    """How a picture is stored: ``planes`` times ``down`` times ``across`` strips or tiles.

    Attributes:
        width, height: of the picture, in pixels.
        rows: of a strip or tile.
        across, planes: tiles beside each other; 1, or the samples of a pixel stored apart.
        offsets, sizes: of each in the file, in bytes.
        tiled: whether they are tiles.
        row_bytes: of a row of pixels, where the only strip can be cut up; else 0.
    """

    width: int
    height: int
    rows: int
    across: int
    planes: int
    offsets: tuple[int, ...]
    sizes: tuple[int, ...]
    tiled: bool
    row_bytes: int = 0

    @property
    def band_rows(self) -> int:
        """Rows of a band: of as many strips as have :data:`BAND_PIXELS`, or of one."""
        rows = 1 if self.row_bytes else self.rows
        return rows * max(1, BAND_PIXELS // (self.width * rows))

    @property
    def band_pixels(self) -> int:
        """Pixels of a band."""
        return self.width * min(self.band_rows, self.height)


def layout(about: Directory) -> Layout | None:
    """How a picture is stored; None if that is not known, or its strips need each other."""
    if about.size is None or about.integer(COMPRESSION, 1) == _OLD_JPEG:
        return None
    width, height = about.size
    planes = about.integer(SAMPLES, 1) if about.apart else 1
    tiled = _TILE_OFFSETS in about.fields
    side = about.integer(_TILE_WIDTH, 0) if tiled else width
    rows = (
        about.integer(_TILE_HEIGHT, 0) if tiled else min(about.integer(_STRIP_ROWS, height), height)
    )
    offsets = about.integers(_TILE_OFFSETS if tiled else _STRIP_OFFSETS)
    sizes = about.integers(_TILE_BYTES if tiled else _STRIP_BYTES)
    if min(side, rows, planes, width, height) < 1 or min(offsets + sizes, default=-1) < 0:
        return None
    across = -(-width // side)
    if sum(sizes) > len(about.data):
        return None  # strips that overlap would be copied again and again
    if not len(offsets) == len(sizes) == across * -(-height // rows) * planes:
        return None
    row_bytes = 0 if tiled or len(offsets) > 1 else _row_bytes(about, width)
    return Layout(width, height, rows, across, planes, offsets, sizes, tiled, row_bytes)


def bands(about: Directory, stored: Layout) -> Iterator[Band]:
    """A picture in bands, from the top.

    Args:
        about: its directory.
        stored: its layout.

    Raises:
        ImageError: its compressed data is damaged.
    """
    pieces = _one_strip(about, stored) if stored.row_bytes else _strips(about.data, stored)
    for number, bodies in enumerate(pieces):
        start = number * stored.band_rows
        rows = min(stored.band_rows, stored.height - start)
        yield Band(start, rows, _file(about, stored, bodies, rows))


def _row_bytes(about: Directory, width: int) -> int:
    """Bytes of a row in a strip that can be cut up; 0 if it cannot."""
    kind = about.integer(COMPRESSION, 1)
    if kind not in (_UNCOMPRESSED, *_DEFLATED) or about.integer(PHOTOMETRIC, 0) == YCBCR:
        return 0
    return -(-width * sum(about.integers(BITS) or (1,)) // 8)


def _strips(data: bytes, stored: Layout) -> Iterator[list[bytes]]:
    """The strips or tiles of each band."""
    down = -(-stored.height // stored.rows)
    step = stored.band_rows // stored.rows
    for first in range(0, down, step):
        numbers = [
            (plane * down + row) * stored.across + column
            for plane in range(stored.planes)
            for row in range(first, min(first + step, down))
            for column in range(stored.across)
        ]
        yield [data[stored.offsets[n] : stored.offsets[n] + stored.sizes[n]] for n in numbers]


def _one_strip(about: Directory, stored: Layout) -> Iterator[list[bytes]]:
    """The only strip cut up into one for each band."""
    data = about.data
    start, end = stored.offsets[0], stored.offsets[0] + stored.sizes[0]
    step = stored.band_rows * stored.row_bytes
    total = stored.height * stored.row_bytes
    if about.integer(COMPRESSION, 1) == _UNCOMPRESSED:
        for offset in range(0, total, step):
            yield [data[start + offset : start + min(offset + step, total)]]
        return
    pieces = (data[offset : min(offset + PIECE, end)] for offset in range(start, end, PIECE))
    stream = Inflated(pieces, "TIFF")
    for offset in range(0, total, step):
        # Rows may stand as differences to the pixel on their left, which deflated strips only have.
        yield [zlib.compress(stream.read(min(step, total - offset)), 0)]


def _file(about: Directory, stored: Layout, bodies: Sequence[bytes], rows: int) -> bytes:
    """A TIFF file of some strips or tiles."""
    entries = {tag: entry for tag in _KEPT for entry in [about.entry(tag)] if entry}
    entries[HEIGHT] = longs(about.end, [rows])
    if not stored.tiled:
        strip_rows = stored.band_rows if stored.row_bytes else stored.rows
        entries[_STRIP_ROWS] = longs(about.end, [min(strip_rows, rows)])
    where = _TILE_OFFSETS if stored.tiled else _STRIP_OFFSETS
    sizes = _TILE_BYTES if stored.tiled else _STRIP_BYTES
    entries[sizes] = longs(about.end, [len(body) for body in bodies])
    entries[where] = longs(about.end, [0] * len(bodies))
    position = len(as_bytes(about.end, entries))
    offsets = []
    for body in bodies:
        offsets.append(position)
        position += len(body)
    entries[where] = longs(about.end, offsets)
    return as_bytes(about.end, entries) + b"".join(bodies)
