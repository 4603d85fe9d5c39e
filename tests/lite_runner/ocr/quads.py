"""Quads that tests draw."""

from __future__ import annotations

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
