"""Picture files as bytes: is the file whole, how large is the picture, which way up was it taken.

Answered from the file's own structure, before anything is decoded, because OpenCV fills a cut-off
JPEG with grey, allocates whatever a header asks for, and ignores EXIF when it keeps alpha.
"""

from __future__ import annotations

import os
import stat
import struct
from pathlib import Path

from lite_runner.errors import ImageError
from lite_runner.pictures.formats import jpeg, png, riff, tiff

#: Largest file read: four bytes for each of the most pixels that are.
MAX_BYTES = 4 * 134_217_728
_EXPECTED = "expected a regular file: save the picture to one, or give it to standard input as '-'"
#: What files of the ISO base media format are, by their brand; films have others.
_BRANDS = {
    **dict.fromkeys((b"avif", b"avis"), "AVIF"),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"), "HEIC"),
}
_NO_FILES = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


def read(path: Path) -> bytes:
    """A picture file's bytes.

    Raises:
        ImageError: there is no such file, it cannot be read, is too large, or is no regular file: a
            pipe may never end.
    """
    try:
        # Opening a pipe would wait for somebody to write to it.
        descriptor = os.open(str(path), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            _check_file(os.fstat(descriptor))
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise ImageError("does not exist; check the path") from error
    except IsADirectoryError as error:
        raise ImageError("is a folder; expected a picture file") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ImageError(f"cannot be read: {reason}") from error


def check_length(count: int) -> None:
    """Refuse a file of so many bytes, if that is too large.

    Raises:
        ImageError: it is.
    """
    if count > MAX_BYTES:
        raise ImageError(
            f"has {count / 1e6:.0f} MB; at most {MAX_BYTES / 1e6:.0f} are read:"
            " save it as JPEG or PNG"
        )


def format_name(data: bytes) -> str | None:
    """What the first bytes say the file is; None if it is no picture known here."""
    for magic, name in (
        (b"\xff\xd8", "JPEG"),
        (b"\x89PNG", "PNG"),
        (b"GIF8", "GIF"),
        (b"BM", "BMP"),
        (b"II*\0", "TIFF"),
        (b"MM\0*", "TIFF"),
    ):
        if data.startswith(magic):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    if data[4:8] == b"ftyp":
        return _BRANDS.get(data[8:12])
    # Some programs write a line or two before the header (PDF 1.7, Annex H, note 13).
    return "PDF" if b"%PDF-" in data[:1024] else None


def is_whole(data: bytes) -> bool:
    """False if the file ends before its picture does; True for formats that cannot tell.

    Raises:
        ImageError: it is in so many parts that looking at them takes too long.
    """
    name = format_name(data)
    if name == "JPEG":
        return jpeg.is_whole(data)
    if name == "PNG":
        return png.is_whole(data)
    if name == "WebP":
        return riff.is_whole(data)
    if name == "GIF":
        return data.rstrip(b"\0").endswith(b";")
    if name == "BMP" and len(data) >= 6:
        return len(data) >= int.from_bytes(data[2:6], "little")
    return True


def header_size(data: bytes) -> tuple[int, int] | None:
    """(width, height) as the file's header says, before anything is decoded; None where unknown."""
    name = format_name(data)
    if name == "JPEG":
        frame = jpeg.frame(data)
        return None if frame is None else (frame.width, frame.height)
    if name == "PNG":
        return png.size(data)
    if name == "WebP":
        return riff.size(data)
    if name == "TIFF":
        directory = tiff.directory(data)
        return None if directory is None else directory.size
    if name == "GIF" and len(data) >= 10:
        width, height = struct.unpack("<HH", data[6:10])
        return int(width), int(height)
    return _bmp_size(data) if name == "BMP" and len(data) >= 26 else None


def exif_orientation(data: bytes) -> int:
    """The EXIF orientation (1 to 8) of a JPEG, PNG or WebP file; 1 where there is none.

    Not of TIFF files, which the decoder turns upright. EXIF 2.32, section 4.6.4: tag 0x0112 of the
    TIFF header's first directory.
    """
    name = format_name(data)
    readers = {"JPEG": jpeg.exif, "PNG": png.exif, "WebP": riff.exif}
    block = readers[name](data) if name in readers else None
    directory = None if block is None else tiff.directory(block)
    value = 1 if directory is None else directory.integer(tiff.ORIENTATION, 1)
    # A damaged EXIF block is no reason to refuse the picture.
    return value if 1 <= value <= 8 else 1


def _check_file(status: os.stat_result) -> None:
    kind = stat.S_IFMT(status.st_mode)
    if kind in _NO_FILES:
        raise ImageError(f"is {_NO_FILES[kind]}; {_EXPECTED}")
    if kind == stat.S_IFDIR:
        raise ImageError("is a folder; expected a picture file")
    check_length(status.st_size)


def _bmp_size(data: bytes) -> tuple[int, int]:
    if data[14] == 12:  # OS/2's short header
        width, height = struct.unpack("<HH", data[18:22])
    else:
        width, height = struct.unpack("<ii", data[18:26])
    return abs(int(width)), abs(int(height))
