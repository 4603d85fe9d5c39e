"""Thin strips, such as a line cut out of a film: given a border, without which nothing is found."""

from __future__ import annotations

import cv2
import numpy as np

from lite_runner.arrays import Image

#: Strips of less than so many pixels across get a border: of a picture of 2300x80 with one line
#: nothing is found; with its own height of border above and below all of it is.
THIN = 128


def bordered(pixels: Image, stride: int, most: int) -> tuple[Image, int]:
    """A strip with a border of its own width along both long edges.

    Args:
        pixels: uint8 HxWx3; a strip, at the scale it is looked at.
        stride: what the sides of the result are multiples of, across.
        most: largest side across.

    Returns:
        The picture, and the width of the border at the top or left. The border has the colour that
        is the median of the long edges, so that what touches them is not drawn out.
    """
    height, width = pixels.shape[:2]
    tall = height > width
    across = min(height, width)
    total = max(min(-(-3 * across // stride) * stride, most // stride * stride), across)
    before: int = (total - across) // 2
    behind: int = total - across - before
    edges = pixels[:, [0, -1]] if tall else pixels[[0, -1]]
    colour = np.median(edges.reshape(-1, 3), axis=0).tolist()
    x, y = ((before, behind), (0, 0)) if tall else ((0, 0), (before, behind))
    framed = cv2.copyMakeBorder(pixels, *y, *x, cv2.BORDER_CONSTANT, value=colour)
    return np.asarray(framed, np.uint8), before
