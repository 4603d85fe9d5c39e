"""Curved text, followed along its middle line by a detector that finds straight text best."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Callable

import cv2
import numpy as np
from numpy.polynomial import Polynomial

from lite_runner.arrays import AnyArray, Doubles, Floats, Image, Ints
from lite_runner.ocr import circle, geometry, outline
from lite_runner.ocr.centre_line import (
    POINTS,
    CentreLine,
    Strip,
    extended,
    resampled,
    straighten,
)
from lite_runner.pack import Detector

#: Heights of text that the straightened picture shows: the first middle line is off by up to half
#: a height where the detector filled a bend. And text heights that it shows beyond both ends.
_FIRST_MARGIN, _MARGIN, _BEYOND = 2.5, 1.5, 1.5
#: No more looks than this are taken at one line; most need two or three.
_LOOKS = 6
#: A line is straight when it leaves the middle by less than this share of its height.
_STRAIGHT = 0.1
#: What is left of a bend in a straightened picture is a curve of this degree.
_DEGREE = 4
#: In a straightened picture text is as probable as this; what was filled is less.
_SURE = 0.8
#: Text goes on after a gap in the mask narrower than this many times its height; the gap between
#: glyphs is narrower, by half a height.
_GAP = 1.1
#: An arc further around than this, in radians, that goes on is looked at as a whole circle.
_ROUND = np.radians(120)
#: Text further around than this may have come upon its own start.
_CIRCLE = np.radians(300)
#: Times that a whole circle is looked at: the first one was fitted to a part of it.
_TURNS = 3
#: Columns of a strip with less than this share of its strongest contrast are empty.
_INK = 0.3
#: Fewer columns of a strip hold no text.
_FEWEST = 8
#: Runs the detector on a picture; gives the probability map of whatever size it chose.
Look = Callable[[Image], Floats]


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
        band = _Band.seen(image, _shown(line), margin, detector, look)
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
        band = _Band.seen(image, whole, _MARGIN, detector, look)
        if band is None:
            break
        margin, width = band.height / 8, band.mask.shape[1]
        end, begin = band.widest_gap
        first, last = ((begin - margin) / width, (end + margin) / width)
        traced = arc.arc(start + first * turn, start + last * turn, (half, half))
        line = circle.regular(band.line)
    return traced


@dataclass(frozen=True)
class _Band:
    """The text in a straightened picture.

    Attributes:
        strip: the straightened picture.
        mask: bool hxw of the strip, where its text is detected.
        sure: the same, where it surely is.
        score: mean probability there.
        height: of the text, in pixels of the strip, as it was taken to be.
        ratio: DB's unclip ratio.
    """

    strip: Strip
    mask: AnyArray
    sure: AnyArray
    score: float
    height: float
    ratio: float

    @classmethod
    def seen(
        cls, image: Image, line: CentreLine, margin: float, detector: Detector, look: Look
    ) -> _Band | None:
        """What the detector sees along a line, ``margin`` times as high as its text."""
        strip = straighten(image, CentreLine(line.points, line.halves * margin))
        height, width = strip.pixels.shape[:2]
        probability = cv2.resize(look(strip.pixels), (width, height))
        mask = _continuous(_middle(probability > detector.threshold), _GAP * height / margin)
        if np.count_nonzero(mask.any(axis=0)) < _FEWEST:
            return None
        score = float(probability[mask].mean())
        sure = mask & (probability > _SURE)
        return cls(strip, mask, sure, score, height / margin, detector.unclip_ratio)

    @property
    def columns(self) -> Ints:
        """Those with text."""
        return np.flatnonzero(self.mask.any(axis=0))

    @property
    def middle(self) -> CentreLine:
        """Of the text, in pixels of the strip; what is detected by chance is smoothed out.

        The mask is grown by ``area * ratio / perimeter``.
        """
        columns, line = self.columns, self._measured()
        line = outline.unfilled(line, np.interp(line.points[:, 0], *self._outer_side()))
        half, length = float(np.median(line.halves)), float(columns[-1] - columns[0] + 1)
        reach = half * length * self.ratio / (length + 2 * half)
        x = np.linspace(columns[0] - reach, columns[-1] + 1 + reach, POINTS)
        known, rows = line.points.T
        y = Polynomial.fit(known, rows, _DEGREE)(np.clip(x, known[0], known[-1]))
        halves = np.full(POINTS, half + reach, np.float32)
        return CentreLine(np.stack([x, y], axis=1).astype(np.float32), halves)

    @property
    def line(self) -> CentreLine:
        """The same in the picture."""
        return self.strip.to_picture(self.middle)

    @property
    def widest_gap(self) -> tuple[int, int]:
        """Of a whole circle: the columns where its text ends and, up to a turn before, begins.

        The detector closes gaps of a glyph's width, so the picture tells.
        """
        middle, half = self.mask.shape[0] / 2, self.height / 2
        rows = self.strip.pixels[round(middle - half) : round(middle + half)].astype(np.int16)
        contrast = (rows.max(axis=0) - rows.min(axis=0)).max(axis=1)
        columns, width = np.flatnonzero(contrast > _INK * contrast.max()), len(contrast)
        gaps = np.diff(np.append(columns, columns[0] + width))
        last = int(gaps.argmax())
        end, begin = int(columns[last]) + 1, int(columns[(last + 1) % len(columns)])
        return end + (width if end < begin else 0), begin

    @property
    def is_straight(self) -> bool:
        """Whether the strip shows it straight."""
        away = np.abs(self.middle.points[:, 1] - self.mask.shape[0] / 2).max()
        return bool(away < _STRAIGHT * self.height)

    @property
    def has_ends(self) -> bool:
        """Whether it ends before the strip does."""
        first, last = self.columns[[0, -1]].tolist()
        return bool(first > self.height / 4 and last < self.mask.shape[1] - self.height / 4)

    def _outer_side(self) -> tuple[Doubles, Doubles]:
        """Columns of the strip, and the outer side of the bend at each."""
        side = outline.outer_side(resampled(self.strip.line, POINTS))
        return np.linspace(0, self.mask.shape[1], POINTS), side

    def _measured(self) -> CentreLine:
        """Middle and half height of the mask, in groups of columns."""
        mask = self.sure if self.sure.any(axis=0).sum() >= _FEWEST else self.mask
        columns = np.flatnonzero(mask.any(axis=0))
        # Glyphs that stand apart are round spots: each of their columns counts as the whole spot.
        spread = np.ones((1, 1 + round(self.height / 2)), np.uint8)
        mask = cv2.dilate(mask.astype(np.uint8), spread)
        tops = mask[:, columns].argmax(axis=0)
        bottoms = mask.shape[0] - mask[::-1, columns].argmax(axis=0)
        groups = np.array_split(np.arange(len(columns)), min(POINTS, len(columns)))
        x, upper, lower = (
            np.array([np.median(side[group]) for group in groups])
            for side in (columns, tops, bottoms)
        )
        points = np.stack([x, (upper + lower) / 2], axis=1)
        return CentreLine(points.astype(np.float32), ((lower - upper) / 2).astype(np.float32))


def _middle(mask: AnyArray) -> AnyArray:
    """The parts of a strip's mask that lie along its middle, not beside it."""
    count, labels, _, centres = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    height = mask.shape[0]
    kept = [label for label in range(1, count) if abs(centres[label][1] / height - 0.5) < 0.25]
    return np.isin(labels, kept)


def _continuous(mask: AnyArray, gap: float) -> AnyArray:
    """The longest part of a strip's mask without gaps wider than that."""
    columns = np.flatnonzero(mask.any(axis=0))
    pieces = np.split(columns, np.flatnonzero(np.diff(columns) > gap) + 1)
    longest = max(pieces, key=len)
    result = np.zeros_like(mask)
    result[:, longest] = mask[:, longest]
    return result
