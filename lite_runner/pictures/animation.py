"""Frames of a GIF: each is drawn over those before it."""

from __future__ import annotations

from typing import Iterator

import cv2
import numpy as np

from lite_runner.arrays import AnyArray, Image
from lite_runner.errors import ImageError
from lite_runner.pictures import decoder, image
from lite_runner.pictures.formats import gif
from lite_runner.pictures.pixels import to_bgr

#: Bytes a pixel: the canvas, a copy of it, a frame as OpenCV decodes it, and the result.
_COST = 4 + 4 + 9.2 + 4


class Animation:
    """The frames of a GIF.

    Args:
        data: the file.

    Attributes:
        count: of its frames; 0 where none is whole.

    Raises:
        ImageError: the file is in very many parts.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._frames = list(gif.frames(data))
        self.count = len(self._frames)
        self._canvases: Iterator[AnyArray] = iter(())
        self._drawn = 0

    def frame(self, number: int) -> Image:
        """What the file shows then, uint8 HxWx3 BGR; frames in order are decoded once each.

        Args:
            number: from 1.

        Raises:
            ImageError: the file is damaged or takes too much memory.
        """
        if number <= self._drawn or not self._drawn:
            kind, (width, height) = image.check(self._data)
            needed = len(self._data) + _COST * width * height
            decoder.check_memory(kind, (width, height), needed, image.MAX_MEMORY)
            self._canvases, self._drawn = self._play(width, height), 0
        canvas: AnyArray = np.zeros((1, 1, 4), np.uint8)
        try:
            while self._drawn < number:
                canvas = next(self._canvases)
                self._drawn += 1
        except ImageError:
            self._drawn = 0  # what comes after a damaged frame is refused for it, too
            raise
        return to_bgr(canvas)

    def _play(self, width: int, height: int) -> Iterator[AnyArray]:
        """The canvas after each frame: uint8 HxWx4, BGRA."""
        canvas: AnyArray = np.zeros((height, width, 4), np.uint8)
        for frame in self._frames:
            right, bottom = frame.left + frame.width, frame.top + frame.height
            if right > width or bottom > height:
                raise ImageError("is a damaged GIF: a frame is larger than it; save it again")
            following = canvas.copy() if frame.disposal == gif.RESTORED else canvas
            part = canvas[frame.top : bottom, frame.left : right]
            pixels = _decoded(gif.alone(self._data, frame), part)
            cv2.copyTo(pixels, pixels[:, :, 3], part)
            yield canvas
            if frame.disposal == gif.CLEARED:
                part[:] = 0
            canvas = following


def _decoded(file: bytes, part: AnyArray) -> AnyArray:
    """A frame, BGRA, of the size of the part of the canvas that it covers."""
    try:
        pixels: AnyArray | None = cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_UNCHANGED)
        if pixels is not None and pixels.ndim == 3 and pixels.shape[2] == 3:  # all opaque
            pixels = cv2.cvtColor(pixels, cv2.COLOR_BGR2BGRA)
    except cv2.error:
        pixels = None
    if pixels is None or pixels.shape != part.shape:
        raise ImageError("is a damaged GIF: a frame cannot be decoded; save it again")
    return pixels
