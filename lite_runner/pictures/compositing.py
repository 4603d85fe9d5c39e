"""Pictures put together from decoded parts, their transparency laid on white or on black.

What is transparent has no colour of its own. On white, as paper is, light text would vanish; so the
brightness of the text decides. Text is thin: most of the places where opacity changes along a row
are edges of its strokes, even beside large opaque areas, so brightness is measured there.
"""

from __future__ import annotations

from typing import Iterator

import numpy as np

from lite_runner.arrays import AnyArray, Image

#: Pixels converted at once: some 3 MB of intermediate values.
STRIP = 1 << 16
#: Luma of blue, green and red in 256ths (ITU-R BT.601).
_LUMA = (29, 150, 77)


class Composite:
    """A picture that is filled part by part.

    Takes three bytes a pixel, and one more once a part has opacity.

    Args:
        height, width: in pixels.
    """

    def __init__(self, height: int, width: int) -> None:
        #: Multiplied by their opacity, that is, laid on black.
        self._colours: Image = np.empty((height, width, 3), np.uint8)
        #: 255 less the opacity, HxWx1: what white adds.
        self._transparency: Image | None = None
        self._edges = _EdgeBrightness()

    def put(
        self, rows: slice, columns: slice, pixels: AnyArray, premultiplied: bool = False
    ) -> None:
        """Fill a part.

        Args:
            rows, columns: which.
            pixels: HxWxC as :func:`lite_runner.pictures.pixels.to_bgr` takes them.
            premultiplied: colours are multiplied by their opacity.
        """
        colours = self._colours[rows, columns]
        for strip in _strips(*pixels.shape[:2]):
            values = _to_uint8(pixels[strip])
            if values.shape[2] in (1, 3):
                colours[strip] = values
            elif (alpha := values[:, :, -1:]).min() == 255:
                colours[strip] = values[:, :, :-1]
            else:
                colours[strip] = self._on_black(values[:, :, :-1], alpha, premultiplied)
                self._transparent()[rows, columns][strip] = 255 - alpha

    def finished(self) -> Image:
        """The whole picture, uint8 HxWx3, BGR."""
        if self._transparency is not None and not self._edges.light:
            for strip in _strips(*self._colours.shape[:2]):
                self._colours[strip] += self._transparency[strip]
        return self._colours

    def _transparent(self) -> Image:
        if self._transparency is None:
            self._transparency = np.zeros((*self._colours.shape[:2], 1), np.uint8)
        return self._transparency

    def _on_black(self, values: Image, alpha: Image, premultiplied: bool) -> AnyArray:
        opacity, colour = alpha.astype(np.uint16), values.astype(np.uint16)
        if premultiplied:
            colour = _undo_premultiplied(colour, opacity)
        self._edges.add(colour, opacity)
        return (colour * opacity + 127) // 255


class _EdgeBrightness:
    """Brightness at edges of opacity: of each pixel that is more opaque than one beside it."""

    def __init__(self) -> None:
        self._weight = self._weighted = 0

    def add(self, colour: AnyArray, opacity: AnyArray) -> None:
        """Take some rows into account.

        Args:
            colour: uint16 HxWx1 or HxWx3 of 0 to 255, not premultiplied.
            opacity: uint16 HxWx1 of 0 to 255.
        """
        alpha, luma = opacity[:, :, 0].astype(np.int32), _luma(colour)
        step = alpha[:, 1:] - alpha[:, :-1]
        opaque = np.where(step > 0, luma[:, 1:], luma[:, :-1])
        self._weight += int(np.abs(step).sum(dtype=np.int64))
        self._weighted += int((np.abs(step) * opaque).sum(dtype=np.int64))

    @property
    def light(self) -> bool:
        """Whether the mean is nearer to white than to black."""
        return 2 * self._weighted > 255 * self._weight


def _luma(colour: AnyArray) -> AnyArray:
    if colour.shape[2] == 1:
        return colour[:, :, 0].astype(np.int32)
    return np.asarray(colour.astype(np.int32) @ np.array(_LUMA, np.int32) >> 8)


def _strips(height: int, width: int) -> Iterator[slice]:
    step = max(1, STRIP // width)
    for start in range(0, height, step):
        yield slice(start, start + step)


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
