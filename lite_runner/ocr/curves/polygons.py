"""Curved text in a probability map: regions that no rectangle fits.

A region's outline is grown as DB does it (Liao et al. 2020, https://arxiv.org/abs/1911.08947), and
gives a first middle line. The picture is straightened along that, and looked at once more by the
detector, which finds straight text far better than curved: what it finds there is the text's place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterator, Sequence

import cv2
import numpy as np

from lite_runner.arrays import AnyArray, Floats, Image
from lite_runner.errors import UsageError
from lite_runner.ocr.curves import outline
from lite_runner.ocr.curves.text_band import Look
from lite_runner.ocr.curves.tracing import CurvedRegion, trace
from lite_runner.pack import Detector

#: A region that fills more than this share of the smallest rectangle around it is not curved: an
#: arc does whose height is a quarter of its text's.
_FILLED = 0.8
#: A line is curved where it leaves the straight line by at least this share of its height.
_BENT = 0.25
#: Shorter text, in multiples of its height, is read as it stands.
_SHORTEST = 2.5
#: Narrower regions, in pixels of the map, are noise (PaddleOCR's min_size).
_NARROWEST = 3.0
#: A region around a hole of at least this share of its own area is a circle of text.
_HOLE = 0.5
#: Outlines are simplified by this share of their length, as in PaddleOCR's DBPostProcess.
_SIMPLER = 0.002
_Mask = AnyArray


def check_available() -> None:
    """Refuse to look for curved text where pyclipper is missing, as on some 32-bit boards.

    Raises:
        UsageError: it is missing; says how to get it.
    """
    _pyclipper()


def split(
    image: Image, probability: Floats, detector: Detector, look: Look
) -> tuple[list[CurvedRegion], Floats]:
    """Curved text, and the probability map of all else.

    Args:
        image: uint8 HxWx3.
        probability: float32 hxw, each pixel's probability of being text.
        detector: thresholds.
        look: runs the detector on another picture.
    """
    height, width = probability.shape
    scale = np.array([image.shape[1] / width, image.shape[0] / height], np.float32)
    traced: list[_Traced] = []
    probability, rest = probability.copy(), probability.copy()
    candidates = _unfilled(probability > detector.threshold)
    for mask in sorted(candidates, key=np.count_nonzero, reverse=True):
        if np.count_nonzero(rest[mask > 0]) < np.count_nonzero(mask) / 2:
            continue  # a part of a line that was traced already
        grown = _grown(mask, probability, detector.unclip_ratio)
        if grown is None:
            continue
        path, reach = grown
        line = outline.centre_line(
            (path * scale).astype(np.float32), reach * float(scale.mean()), detector.unclip_ratio
        )
        if line.bend < _BENT or line.length < 2 * _SHORTEST * float(line.halves.mean()):
            continue
        region = trace(image, line, detector, look)
        if region is not None and region.line.bend >= _BENT:
            rest[mask > 0] = 0
            place = _filled(region, scale, probability.shape)
            rest[place] = 0
            traced = _with(traced, _Traced(region, place))
    return [line.region for line in traced], rest


@dataclass(frozen=True, eq=False)
class _Traced:
    """A curved line, and bool hxw where it is in the probability map."""

    region: CurvedRegion
    place: _Mask

    def is_same(self, other: _Traced) -> bool:
        """Whether the smaller of two lines lies in the other by more than its half."""
        areas = np.count_nonzero(self.place), np.count_nonzero(other.place)
        return bool(np.count_nonzero(self.place & other.place) > min(areas) / 2)


def _with(traced: Sequence[_Traced], line: _Traced) -> list[_Traced]:
    """Lines and another; of those that were traced from two of their parts the longest."""
    same = [other for other in traced if other.is_same(line)]
    longest = max([*same, line], key=lambda other: other.region.line.length)
    return [*(other for other in traced if other not in same), longest]


def _filled(region: CurvedRegion, scale: Floats, shape: tuple[int, ...]) -> _Mask:
    """Where a region is in a map of that shape."""
    place = np.zeros(shape, np.uint8)
    cv2.fillPoly(place, [np.rint(region.line.outline() / scale).astype(np.int32)], 1)
    return place.astype(bool)


def _unfilled(mask: _Mask) -> Iterator[_Mask]:
    """Each region of a mask that leaves much of the rectangle around it empty."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    for label in range(1, count):
        left, top, width, height, area = stats[label].tolist()
        if area < _NARROWEST * _SHORTEST * _NARROWEST or area > _FILLED * width * height:
            continue
        window = slice(top, top + height), slice(left, left + width)
        points = cv2.findNonZero((labels[window] == label).astype(np.uint8))
        sides = cv2.minAreaRect(points)[1]
        if min(sides) >= _NARROWEST and area <= _FILLED * (sides[0] + 1) * (sides[1] + 1):
            yield (labels == label).astype(np.uint8)


