"""Text detection around the network: picture to input, probability map to quads.

Differentiable Binarization, Liao et al. 2020, https://arxiv.org/abs/1911.08947.
"""

from __future__ import annotations

import math
from typing import Sequence, Tuple

import cv2
import numpy as np

from lite_runner.arrays import Floats, Image
from lite_runner.ocr.detector import geometry, thin_strip
from lite_runner.ocr.detector.tiled_map import Run, TiledMap
from lite_runner.pack import Detector, Network
from lite_runner.pictures.image import resize

#: The network halves its input five times, so both sides must be multiples of this.
STRIDE = 32
#: Regions narrower than this, in pixels of the probability map, are noise (PaddleOCR's min_size).
MIN_REGION = 3.0
#: No more regions than this are taken; a dense A4 page has some 500, a strip several of them.
MAX_REGIONS = 5000
#: Pictures longer than this many times their other side are looked at in tiles.
LONG_STRIP = 3
#: A rectangle as OpenCV has it: centre, width and height, degrees.
Rectangle = Tuple[Sequence[float], Sequence[float], float]
#: A quad around text, in pixels of the picture, and its score.
Region = Tuple[Floats, float]


def input_size(width: int, height: int, detector: Detector) -> tuple[int, int]:
    """(width, height) a picture is resized to: multiples of 32, unless a fixed size pads it.

    Within the detector's sides, where the longer side counts first. A long strip, like a panorama
    or a scrolled screenshot, would shrink past reading that way: its shorter side keeps up to half
    of ``max_side``, and it is looked at in tiles (:mod:`lite_runner.ocr.detector.tiled_map`).
    """
    if detector.network.fixed_size:
        return _size_within(width, height, detector)
    short, long = min(width, height), max(width, height)
    scale = min(max(1.0, detector.min_side / short), detector.max_side / long)
    if long > LONG_STRIP * short:
        scale = max(scale, min(1.0, detector.max_side / 2 / short))
        return multiple(width * scale), multiple(height * scale)
    limit = multiple(detector.max_side)
    return min(limit, multiple(width * scale)), min(limit, multiple(height * scale))


def _size_within(width: int, height: int, detector: Detector) -> tuple[int, int]:
    """As :func:`input_size`, within the one size a network takes."""
    rows, columns = detector.network.shape
    short, long = min(width, height), max(width, height)
    scale = min(max(1.0, detector.min_side / short), columns / width, rows / height)
    if long > LONG_STRIP * short:
        across = columns if height > width else rows
        scale = max(scale, min(1.0, across / 2 / short))
    return max(1, round(width * scale)), max(1, round(height * scale))


def tile_span(detector: Detector, most: int | None = None) -> tuple[int, int]:
    """(width, height) of the largest input: the fixed one, or a square of at most ``most``."""
    if detector.network.fixed_size:
        rows, columns = detector.network.shape
        return columns, rows
    side = multiple(min(detector.max_side, most or detector.max_side))
    return side, side


def probability_map(image: Image, detector: Detector, run: Run, most: int | None = None) -> Floats:
    """Where text is in a picture.

    Args:
        image: uint8 HxWx3 BGR.
        detector: settings.
        run: the network.
        most: largest side of the network's input, if it is less than ``max_side``; more is looked
            at in tiles.

    Returns:
        float32 map of about the size of :func:`input_size`: each pixel's probability of being text;
        what the network gave itself, where it ran once.
    """
    height, width = image.shape[:2]
    size = input_size(width, height, detector)
    span = tile_span(detector, most)
    if max(size) > LONG_STRIP * min(size) and min(size) < thin_strip.THIN:
        return _thin_map(image, size, detector.network, span, run)
    tiled = TiledMap(resize(image, *size), detector.network, span, run)
    for tile in tiled.tiles:
        tiled.look(tile)
    return tiled.map


