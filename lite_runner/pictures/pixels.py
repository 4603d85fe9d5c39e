"""Pixels of every accepted kind as 8-bit BGR, strip by strip so that little memory is taken."""

from __future__ import annotations

from typing import Iterator

import numpy as np

from lite_runner.arrays import AnyArray, Image
from lite_runner.errors import ImageError

#: Pixels converted at once: some 20 MB of intermediate values.
STRIP = 1 << 19


def to_bgr(array: AnyArray, premultiplied: bool = False) -> Image:
    """Convert a decoded array of any accepted kind to uint8 BGR.

    Args:
        array: HxW (grey), HxWx1, HxWx2 (grey, opacity), HxWx3 (BGR) or HxWx4 (BGRA), of uint8,
            uint16, bool or float in 0..1.
        premultiplied: colours are multiplied by their opacity, as libtiff gives them.

    Returns:
        uint8 HxWx3, transparency laid on white; ``array`` itself if it is that already.

    Raises:
        ImageError: its shape or type is another.
    """
    pixels = _with_channels(array)
    _check_type(pixels)
    if pixels.dtype == np.uint8 and pixels.shape[2] == 3:
        return np.ascontiguousarray(pixels)
    result: Image = np.empty((*pixels.shape[:2], 3), np.uint8)
    for rows in _strips(*pixels.shape[:2]):
        result[rows] = _converted(pixels[rows], premultiplied)
    return result


def turn(pixels: Image, orientation: int) -> Image:
    """Undo an EXIF orientation: mirrored (2, 4, 5, 7) and turned (3 to 8)."""
    if orientation in (2, 4, 5, 7):
        pixels = pixels[:, ::-1]
    quarterturns = {3: 2, 4: 2, 5: 1, 6: 3, 7: 3, 8: 1}.get(orientation, 0)
    return np.ascontiguousarray(np.rot90(pixels, quarterturns))


def _with_channels(array: AnyArray) -> AnyArray:
    pixels = array[:, :, None] if array.ndim == 2 else array
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 2, 3, 4) or 0 in pixels.shape:
        raise ImageError(
            f"array has shape {tuple(array.shape)};"
            " expected HxW, HxWx1, HxWx3 (BGR) or HxWx4 (BGRA)"
        )
    return pixels


def _check_type(array: AnyArray) -> None:
    deep = array.dtype.kind == "u" and array.dtype.itemsize <= 2
    if not (deep or array.dtype == np.bool_ or np.issubdtype(array.dtype, np.floating)):
        raise ImageError(
            f"array has dtype {array.dtype}; expected uint8, uint16, bool or float in 0..1"
        )


def _strips(height: int, width: int) -> Iterator[slice]:
    step = max(1, STRIP // width)
    for start in range(0, height, step):
        yield slice(start, start + step)


def _converted(pixels: AnyArray, premultiplied: bool) -> Image:
    """uint8 HxWx3, or HxWx1 for grey."""
    bytes_ = _to_uint8(pixels)
    if bytes_.shape[2] in (1, 3):
        return bytes_
    alpha = bytes_[:, :, -1:].astype(np.uint16)
    colour = bytes_[:, :, :-1].astype(np.uint16)
    if premultiplied:
        colour = _undo_premultiplied(colour, alpha)
    return np.asarray((colour * alpha + 255 * (255 - alpha) + 127) // 255, np.uint8)


def _to_uint8(array: AnyArray) -> Image:
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind == "u":  # 16 bits, of either byte order
        return (array >> 8).astype(np.uint8)
    if array.dtype == np.bool_:
        return np.asarray(array.astype(np.uint8) * 255, np.uint8)
    clean = np.nan_to_num(array, nan=0.0, posinf=1.0, neginf=0.0)
    result: Image = np.clip(np.rint(clean * 255.0), 0, 255).astype(np.uint8)
    return result


def _undo_premultiplied(colour: AnyArray, alpha: AnyArray) -> AnyArray:
    """Colours as they were before libtiff darkened them by their transparency."""
    divisor = np.maximum(alpha, 1)
    return np.asarray(np.minimum((colour * 255 + divisor // 2) // divisor, 255))
