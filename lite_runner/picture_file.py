"""Picture files as bytes: is the file whole, how large is the picture, which way up was it taken.

Answered from the file's own structure, before anything is decoded, because OpenCV fills a cut-off
JPEG with grey, allocates whatever a header asks for, and ignores EXIF when it keeps alpha.
"""

from __future__ import annotations

import struct
from pathlib import Path

from lite_runner.errors import ImageError

_PNG = b"\x89PNG"
_TIFF = (b"II*\0", b"MM\0*")


def read(path: Path) -> bytes:
    """A picture file's bytes.

    Raises:
        ImageError: there is no such file, or it cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ImageError("does not exist; check the path") from error
    except IsADirectoryError as error:
        raise ImageError("is a folder; expected a picture file") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ImageError(f"cannot be read: {reason}") from error


def format_name(data: bytes) -> str | None:
    """What the first bytes say the file is; None if it is no picture known here."""
    for magic, name in (
        (b"\xff\xd8", "JPEG"),
        (_PNG, "PNG"),
        (b"GIF8", "GIF"),
        (b"BM", "BMP"),
        (b"II*\0", "TIFF"),
        (b"MM\0*", "TIFF"),
    ):
        if data.startswith(magic):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    return "HEIC or AVIF" if data[4:8] == b"ftyp" else None


def is_whole(data: bytes) -> bool:
    """False if the file ends before its picture does; True for formats that cannot tell."""
    if data[:2] == b"\xff\xd8":
        scan = _jpeg_scan_start(data)
        # Inside entropy-coded data 0xFF is always followed by 0x00 or a restart marker, so the
        # first FF D9 after the scan starts is the true end (ITU-T T.81, B.1.1.2 and B.1.1.5).
        return scan is not None and data.find(b"\xff\xd9", scan) >= 0
    if data.startswith(_PNG):
        return _png_is_whole(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return len(data) >= 8 + int.from_bytes(data[4:8], "little")
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return data.rstrip(b"\0").endswith(b";")
    if data[:2] == b"BM" and len(data) >= 6:
        return len(data) >= int.from_bytes(data[2:6], "little")
    return True


def header_size(data: bytes) -> tuple[int, int] | None:
    """(width, height) as the file's header says, before anything is decoded; None where unknown."""
    if data.startswith(_PNG) and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        return int(width), int(height)
    if data[:6] in (b"GIF87a", b"GIF89a") and len(data) >= 10:
        width, height = struct.unpack("<HH", data[6:10])
        return int(width), int(height)
    if data[:2] == b"BM" and len(data) >= 26:
        if data[14] == 12:  # OS/2's short header
            width, height = struct.unpack("<HH", data[18:22])
        else:
            width, height = struct.unpack("<ii", data[18:26])
        return abs(int(width)), abs(int(height))
    if data[:2] == b"\xff\xd8":
        frame = _jpeg_segment(data, frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC})
        if frame is not None and len(frame) >= 5:
            height, width = struct.unpack(">HH", frame[1:5])
            return int(width), int(height)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP" and len(data) >= 30:
        return _webp_size(data)
    if data[:4] in _TIFF:
        sides = [_tag(data, tag) for tag in (0x0100, 0x0101)]
        if None not in sides:
            return sides[0] or 0, sides[1] or 0
    return None


def exif_orientation(data: bytes) -> int:
    """The EXIF orientation (1 to 8) of a JPEG, PNG or WebP file; 1 where there is none.

    EXIF 2.32, section 4.6.4: tag 0x0112 of the TIFF header's first directory.
    """
    tiff = _exif_block(data)
    value = None if tiff is None else _tag(tiff, 0x0112)
    # A damaged EXIF block is no reason to refuse the picture.
    return value if value is not None and 1 <= value <= 8 else 1


def _tag(tiff: bytes, wanted: int) -> int | None:
    """The value of a 16- or 32-bit tag in a TIFF structure's first directory, or None."""
    end = "<" if tiff[:2] == b"II" else ">"
    try:
        (first,) = struct.unpack_from(end + "I", tiff, 4)
        (count,) = struct.unpack_from(end + "H", tiff, first)
        for index in range(count):
            place = first + 2 + 12 * index
            tag, kind = struct.unpack_from(end + "HH", tiff, place)
            if tag == wanted and kind in (3, 4):
                (value,) = struct.unpack_from(end + ("H" if kind == 3 else "I"), tiff, place + 8)
                return int(value)
    except struct.error:
        pass
    return None


def _png_is_whole(data: bytes) -> bool:
    """Whether every chunk ends within the file: OpenCV allocates whatever a length field says."""
    position = 8
    while position + 12 <= len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        if data[position + 4 : position + 8] == b"IEND":
            return True
        position += 12 + length
    return False


def _webp_size(data: bytes) -> tuple[int, int] | None:
    """Size in the three kinds of WebP: extended, lossless, lossy (RFC 9649, section 2)."""
    kind = data[12:16]
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


def _jpeg_segments(data: bytes) -> list[tuple[int, int, int]]:
    """(marker, start, end) of each segment up to and including the first start of scan."""
    found = []
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xFF:  # fill byte
            position += 1
            continue
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:  # no length field
            position += 2
            continue
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        found.append((marker, position + 4, position + 2 + length))
        if marker == 0xDA:
            break
        position += 2 + length
    return found


def _jpeg_segment(data: bytes, markers: frozenset[int]) -> bytes | None:
    for marker, start, end in _jpeg_segments(data):
        if marker in markers:
            return data[start:end]
    return None


def _jpeg_scan_start(data: bytes) -> int | None:
    return next((end for marker, _, end in _jpeg_segments(data) if marker == 0xDA), None)


def _exif_block(data: bytes) -> bytes | None:
    """The TIFF structure that holds the EXIF tags, or None."""
    if data[:2] == b"\xff\xd8":
        for marker, start, end in _jpeg_segments(data):
            if marker == 0xE1 and data[start : start + 6] == b"Exif\0\0":
                return data[start + 6 : end]
        return None
    if data.startswith(_PNG):
        return _chunk(data, 8, b"eXIf", name_first=False)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        block = _chunk(data, 12, b"EXIF", name_first=True)
        return block[6:] if block is not None and block.startswith(b"Exif\0\0") else block
    return None


def _chunk(data: bytes, position: int, name: bytes, name_first: bool) -> bytes | None:
    """Body of the first chunk ``name`` in a PNG (length, name) or RIFF (name, length) file."""
    while position + 8 <= len(data):
        one, two = data[position : position + 4], data[position + 4 : position + 8]
        found, length = (
            (one, int.from_bytes(two, "little"))
            if name_first
            else (two, int.from_bytes(one, "big"))
        )
        if found == name:
            return data[position + 8 : position + 8 + length]
        # RIFF pads to even lengths; a PNG chunk ends in four bytes of checksum.
        position += 8 + length + ((length & 1) if name_first else 4)
    return None