def _thin_map(
    image: Image, size: tuple[int, int], network: Network, span: tuple[int, int], run: Run
) -> Floats:
    """As :func:`probability_map`, of a thin strip, which is looked at with a border."""
    height, width = image.shape[:2]
    tall = height > width
    across = max(1, round(min(height, width) * max(size) / max(height, width)))
    pixels = resize(image, across, size[1]) if tall else resize(image, size[0], across)
    framed, border = thin_strip.bordered(pixels, STRIDE, span[0] if tall else span[1])
    tiled = TiledMap(framed, network, span, run)
    for tile in tiled.tiles:
        tiled.look(tile)
    inner = slice(border, border + across)
    return np.ascontiguousarray(tiled.map[:, inner] if tall else tiled.map[inner])


def postprocess(probability: Floats, width: int, height: int, detector: Detector) -> list[Region]:
    """Find text in a probability map.

    Args:
        probability: float32 hxw, each pixel's probability of being text.
        width, height: the picture's size in pixels, which the quads refer to.
        detector: thresholds.

    Returns:
        (quad, score) from top to bottom; the score is the mean probability inside the region.
    """
    mask = (probability > detector.threshold).astype(np.uint8)
    if detector.dilate:
        mask = np.asarray(cv2.dilate(mask, np.ones((2, 2), np.uint8)), np.uint8)
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    scale = np.array([width / probability.shape[1], height / probability.shape[0]], np.float32)
    limit = np.array([width, height], np.float32)
    regions: list[Region] = []
    for contour in contours:
        if len(regions) == MAX_REGIONS:
            break
        rectangle = cv2.minAreaRect(contour)
        if min(rectangle[1]) < MIN_REGION:
            continue
        corners = np.asarray(cv2.boxPoints(rectangle), np.float32)
        score = _mean_inside(probability, corners)
        if score < detector.box_threshold:
            continue
        grown = unclip(rectangle, detector.unclip_ratio)
        if min(geometry.size(grown)) < MIN_REGION + 2:
            continue
        quad = geometry.clockwise(np.clip(grown * scale, 0, limit))
        if min(geometry.size(quad)) >= 1:
            regions.append((quad, score))
    return sorted(regions, key=lambda region: float(region[0][:, 1].sum()))


def unclip(rectangle: Rectangle, ratio: float) -> Floats:
    """Grow a rectangle by ``area * ratio / perimeter`` on each side: the inverse of DB's shrinking.

    DB grows a polygon as its sum with a disc and takes the smallest rectangle around that. Of a
    rectangle it is the rectangle itself with each side moved outwards: bounds turned against it
    enclose more of both, of what was there and of what the disc adds. So nothing that offsets
    polygons is needed, and boards need not have it.

    Args:
        rectangle: as ``cv2.minAreaRect`` gives it.
        ratio: larger grows further.

    Returns:
        float32 4x2.
    """
    centre, (width, height), degrees = rectangle
    # Half of the perimeter: both ends of a side grow.
    by = width * height * ratio / (width + height) if width + height > 0 else 0.0
    grown = (centre, (width + by, height + by), degrees)
    return np.asarray(cv2.boxPoints(grown), np.float32)


def _mean_inside(probability: Floats, corners: Floats) -> float:
    """Mean of the map inside a quad, which may reach over the map's edge."""
    rows, columns = probability.shape
    xs, ys = zip(*corners.tolist())
    left, right = _within(math.floor(min(xs)), columns), _within(math.ceil(max(xs)), columns)
    top, bottom = _within(math.floor(min(ys)), rows), _within(math.ceil(max(ys)), rows)
    mask = np.zeros((bottom - top + 1, right - left + 1), np.uint8)
    shifted = np.rint(corners - np.array([left, top], np.float32)).astype(np.int32)
    cv2.fillPoly(mask, [shifted], 1)
    return float(cv2.mean(probability[top : bottom + 1, left : right + 1], mask)[0])


def _within(index: int, count: int) -> int:
    return min(max(index, 0), count - 1)


def multiple(side: float) -> int:
    """The multiple of :data:`STRIDE` nearest to a side, at least one."""
    return max(STRIDE, round(side / STRIDE) * STRIDE)
