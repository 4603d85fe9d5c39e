"""Text detection around the network: picture to input, probability map to quads.

Differentiable Binarization, Liao et al. 2020, https://arxiv.org/abs/1911.08947.
"""

from __future__ import annotations

import math
from typing import Callable, Sequence, Tuple

import cv2
import numpy as np

from lite_runner.arrays import Floats, Image
from lite_runner.ocr import geometry
from lite_runner.pack import Detector, Network
from lite_runner.pictures.image import normalise, resize

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


def input_size(width: int, height: int, detector: Detector) -> tuple[int, int]:
    """(width, height) a picture is resized to: multiples of 32, unless a fixed size pads it.

    Within the detector's sides, where the longer side counts first. A long strip, like a panorama
    or a scrolled screenshot, would shrink past reading that way: its shorter side keeps up to half
    of ``max_side``, and it is looked at in tiles (see :func:`tiles`).
    """
    if detector.network.fixed_size:
        return _size_within(width, height, detector)
    short, long = min(width, height), max(width, height)
    scale = min(max(1.0, detector.min_side / short), detector.max_side / long)
    if long > LONG_STRIP * short:
        scale = max(scale, min(1.0, detector.max_side / 2 / short))
        return _multiple(width * scale), _multiple(height * scale)
    limit = _multiple(detector.max_side)
    return min(limit, _multiple(width * scale)), min(limit, _multiple(height * scale))


def _size_within(width: int, height: int, detector: Detector) -> tuple[int, int]:
    """As :func:`input_size`, within the one size a network takes."""
    rows, columns = detector.network.shape
    short, long = min(width, height), max(width, height)
    scale = min(max(1.0, detector.min_side / short), columns / width, rows / height)
    if long > LONG_STRIP * short:
        across = columns if height > width else rows
        scale = max(scale, min(1.0, across / 2 / short))
    return max(1, round(width * scale)), max(1, round(height * scale))


def tiles(length: int, span: int) -> list[tuple[int, int, int]]:
    """Cut a length into overlapping tiles of one span.

    Returns:
        (start, from, to) of each tile: it covers ``span`` from ``start`` on, and what lies between
        ``from`` and ``to`` is taken from it. The latter are next to each other without overlap, and
        away from the cuts, near which the network sees only half of what is there.
    """
    if length <= span:
        return [(0, 0, length)]
    count = 1 + -(-(length - span) // (span - span // 5))
    starts = [round(index * (length - span) / (count - 1)) for index in range(count)]
    ends = [(before + span + start) // 2 for before, start in zip(starts, starts[1:])]
    return list(zip(starts, [0, *ends], [*ends, length]))


def input_shape(pixels: Image, network: Network) -> tuple[int, int, int, int]:
    """NCHW of a picture, or a tile of one, that was resized."""
    return (1, 3, *(network.shape if network.fixed_size else pixels.shape[:2]))


def preprocess(pixels: Image, network: Network, batch: Floats) -> None:
    """Normalise a resized picture, and pad it on the right and below to the network's size.

    Args:
        batch: float32 of :func:`input_shape`, written to; the padding becomes zero, which is the
            mean of the pictures the network was trained with.
    """
    height, width = pixels.shape[:2]
    normalise(pixels, network.mean, network.std, network.order, batch[0, :, :height, :width])
    batch[0, :, height:] = 0
    batch[0, :, :height, width:] = 0


def probability_map(
    image: Image,
    detector: Detector,
    run: Callable[[tuple[int, ...], Callable[[Floats], None]], Floats],
) -> Floats:
    """Where text is in a picture.

    Args:
        image: uint8 HxWx3 BGR.
        detector: settings.
        run: the network, from float32 1x3xhxw to 1x1xhxw; given the input's shape and what fills
            it.

    Returns:
        float32 map of the size of :func:`input_size`: each pixel's probability of being text; what
        the network gave itself, where it ran once.
    """
    size = input_size(image.shape[1], image.shape[0], detector)
    resized = resize(image, *size)
    tall = size[1] > size[0]
    network = detector.network
    parts = []
    span = network.shape[not tall] if network.fixed_size else _multiple(detector.max_side)
    for start, first, last in tiles(max(size), span):
        seen = slice(start, start + span)
        pixels = resized[seen] if tall else resized[:, seen]

        def fill(batch: Floats, pixels: Image = pixels) -> None:
            preprocess(pixels, network, batch)

        output = run(input_shape(pixels, network), fill)[0, 0]
        output = output[: pixels.shape[0], : pixels.shape[1]]
        kept = slice(first - start, last - start)
        part: Floats = output[kept] if tall else output[:, kept]
        if first == 0 and last == max(size):
            return part
        # Of several runs each writes over what the one before gave.
        parts.append(part.copy())
    return np.concatenate(parts, axis=0 if tall else 1)


def postprocess(
    probability: Floats, width: int, height: int, detector: Detector
) -> list[tuple[Floats, float]]:
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
    regions: list[tuple[Floats, float]] = []
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


def _multiple(side: float) -> int:
    return max(STRIDE, round(side / STRIDE) * STRIDE)
