"""The middle line of curved text, and what is cut out along it.

As TextSnake (Long et al. 2018, https://arxiv.org/abs/1807.01544) describes text of any shape: a
line through the middle of the glyphs, with the text's height at each of its points.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from lite_runner.arrays import Floats, Image

#: Points that a middle line is kept with. A full circle of text has some 60 glyphs.
POINTS = 64
#: Points of each long side of a region as users get it: the circle's are 15 degrees apart.
_SIDE_POINTS = 24
#: How far values are smoothed along a line: the standard deviation, in points of :data:`POINTS`.
_SMOOTHING = 3.0
#: Longest crop in multiples of its height; a seal's text is 20 to 30 glyphs.
_LONGEST = 120


@dataclass(frozen=True)
class CentreLine:
    """The middle of a line of text, from its start to its end.

    Attributes:
        points: float32 Nx2, in pixels, evenly spaced along the line.
        halves: float32 N, half of the text's height at each point, in pixels.
    """

    points: Floats
    halves: Floats

    @property
    def normals(self) -> Floats:
        """float32 Nx2 of length 1, from each point to the tops of the glyphs."""
        along = np.gradient(self.points, axis=0)
        along /= np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-6)[:, None]
        return np.stack([along[:, 1], -along[:, 0]], axis=1).astype(np.float32)

    @property
    def length(self) -> float:
        """In pixels."""
        return float(_distances(self.points)[-1])

    @property
    def turning(self) -> float:
        """The angle by which its direction turns from start to end, in radians; clockwise > 0."""
        steps = np.diff(self.points, axis=0)
        angles = np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))
        return float(angles[-1] - angles[0])

    @property
    def bend(self) -> float:
        """Its largest distance from the straight line between its ends, in text heights."""
        first, last = self.points[0], self.points[-1]
        chord, away = last - first, self.points - first
        span = math.hypot(*chord.tolist())
        if span < 1:
            return math.inf
        distances = np.abs(chord[0] * away[:, 1] - chord[1] * away[:, 0]) / span
        return float(distances.max() / max(1e-6, 2 * float(np.median(self.halves))))

    def reversed(self) -> CentreLine:
        """The same read from its end."""
        return CentreLine(self.points[::-1].copy(), self.halves[::-1].copy())

    def outline(self, count: int = _SIDE_POINTS) -> Floats:
        """The region as a polygon.

        Returns:
            float32 2Nx2: ``count`` points along the tops of the glyphs from start to end, and as
            many along their bottoms back.
        """
        line = resampled(self, count)
        reach = line.normals * line.halves[:, None]
        return np.concatenate([line.points + reach, (line.points - reach)[::-1]]).astype(np.float32)


@dataclass(frozen=True)
class Strip:
    """A picture of a line that was straightened along its middle.

    Attributes:
        pixels: uint8 hxwx3.
        line: the middle of the strip's columns, a point a column, and half of what each shows.
    """

    pixels: Image
    line: CentreLine

    def to_picture(self, line: CentreLine) -> CentreLine:
        """A line in the strip's pixels, where it is in the picture."""
        height, index = self.pixels.shape[0], np.arange(len(self.line.points)) + 0.5
        columns, rows = line.points.T
        scale = np.interp(columns, index, self.line.halves) * 2 / height
        up = (height / 2 - rows) * scale
        x, y, across, down = (
            np.interp(columns, index, values)
            for values in (*self.line.points.T, *self.line.normals.T)
        )
        points = np.stack([x + across * up, y + down * up], axis=1)
        return CentreLine(points.astype(np.float32), (line.halves * scale).astype(np.float32))


def straighten(image: Image, line: CentreLine) -> Strip:
    """Cut a line out along its middle: as wide as it is long, as high as its text.

    Where the text is smaller it is enlarged, in both directions, so that glyphs keep their
    proportions.

    Args:
        image: uint8 HxWx3.
    """
    height = max(1, round(2 * float(np.median(line.halves))))
    distances = _distances(line.points)
    lengths = np.diff(distances) / (line.halves[1:] + line.halves[:-1])
    columns = np.concatenate([[0.0], np.cumsum(lengths)]) * height
    width = int(min(max(1, round(float(columns[-1]))), _LONGEST * height))
    middle = _interpolated(line, columns, (np.arange(width) + 0.5) * columns[-1] / width)
    rows = 1 - 2 * (np.arange(height, dtype=np.float32) + 0.5) / height
    reach = rows[:, None] * middle.halves
    normals = middle.normals if width > 1 else line.normals[:1]
    x, y = (middle.points[:, axis] + reach * normals[:, axis] for axis in (0, 1))
    pixels = cv2.remap(image, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return Strip(np.asarray(pixels, np.uint8), middle)


def resampled(line: CentreLine, count: int = POINTS) -> CentreLine:
    """The same line with another number of points, evenly spaced."""
    distances = _distances(line.points)
    return _interpolated(line, distances, np.linspace(0, distances[-1], count))


def extended(line: CentreLine, length: float) -> CentreLine:
    """The same line with so much more of it at both ends, bent on as it was in its last third."""
    points = np.concatenate([_beyond(line.points[::-1], length)[::-1], line.points])
    points = np.concatenate([points, _beyond(line.points, length)])
    added = (len(points) - len(line.points)) // 2
    halves = np.pad(line.halves, added, "edge")
    return CentreLine(points.astype(np.float32), halves)


def _beyond(points: Floats, length: float, steps: int = 8) -> Floats:
    """Points further along, by a circle through the last third of a line."""
    last = points[-(len(points) // 3) :]
    ways = np.diff(last, axis=0)
    angles = np.unwrap(np.arctan2(ways[:, 1], ways[:, 0]))
    distances = _distances(last)
    bend, _ = np.polyfit((distances[1:] + distances[:-1]) / 2, angles, 1)
    bend = np.clip(bend, -1 / length, 1 / length)
    step = length / steps
    ahead = angles[-3:].mean() + bend * step * (np.arange(steps) + 1)
    moves = np.stack([np.cos(ahead), np.sin(ahead)], axis=1) * step
    result: Floats = points[-1] + np.cumsum(moves, axis=0)
    return result


def smoothed(line: CentreLine) -> CentreLine:
    """Without the steps of the pixels it was made from; evenly spaced, :data:`POINTS` of them."""
    even = resampled(line)
    points = np.stack([smooth(values) for values in even.points.T], axis=1)
    return resampled(CentreLine(points, smooth(even.halves)))


def smooth(values: Floats, deviation: float = _SMOOTHING) -> Floats:
    """Values weighted by a Gaussian; beyond both ends they go on as before."""
    reach = min(round(3 * deviation), len(values) - 1)
    if reach < 1:
        return values
    before = 2 * values[0] - values[reach:0:-1]
    after = 2 * values[-1] - values[-2 : -reach - 2 : -1]
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / deviation) ** 2)
    longer = np.concatenate([before, values, after])
    result: Floats = np.convolve(longer, weights / weights.sum(), "valid").astype(np.float32)
    return result


def _interpolated(line: CentreLine, known: Floats, wanted: Floats) -> CentreLine:
    x, y, halves = (
        np.interp(wanted, known, values).astype(np.float32)
        for values in (*line.points.T, line.halves)
    )
    return CentreLine(np.stack([x, y], axis=1), halves)


def _distances(points: Floats) -> Floats:
    """Of each point from the first, along the line."""
    steps = np.diff(points, axis=0)
    result: Floats = np.concatenate([[0.0], np.cumsum(np.hypot(steps[:, 0], steps[:, 1]))])
    return result
