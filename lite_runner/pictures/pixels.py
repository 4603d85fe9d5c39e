"""Pixels of every accepted kind as 8-bit BGR, strip by strip so that little memory is taken."""

from __future__ import annotations

import numpy as np

from lite_runner.arrays import AnyArray, Image
from lite_runner.errors import ImageError
from lite_runner.pictures.compositing import Composite


def to_bgr(array: AnyArray, premultiplied: bool = False) -> Image:
    """Convert a decoded array of any accepted kind to uint8 BGR.

    Args:
        array: HxW (grey), HxWx1, HxWx2 (grey, opacity), HxWx3 (BGR) or HxWx4 (BGRA), of uint8,
            uint16, bool or float in 0..1.
        premultiplied: colours are multiplied by their opacity, as libtiff gives them.

    Returns:
        uint8 HxWx3, transparency laid on white or, under light text, on black; ``array`` itself
        if it is that already.

    Raises:
        ImageError: its shape or type is another.
    """
    pixels = with_channels(array)
    if pixels.dtype == np.uint8 and pixels.shape[2] == 3:
        return np.ascontiguousarray(pixels)
    composite = Composite(*pixels.shape[:2])
    composite.put(slice(None), slice(None), pixels, premultiplied)
    return composite.finished()


def with_channels(array: AnyArray) -> AnyArray:
    """An array of any accepted kind as HxWxC.

    Raises:
        ImageError: its shape or type is another.
    """
    pixels = array[:, :, None] if array.ndim == 2 else array
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 2, 3, 4) or 0 in pixels.shape:
        raise ImageError(
            f"array has shape {tuple(array.shape)};"
            " expected HxW, HxWx1, HxWx3 (BGR) or HxWx4 (BGRA)"
        )
    _check_type(pixels)
    return pixels


def turn(pixels: Image, orientation: int) -> Image:
    """Undo an EXIF orientation: mirrored (2, 4, 5, 7) and turned (3 to 8)."""
    if orientation in (2, 4, 5, 7):
        pixels = pixels[:, ::-1]
    quarterturns = {3: 2, 4: 2, 5: 1, 6: 3, 7: 3, 8: 1}.get(orientation, 0)
    return np.ascontiguousarray(np.rot90(pixels, quarterturns))


def _check_type(array: AnyArray) -> None:
    deep = array.dtype.kind == "u" and array.dtype.itemsize <= 2
    if not (deep or array.dtype == np.bool_ or np.issubdtype(array.dtype, np.floating)):
        raise ImageError(
            f"array has dtype {array.dtype}; expected uint8, uint16, bool or float in 0..1"
        )
