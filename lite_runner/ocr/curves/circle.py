"""Arcs of circles, as seals and signs are lettered along."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Tuple

import numpy as np

from lite_runner.arrays import Doubles, Floats
from lite_runner.ocr.curves.centre_line import CentreLine, resampled

#: A line is an arc of a circle that it leaves by no more than this share of its height.
_ROUND = 0.2
#: Points of an arc of a full turn.
_POINTS = 128
#: Angles in radians, growing clockwise as seen on the screen.
Span = Tuple[float, float]


@dataclass(frozen=True)
class Circle:
    """A circle in pixels.

    Attributes:
        centre: float64 2.
        radius: of the middle of the text.
    """

    centre: Doubles
    radius: float

    def angles(self, line: CentreLine) -> Span:
        """Where a line along it begins and ends."""
        away = line.points - self.centre
        angles = np.unwrap(np.arctan2(away[:, 1], away[:, 0]))
        return float(angles[0]), float(angles[-1])

    def turn_around(self, line: CentreLine) -> Span:
        """Where a whole turn begins that has a line along it in its middle, and 2π in its sense."""
        first, last = self.angles(line)
        turn = math.copysign(2 * math.pi, last - first)
        return (first + last - turn) / 2, turn

    def arc(self, first: float, last: float, halves: tuple[float, float]) -> CentreLine:
        """The line from one angle to another.

        Args:
            first, last: angles in radians.
            halves: half of the text's height at either end.
        """
        angles = np.linspace(first, last, _POINTS)
        points = self.centre + self.radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        return CentreLine(
            points.astype(np.float32), np.linspace(*halves, _POINTS).astype(np.float32)
        )


def fitted(line: CentreLine) -> Circle | None:
    """The circle that a line is an arc of, by least squares; None if it is no arc.

    Kåsa 1976, A circle fitting procedure and its error analysis.
    """
    x, y = line.points.astype(np.float64).T
    unknowns = np.stack([x, y, np.ones_like(x)], axis=1)
    a, b, c = np.linalg.lstsq(unknowns, x * x + y * y, rcond=None)[0].tolist()
    centre, radius = np.array([a, b]) / 2, math.sqrt(max(0.0, c + (a * a + b * b) / 4))
    away = np.abs(np.hypot(*(line.points - centre).T) - radius).max()
    height = 2 * float(np.median(line.halves))
    return Circle(centre, radius) if away < _ROUND * height < radius else None


def regular(line: CentreLine) -> CentreLine:
    """A line with a height that changes evenly; an arc where it nearly is one."""
    even = resampled(line)
    shares = np.linspace(-1, 1, len(even.halves))
    slope, middle = np.polyfit(shares, even.halves, 1).tolist()
    slope = min(max(slope, -middle / 2), middle / 2)
    circle = fitted(even)
    if circle is not None:
        return circle.arc(*circle.angles(even), (middle - slope, middle + slope))
    halves: Floats = (middle + slope * shares).astype(np.float32)
    return CentreLine(even.points, halves)
