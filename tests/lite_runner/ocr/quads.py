"""Quads that tests draw."""

from __future__ import annotations

import itertools

import numpy as np

from lite_runner.arrays import Floats


def turned(quad: Floats, degrees: float, centre: tuple[float, float] = (0.0, 0.0)) -> Floats:
    """Points turned clockwise on the screen."""
    angle = np.radians(degrees)
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return ((quad - np.array(centre)) @ matrix.T + np.array(centre)).astype(np.float32)


def rectangle(left: float, top: float, width: float, height: float) -> Floats:
    """Corners clockwise from the top left."""
    right, bottom = left + width, top + height
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def page(columns: int, rows: int, width: float = 200) -> list[Floats]:
    """Lines 30 high in rows 60 apart, listed in reading order."""
    places = itertools.product(range(rows), range(columns))
    return [rectangle(100 + 280 * column, 100 + 60 * row, width, 30) for row, column in places]


def paragraph(left: float, top: float, rows: int, width: float = 420) -> list[Floats]:
    """Lines 30 high and 36 apart that fill a column, but for the last."""
    widths = [width - 9 * (row % 3) for row in range(rows - 1)] + [0.4 * width]
    return [rectangle(left, top + 36 * row, wide, 30) for row, wide in enumerate(widths)]
