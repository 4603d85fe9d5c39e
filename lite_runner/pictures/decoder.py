"""Files decoded by OpenCV: what each costs, and in strips where the whole would take too much."""

from __future__ import annotations

import cv2
import numpy as np

from lite_runner.arrays import AnyArray, Image
from lite_runner.errors import ImageError
from lite_runner.pictures import pixels
from lite_runner.pictures.compositing import Composite
from lite_runner.pictures.formats import jpeg, png, png_strips, riff, tiff, tiff_bands

#: Pictures up to so many pixels are decoded whole, which takes 50 MB at most.
SMALL = 1 << 20
#: Bytes a pixel that OpenCV takes beside the file: it decodes to memory of its own, of which Python
#: gets a copy. Peaks of a child that decodes 16 megapixels, OpenCV 5.0.
_PLAIN = 6.2
_GIF = 9.2
_PNG_WITH_OPACITY = 8.2
_PNG_ANIMATED = 16.2
#: Bytes a pixel of a picture that is filled strip by strip, its opacity among them.
_COMPOSITE = 4
#: Copies of a PNG's strip on its way to pixels, at most: of a palette of one bit.
_STRIP_COPIES = 16


def decode(data: bytes, kind: str, size: tuple[int, int], limit: int) -> Image:
    """Decode a whole file.

    Args:
        data: the file.
        kind: as :func:`lite_runner.pictures.image_header.format_name` names it.
        size: (width, height) by its header, in pixels.
        limit: most memory to take, ``data`` among it, in bytes.

    Returns:
        uint8 HxWx3, BGR; as it is stored, but TIFF upright by its orientation.

    Raises:
        ImageError: the file is damaged, or decoding takes too much memory or time.
        cv2.error: OpenCV cannot decode it.
    """
    if kind == "JPEG":
        _check_jpeg(data, limit)
    if kind == "PNG":
        return _png(data, size, limit)
    if kind == "TIFF":
        return _tiff(data, size, limit)
    cost = {"WebP": riff.bytes_per_pixel(data), "GIF": _GIF}.get(kind, _PLAIN)
    check_memory(kind, size, len(data) + cost * size[0] * size[1], limit)
    return pixels.to_bgr(_whole(data, kind))


def check_memory(kind: str, size: tuple[int, int], needed: float, limit: int) -> None:
    """Refuse a picture that takes more memory than that.

    Args:
        kind, size: of the picture, as of :func:`decode`.
        needed: to decode it, in bytes.
        limit: in bytes.

    Raises:
        ImageError: it does.
    """
    if needed > limit:
        raise ImageError(
            f"has {size[0]}x{size[1]} pixels, and this kind of {kind} takes {needed / 1e6:.0f} MB"
            f" to decode; at most {limit / 1e6:.0f} MB are used: scale it down, or save it as a"
            " baseline JPEG or a PNG of 8 bits"
        )


def _whole(data: bytes, kind: str) -> AnyArray:
    array = _imdecode(data, kind)
    if array is None:
        raise ImageError(
            f"is a damaged {kind}, or of a kind this OpenCV ({cv2.__version__}) cannot decode;"
            " save it as PNG or JPEG"
        )
    return array


def _imdecode(data: bytes, kind: str) -> AnyArray | None:
    # Kept as it is stored, with transparency and 16 bits. Not for BMP, where the fourth channel is
    # mostly unused zeros and old kinds come out grey.
    flags = cv2.IMREAD_COLOR if kind == "BMP" else cv2.IMREAD_UNCHANGED
    array: AnyArray | None = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    return array


def _check_jpeg(data: bytes, limit: int) -> None:
    frame = jpeg.frame(data)
    if frame is None:
        return  # refused already: its size is not known
    scans = jpeg.scans(data)
    jpeg.check_time(frame, scans)
    count = frame.width * frame.height
    held = max(_PLAIN * count, 3 * count + jpeg.coefficient_bytes(frame, scans))
    check_memory("JPEG", (frame.width, frame.height), len(data) + held, limit)


def _png(data: bytes, size: tuple[int, int], limit: int) -> Image:
    about = png.header(data)
    count = size[0] * size[1]
    if not about.costly or count <= SMALL or (about.depth < 8 and about.palette is None):
        cost = _PNG_ANIMATED if about.animated else _PNG_WITH_OPACITY if about.costly else _PLAIN
        check_memory("PNG", size, len(data) + cost * count, limit)
        return pixels.to_bgr(_whole(data, "PNG"))
    needed = len(data) + _COMPOSITE * count + _STRIP_COPIES * png_strips.strip_bytes(about)
    check_memory("PNG", size, needed, limit)
    result = Composite(size[1], size[0])
    for rows, columns, strip in png_strips.strips(data, about, lambda file: _imdecode(file, "PNG")):
        result.put(rows, columns, pixels.with_channels(strip))
    return result.finished()


def _tiff(data: bytes, size: tuple[int, int], limit: int) -> Image:
    about, count = tiff.directory(data), size[0] * size[1]
    if about is None:
        raise ImageError("is a damaged TIFF: it has no directory; save it again")
    if about.value_bytes > len(data):
        raise ImageError("is a damaged TIFF: its directory is larger than the file; save it again")
    if about.apart and about.depth > 8:
        # OpenCV 5.0 takes the first colour for all of them.
        raise ImageError(
            f"is a TIFF of {about.depth} bits a sample whose colours are stored apart; expected"
            " them pixel by pixel: save it as PNG"
        )
    stored = None if count <= SMALL else tiff_bands.layout(about)
    if stored is None or stored.band_pixels == count:
        check_memory("TIFF", size, len(data) + about.whole_bytes * count, limit)
        whole = _whole(data, "TIFF")
        return pixels.to_bgr(whole, _premultiplied(whole))
    needed = len(data) + _COMPOSITE * count + about.whole_bytes * stored.band_pixels
    check_memory("TIFF", size, needed, limit)
    result = Composite(size[1], size[0])
    for band in tiff_bands.bands(about, stored):
        decoded = pixels.with_channels(_whole(band.file, "TIFF"))
        if decoded.shape[:2] != (band.rows, size[0]):
            raise ImageError("is a damaged TIFF: its strips do not fit its size; save it again")
        rows = slice(band.start, band.start + band.rows)
        result.put(rows, slice(None), decoded, _premultiplied(decoded))
    return pixels.turn(result.finished(), about.integer(tiff.ORIENTATION, 1))


def _premultiplied(array: AnyArray) -> bool:
    """Whether colours are darkened by their transparency, as libtiff does when it gives 8 bits."""
    return array.ndim == 3 and array.shape[2] == 4 and array.dtype == np.uint8