def _grown(mask: _Mask, probability: Floats, ratio: float) -> tuple[Floats, float] | None:
    """A region's outline, grown by ``area * ratio / perimeter``; None if it is no single line.

    Args:
        mask: uint8 hxw, 1 inside.
        probability: where to cut a circle open: between its end and its start.
        ratio: DB's unclip ratio.

    Returns:
        float32 Nx2, in pixels of the mask, and by how many it was grown.
    """
    paths, reach = _offset(mask, ratio)
    if len(paths) > 1:
        opened = _opened(mask, probability, paths, reach)
        paths = [] if opened is None else _offset(opened, ratio)[0]
    return (np.array(paths[0], np.float32), reach) if len(paths) == 1 else None


def _offset(mask: _Mask, ratio: float) -> tuple[list[Any], float]:
    """Outlines of a region grown by an offset, and that offset, in pixels."""
    contours, _ = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    area = float(np.count_nonzero(mask))
    kept = [contours[0], *(hole for hole in contours[1:] if cv2.contourArea(hole) > area * _HOLE)]
    reach = area * ratio / sum(cv2.arcLength(contour, True) for contour in kept)
    clipper = _pyclipper()
    offset = clipper.PyclipperOffset()
    for contour in kept:
        simple = cv2.approxPolyDP(contour, _SIMPLER * cv2.arcLength(contour, True), True)
        offset.AddPath(simple[:, 0].tolist(), clipper.JT_ROUND, clipper.ET_CLOSEDPOLYGON)
    return offset.Execute(reach), reach


def _opened(mask: _Mask, probability: Floats, paths: list[Any], reach: float) -> _Mask | None:
    """A circle of text without the sector where text is least likely; None if it is no circle."""
    hole = min((np.array(path, np.float32) for path in paths), key=cv2.contourArea)
    if cv2.contourArea(hole) < _HOLE * np.count_nonzero(mask):
        return None
    x, y = hole.mean(axis=0).tolist()
    rows, columns = np.nonzero(mask)
    across, down = columns - x, rows - y
    degrees = np.degrees(np.arctan2(down, across)).astype(int) % 360
    weights = np.bincount(degrees, probability[rows, columns], 360)
    angle = np.radians(np.convolve(np.tile(weights, 3), np.ones(5), "same")[360:720].argmin() + 0.5)
    along = across * np.cos(angle) + down * np.sin(angle)
    beside = np.abs(down * np.cos(angle) - across * np.sin(angle))
    cut = (along > 0) & (beside < reach + 2)
    opened: _Mask = mask.copy()
    opened[rows[cut], columns[cut]] = 0
    return opened


def _pyclipper() -> Any:
    try:
        import pyclipper
    except ImportError as error:
        raise UsageError(
            "polygons: this system has no pyclipper, which they are made with; run 'sudo apt-get"
            " install python3-pyclipper', or leave --polygons out and get rectangles"
        ) from error
    return pyclipper
