"""The text in a picture that was straightened along it, as the detector sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

import cv2
import numpy as np
from numpy.polynomial import Polynomial

from lite_runner.arrays import AnyArray, Doubles, Floats, Image, Ints
from lite_runner.ocr.curves import outline
from lite_runner.ocr.curves.centre_line import POINTS, CentreLine, Strip, resampled, straighten
from lite_runner.pack import Detector

#: In a straightened picture text is as probable as this; what was filled is less.
_SURE = 0.8
#: What is left of a bend in a straightened picture is a curve of this degree.
_DEGREE = 4
#: Text goes on after a gap in the mask narrower than this many times its height; the gap between
#: glyphs is narrower, by half a height.
_GAP = 1.1
#: Columns of a strip with less than this share of its strongest contrast are empty.
_INK = 0.3
#: Fewer columns of a strip hold no text.
_FEWEST = 8
#: A line is straight when it leaves the middle by less than this share of its height.
_STRAIGHT = 0.1
#: Runs the detector on a picture; gives the probability map of whatever size it chose.
Look = Callable[[Image], Floats]


@dataclass(frozen=True)
class TextBand:
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
    ) -> TextBand | None:
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
