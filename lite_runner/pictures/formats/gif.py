"""GIF files: frames, each as a file of its own (GIF89a specification, sections 18 to 27)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Iterator

from lite_runner.errors import ImageError

#: Blocks looked at: a frame of a screen recording has some thousands of them.
MAX_BLOCKS = 4_000_000
_IMAGE, _EXTENSION, _TRAILER, _GRAPHIC_CONTROL = 0x2C, 0x21, 0x3B, 0xF9
#: Values of a frame's disposal: what its area becomes before the next frame is drawn.
CLEARED, RESTORED = 2, 3


@dataclass(frozen=True)
class Frame:
    """A picture of the file, which covers a part of the canvas.

    Attributes:
        left, top, width, height: of the part, in pixels.
        disposal: see :data:`CLEARED` and :data:`RESTORED`; else it stays.
        control: the graphic control extension before it; empty if there is none.
        start, end: of its image descriptor and data in the file.
    """

    left: int
    top: int
    width: int
    height: int
    disposal: int
    control: bytes
    start: int
    end: int


def frames(data: bytes) -> Iterator[Frame]:
    """Frames in order, up to the first that is not whole.

    Raises:
        ImageError: there are more than :data:`MAX_BLOCKS` blocks.
    """
    position, control, blocks = _head_bytes(data), b"", 0
    while position < len(data) and data[position] != _TRAILER:
        start = position
        if data[position] == _EXTENSION:
            position += 2
        elif data[position] == _IMAGE and position + 11 <= len(data):
            position += 10 + _table_bytes(data[position + 9]) + 1
        else:
            return
        while position < len(data) and data[position]:
            position += data[position] + 1
            blocks += 1
            if blocks > MAX_BLOCKS:
                raise ImageError(f"has more than {MAX_BLOCKS} GIF blocks; save it again")
        position += 1
        if position > len(data):
            return
        if data[start] == _IMAGE:
            left, top, width, height = struct.unpack_from("<HHHH", data, start + 1)
            disposal = control[3] >> 2 & 7 if control else 0
            yield Frame(left, top, width, height, disposal, control, start, position)
            control = b""
        elif data[start + 1] == _GRAPHIC_CONTROL and position - start == 8:
            control = data[start:position]


def alone(data: bytes, frame: Frame) -> bytes:
    """A file that holds one frame and is as large as it."""
    head = data[:6] + struct.pack("<HH", frame.width, frame.height)
    body = data[10 : _head_bytes(data)]
    picture = data[frame.start : frame.start + 1] + bytes(4) + data[frame.start + 5 : frame.end]
    return b"".join((head, body, frame.control, picture, bytes([_TRAILER])))


def _head_bytes(data: bytes) -> int:
    """Bytes of the header, the screen descriptor and the global colours."""
    return 13 + _table_bytes(data[10]) if len(data) >= 13 else len(data)


def _table_bytes(flags: int) -> int:
    """Bytes of the table of colours that a descriptor's flags tell of."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0
