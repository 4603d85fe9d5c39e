"""Quads in a picture: corner order and straightened crops.

A quad is float32 4x2: four corners (x, y) in pixels, clockwise as seen on the screen. Sums over its
corners are done in plain floats: for so few numbers, numpy's calls take ten times as long.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from lite_runner.arrays import Floats, Image

#: A crop this many times taller than wide holds a line written downwards and is turned
#: (PaddleOCR, tools/infer/utility.py, get_rotate_crop_image).
TALL = 1.5


def clockwise(points: Floats) -> Floats:
    """Order four corners clockwise, starting with the one nearest the picture's top left.

    Args:
        points: 4x2, a convex quad's corners in any order.
    """
    corners = points.tolist()
    x, y = (sum(side) / len(corners) for side in zip(*corners))
    # y grows downwards, so growing angles run clockwise on the screen.
    corners.sort(key=lambda corner: math.atan2(corner[1] - y, corner[0] - x))
    # Of a square on its corner two are equally near, but for rounding: then the upper one.
    distance = [sum(corner) for corner in corners]
    near = min(distance) + 1e-4 * (max(distance) - min(distance))
    nearest = [index for index, far in enumerate(distance) if far <= near]
    start = min(nearest, key=lambda index: float(corners[index][1]))
    return np.array(corners[start:] + corners[:start], np.float32)


def size(quad: Floats) -> tuple[float, float]:
    """(width, height) of the upright rectangle a quad straightens to: its longer opposite sides."""
    first, second, third, fourth = quad.tolist()
    width = max(math.dist(first, second), math.dist(third, fourth))
    return width, max(math.dist(second, third), math.dist(fourth, first))


def text_first(quad: Floats) -> Floats:
    """Turn the corner order of a tall quad so that it starts where its text starts.

    A line written downwards has its glyphs turned clockwise, so its text begins at the top right.
    """
    width, height = size(quad)
    if height >= TALL * width:
        quad = np.roll(quad, -1, axis=0)
    return quad


def crop(image: Image, quad: Floats) -> Image:
    """Cut out a quad and straighten it, its first corner to the top left.

    Args:
        image: uint8 HxWx3.
        quad: 4x2; the text's top left first (see :func:`text_first`).

    Returns:
        uint8 hxwx3, at least 1x1.
    """
    wide, high = size(quad)
    width, height = max(1, round(wide)), max(1, round(high))
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(quad.astype(np.float32), corners)
    straight = cv2.warpPerspective(
        image, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(straight, np.uint8)
