"""Curved text, followed along its middle line by a detector that finds straight text best."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from lite_runner.arrays import Floats, Image
from lite_runner.ocr.curves import circle, outline
from lite_runner.ocr.curves.centre_line import POINTS, CentreLine, extended, resampled
from lite_runner.ocr.curves.text_band import Look, TextBand
from lite_runner.ocr.detector import geometry
from lite_runner.pack import Detector

#: Heights of text that the straightened picture shows: the first middle line is off by up to half
#: a height where the detector filled a bend. And text heights that it shows beyond both ends.
_FIRST_MARGIN, _MARGIN, _BEYOND = 2.5, 1.5, 1.5
#: No more looks than this are taken at one line; most need two or three.
_LOOKS = 6
#: An arc further around than this, in radians, that goes on is looked at as a whole circle.
_ROUND = np.radians(120)
#: Text further around than this may have come upon its own start.
_CIRCLE = np.radians(300)
#: Times that a whole circle is looked at: the first one was fitted to a part of it.
_TURNS = 3


@dataclass(frozen=True)
class CurvedRegion:
    """A curved line of text.

    Attributes:
        line: its middle, in pixels of the picture.
        score: mean probability inside.
    """

    line: CentreLine
    score: float

    @property
    def core(self) -> Floats:
        """float32 4x2, as a detected quad: its middle, which tells where it stands among others."""
        third = len(self.line.points) // 3
        middle = CentreLine(self.line.points[third:-third], self.line.halves[third:-third])
        return _rectangle(middle.outline())

    @property
    def box(self) -> Floats:
        """float32 4x2: the smallest rectangle around it, clockwise from the text's own top left."""
        corners = _rectangle(self.line.outline())
        points = self.line.points
        middle = len(points) // 2
        is_arch = abs(self.line.turning) > math.pi
        ahead = points[middle + 1] - points[middle - 1] if is_arch else points[-1] - points[0]
        edges = np.roll(corners, -1, axis=0) - corners
        edges /= np.hypot(*edges.T)[:, None]
        return np.roll(corners, -int((edges @ ahead).argmax()), axis=0)


def _rectangle(points: Floats) -> Floats:
    """The smallest rectangle around points, clockwise from the picture's top left."""
    corners = np.asarray(cv2.boxPoints(cv2.minAreaRect(points)), np.float32)
    return geometry.clockwise(corners)


def trace(image: Image, line: CentreLine, detector: Detector, look: Look) -> CurvedRegion | None:
    """Where the text along a line really is, as the detector sees it straightened.

    It is looked at until it is straight and ends, for a line of text may be detected in pieces.

    Args:
        image: uint8 HxWx3.
        line: where text was detected, roughly.
        detector: thresholds.
        look: runs the detector.

    Returns:
        None if there is no text.
    """
    line, score = circle.regular(line), 0.0
    for number in range(_LOOKS):
        margin = _MARGIN if number else _FIRST_MARGIN
        band = TextBand.seen(image, _shown(line), margin, detector, look)
        if band is None:
            return None
        line, score = circle.regular(band.line), band.score
        turned = abs(line.turning)
        if turned > (_CIRCLE if band.has_ends else _ROUND) and circle.fitted(line) is not None:
            line = _around(image, line, detector, look)
            break
        if band.has_ends and band.is_straight:
            break
    return (
        CurvedRegion(outline.from_start(line), score) if score >= detector.box_threshold else None
    )


def _shown(line: CentreLine) -> CentreLine:
    """A line that goes on beyond its ends, unless it would come upon its own start."""
    if abs(line.turning) > _CIRCLE:
        return resampled(line, 2 * POINTS)
    height = 2 * float(np.median(line.halves))
    return resampled(extended(line, _BEYOND * height), 2 * POINTS)


def _around(image: Image, line: CentreLine, detector: Detector, look: Look) -> CentreLine:
    """The text on the circle that a line is a part of, from one side of its widest gap on."""
    traced = line
    for _ in range(_TURNS):
        arc = circle.fitted(line)
        if arc is None:
            break
        start, turn = arc.turn_around(line)
        half = float(np.median(line.halves))
        whole = arc.arc(start, start + turn, (half, half))
        band = TextBand.seen(image, whole, _MARGIN, detector, look)
        if band is None:
            break
        margin, width = band.height / 8, band.mask.shape[1]
        end, begin = band.widest_gap
        first, last = ((begin - margin) / width, (end + margin) / width)
        traced = arc.arc(start + first * turn, start + last * turn, (half, half))
        line = circle.regular(band.line)
    return traced
