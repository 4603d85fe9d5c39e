"""Quads in a picture: corner order, straightened crops, reading order.

A quad is float32 4x2: four corners (x, y) in pixels, clockwise as seen on the screen. Sums over its
corners are done in plain floats: for so few numbers, numpy's calls take ten times as long.
"""

from __future__ import annotations

import math
from typing import Sequence

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


def reading_order(quads: Sequence[Floats]) -> list[int]:
    """Indices of quads in reading order: rows from top to bottom, each row from left to right.

    Two quads share a row if their centres, with the page's own tilt taken out, lie within half a
    line's height of each other.

    Args:
        quads: 4x2 each, clockwise from the top left of the picture.
    """
    if not len(quads):
        return []
    boxes = np.stack(quads).astype(np.float64)
    centres = boxes.mean(axis=1)
    tilt = _tilt(boxes)
    across = centres @ np.array([np.cos(tilt), np.sin(tilt)])
    down = centres @ np.array([-np.sin(tilt), np.cos(tilt)])
    heights = [min(size(quad)) for quad in quads]
    places = down.tolist()
    rows: list[list[int]] = []
    for index in sorted(range(len(quads)), key=places.__getitem__):
        if rows:
            row = rows[-1]
            middle = sum(places[member] for member in row) / len(row)
            near = 0.5 * min(heights[index], sum(heights[member] for member in row) / len(row))
            if abs(places[index] - middle) < near:
                row.append(index)
                continue
        rows.append([index])
    return [index for row in rows for index in sorted(row, key=lambda i: float(across[i]))]


def _tilt(boxes: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    """Median angle, in radians, of the long horizontal lines' top edges; 0 where there are none."""
    edges = boxes[:, 1] - boxes[:, 0]
    lengths = np.linalg.norm(edges, axis=1)
    heights = np.linalg.norm(boxes[:, 3] - boxes[:, 0], axis=1)
    long = lengths >= 2 * heights
    if not long.any():
        return 0.0
    angle = float(np.median(np.arctan2(edges[long, 1], edges[long, 0])))
    # Beyond this it is a sheet lying on its side, not a tilted one: leave it alone.
    return angle if abs(angle) < np.pi / 8 else 0.0
