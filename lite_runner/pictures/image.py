"""Pictures: from a path, bytes, file object or array to upright 8-bit BGR, and on to network input.

Decoding refuses what OpenCV silently accepts: a cut-off JPEG would come back half grey, a
transparent PNG would lose its background, a picture of a billion pixels would take the board down.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import IO, Sequence, Union

import cv2
import numpy as np

from lite_runner.arrays import AnyArray, Floats, Image
from lite_runner.errors import ImageError
from lite_runner.pictures import decoder, image_header
from lite_runner.pictures.pixels import to_bgr, turn

Source = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview, IO[bytes], AnyArray]

#: Largest picture decoded, in pixels: phones reach 108 megapixels, and three bytes a pixel of this
#: (402 MB) is what a 1 GB board can still hold.
MAX_PIXELS = 134_217_728
#: Most memory that decoding may take, in bytes: the file, the result at three bytes a pixel, and
#: four more a pixel. With the interpreter and OpenCV that is less than 1 GB.
MAX_MEMORY = 7 * MAX_PIXELS

_KINDS = ("JPEG", "PNG", "BMP", "TIFF", "WebP", "GIF")
_EXPECTED = "expected a JPEG, PNG, BMP, TIFF, WebP or GIF picture"


def load(source: Source) -> Image:
    """Read a picture.

    Args:
        source: a path, the bytes of a file, a binary file object, or an array that is already
            decoded: HxW (grey), HxWx1, HxWx3 (BGR) or HxWx4 (BGRA), of uint8, uint16, bool or
            float in 0..1.

    Returns:
        uint8 HxWx3 in BGR order, upright by its EXIF orientation, transparency laid on white or,
        under light text, on black.

    Raises:
        ImageError: the picture is missing, empty, truncated, too large or of an unknown format, or
            ``source`` is none of these.
    """
    if isinstance(source, np.ndarray):
        return to_bgr(source)
    return decode(contents(source))


def decode(data: bytes) -> Image:
    """Decode the bytes of a picture file; see :func:`load` for the result and errors.

    Memory is at most :data:`MAX_MEMORY`, ``data`` among it.
    """
    kind, size = check(data)
    try:
        pixels = decoder.decode(data, kind, size, MAX_MEMORY)
    except cv2.error as error:
        raise ImageError(f"cannot be decoded: {_first_line(error)}; {_EXPECTED}") from error
    except MemoryError as error:
        raise ImageError("does not fit into memory; scale the picture down") from error
    return turn(pixels, image_header.exif_orientation(data))


def check(data: bytes) -> tuple[str, tuple[int, int]]:
    """Check a picture file before it is decoded.

    Returns:
        Its format, as :func:`lite_runner.pictures.image_header.format_name` names it, and (width,
        height) by its header, in pixels.

    Raises:
        ImageError: it is of no format that is read, cut off or too large.
    """
    kind = check_format(data)
    image_header.check_length(len(data))
    if not image_header.is_whole(data):
        raise ImageError(f"is a {kind} cut off after {len(data)} bytes; copy or download it again")
    size = image_header.header_size(data)
    if size is None:
        raise ImageError(f"is a {kind} that does not tell its size; save it again, as PNG or JPEG")
    check_size(*size)
    return kind, size


def check_format(data: bytes) -> str:
    """The format of a picture file.

    Raises:
        ImageError: it is empty, or of no format that is read.
    """
    if not data:
        raise ImageError(f"is empty (0 bytes); {_EXPECTED}")
    kind = image_header.format_name(data)
    if kind is None:
        raise ImageError(f"is not a picture; {_EXPECTED}")
    if kind not in _KINDS:
        # OpenCV would decode more, but without regard to size limits or orientation.
        raise ImageError(f"is a {kind} file; {_EXPECTED}: {_advice(kind)}")
    return kind


def _advice(kind: str) -> str:
    """What to do about a file that only hosts convert."""
    pages = "its pages as pictures" if kind == "PDF" else "it as one of these"
    return f"read it from a computer, by 'lite-ocr read', or save {pages}"


def normalise(
    pixels: Image,
    mean: Sequence[float],
    std: Sequence[float],
    order: str,
    out: Floats | None = None,
) -> Floats:
    """Turn one picture into network input: ``(pixel / 255 - mean) / std``, channel by channel.

    Args:
        pixels: uint8 HxWx3, BGR.
        mean, std: three values each, in the network's channel order.
        order: the network's channel order, ``"BGR"`` or ``"RGB"``.
        out: float32 3xHxW to write to, with rows that may lie apart; made if None.

    Returns:
        ``out``; contiguous if made here.
    """
    if out is None:
        out = np.empty((3, *pixels.shape[:2]), np.float32)
    for channel, table in enumerate(_tables(tuple(mean), tuple(std))):
        # One plane at a time, no float copy of the whole interleaved picture; and a look into a
        # table, for all that a byte can become is known.
        plane = cv2.extractChannel(pixels, 2 - channel if order == "RGB" else channel)
        cv2.LUT(plane, table, out[channel])
    return out


@lru_cache(maxsize=8)
def _tables(mean: tuple[float, ...], std: tuple[float, ...]) -> list[Floats]:
    """What each byte of each channel becomes."""
    scale = np.float32(1.0 / 255.0) / np.asarray(std, np.float32)
    shift = -np.asarray(mean, np.float32) / np.asarray(std, np.float32)
    values = np.arange(256, dtype=np.float32)
    return [values * factor + offset for factor, offset in zip(scale, shift)]


def resize(pixels: Image, width: int, height: int) -> Image:
    """Scale a uint8 HxWx3 picture: bilinear as in the networks' training.

    Beyond half size bilinear skips pixels, which breaks thin strokes: there areas are averaged.
    """
    if pixels.shape[:2] == (height, width):
        return pixels
    shrinks = 2 * width < pixels.shape[1] and 2 * height < pixels.shape[0]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=method), np.uint8)


def contents(source: str | os.PathLike[str] | bytes | bytearray | memoryview | IO[bytes]) -> bytes:
    """The bytes of a picture file; see :func:`load`."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        return bytes(source)
    if isinstance(source, (str, os.PathLike)):
        return image_header.read(Path(source))
    if not callable(getattr(source, "read", None)):
        raise ImageError(
            f"picture is a value of type {type(source).__name__}; expected a path, the bytes of a"
            " picture file, a file object open in binary mode, or a numpy array"
        )
    data = source.read(image_header.MAX_BYTES + 1)
    if not isinstance(data, bytes):
        raise ImageError("file object gives text; open it in binary mode ('rb')")
    return data


def check_size(width: int, height: int) -> None:
    """Refuse a picture without pixels, or with too many.

    Raises:
        ImageError: says how many are read.
    """
    if width < 1 or height < 1:
        raise ImageError(f"header says {width}x{height} pixels; the file is damaged")
    if width * height > MAX_PIXELS:
        raise ImageError(
            f"has {width}x{height} = {width * height / 1e6:.0f} megapixels;"
            f" at most {MAX_PIXELS / 1e6:.0f} are read: scale it down or cut it up"
        )


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
