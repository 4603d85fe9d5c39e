"""JPEG files: their segments, the size of the frame, and what decoding it costs (ITU-T T.81)."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import Iterator, NamedTuple, Sequence

from lite_runner.errors import ImageError

#: Segments looked at: cameras write some dozens, and large colour profiles some hundreds.
MAX_SEGMENTS = 100_000
#: Blocks of 8x8 coefficients that all scans of a frame go through together. The decoder takes some
#: 50 ns for one that a scan leaves as it is (libjpeg-turbo 3.1 on a Xeon of 2.5 GHz); the largest
#: pictures that are read have 25 million, in the ten or so scans that encoders write.
MAX_BLOCK_VISITS = 40_000_000

_FILL = re.compile(rb"\xff*")
#: In entropy-coded data 0xFF is followed by 0x00 or a restart marker (B.1.1.2 and B.1.1.5).
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_SOI, _EOI, _SOS, _APP1 = 0xD8, 0xD9, 0xDA, 0xE1
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
#: Coefficients of a block: 64 of 16 bits.
_BLOCK_BYTES = 128


class Segment(NamedTuple):
    """A marker and where its parameters lie in the file."""

    marker: int
    start: int
    end: int


@dataclass(frozen=True)
class Frame:
    """A frame header (B.2.2).

    Attributes:
        width, height: in pixels.
        progressive: whether its scans refine each other.
        blocks: 8x8 blocks of each component, by the component's identifier.
    """

    width: int
    height: int
    progressive: bool
    blocks: dict[int, int]


def segments(data: bytes) -> Iterator[Segment]:
    """Segments in the order of the file, the end of the image (EOI) the last if the file has one.

    Raises:
        ImageError: there are more than :data:`MAX_SEGMENTS`.
    """
    position, in_scans = 2, False
    for _ in range(MAX_SEGMENTS):
        start = _next_marker(data, position, in_scans)
        if start is None:
            return
        marker = data[start]
        if marker == _EOI:
            yield Segment(marker, start + 1, start + 1)
            return
        if marker in _WITHOUT_LENGTH:
            position = start + 1
            continue
        position = start + 1 + int.from_bytes(data[start + 1 : start + 3], "big")
        yield Segment(marker, start + 3, position)
        in_scans = in_scans or marker == _SOS
    raise ImageError(
        f"has more than {MAX_SEGMENTS} JPEG segments; expected some dozens: save it again"
    )


def is_whole(data: bytes) -> bool:
    """Whether the file holds a scan and the end of the image."""
    markers = {segment.marker for segment in segments(data)}
    return {_SOS, _EOI} <= markers


def frame(data: bytes) -> Frame | None:
    """The frame header; None where there is none or it is damaged."""
    for marker, start, end in segments(data):
        if marker in _FRAMES:
            try:
                return _frame(data[start:end], marker in _PROGRESSIVE)
            except (struct.error, ZeroDivisionError):
                return None
    return None


def exif(data: bytes) -> bytes | None:
    """The TIFF structure of the EXIF segment, if there is one."""
    for marker, start, end in segments(data):
        if marker == _APP1 and data[start : start + 6] == b"Exif\0\0":
            return data[start + 6 : end]
        if marker == _SOS:
            break
    return None


def scans(data: bytes) -> list[list[int]]:
    """Identifiers of each scan's components (B.2.3)."""
    return [
        [data[start + 1 + 2 * index] for index in range(data[start])]
        for marker, start, end in segments(data)
        if marker == _SOS and start < end <= len(data) and start + 2 * data[start] < end
    ]


def coefficient_bytes(header: Frame, scans: Sequence[Sequence[int]]) -> int:
    """Memory for the coefficients of a whole frame, which is needed where several scans make it."""
    if header.progressive or (scans and len(scans[0]) < len(header.blocks)):
        return _BLOCK_BYTES * sum(header.blocks.values())
    return 0


def check_time(header: Frame, scans: Sequence[Sequence[int]]) -> None:
    """Refuse a picture whose scans take too long to decode.

    Raises:
        ImageError: they go through more than :data:`MAX_BLOCK_VISITS` blocks.
    """
    visits = sum(header.blocks.get(component, 0) for scan in scans for component in scan)
    if visits > MAX_BLOCK_VISITS:
        raise ImageError(
            f"has {len(scans)} scans of {header.width}x{header.height} pixels, which would take"
            f" minutes to decode ({visits / 1e6:.0f} million blocks, at most"
            f" {MAX_BLOCK_VISITS / 1e6:.0f} are): save it as a baseline JPEG or PNG"
        )


def _next_marker(data: bytes, position: int, in_scans: bool) -> int | None:
    """Where the second byte of the next marker is; None at the end, or where there is no marker."""
    if in_scans:
        match = _MARKER.search(data, position)
        return None if match is None else match.start() + 1
    match = _FILL.match(data, position)
    start = position if match is None else match.end()
    return start if start > position and start + 3 <= len(data) else None


def _frame(body: bytes, progressive: bool) -> Frame:
    height, width, count = struct.unpack_from(">HHB", body, 1)
    parts = [struct.unpack_from("BBB", body, 6 + 3 * index) for index in range(count)]
    factors = {name: (sampling >> 4, sampling & 15) for name, sampling, _ in parts}
    across = max((factor for factor, _ in factors.values()), default=1)
    down = max((factor for _, factor in factors.values()), default=1)
    blocks = {
        name: -(-width * h // (8 * across)) * -(-height * v // (8 * down))
        for name, (h, v) in factors.items()
    }
    return Frame(width, height, progressive, blocks)
