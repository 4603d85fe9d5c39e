"""A page's tilt: from its long lines, or where words are short, from the rows they stand in.

The box of a short word lies flatter than its text, for the detector's map is coarse: words of a
table tilted by 15 degrees had boxes at 11.5. A row of boxes has a longer base.
"""

from __future__ import annotations

import numpy as np

from lite_runner.arrays import Doubles

#: Beyond this a sheet lies on its side rather than tilted.
MAX_TILT = np.pi / 8
#: Boxes with sides less apart than this have no direction.
MIN_RATIO = 2.0
#: Lines this long, in heights, show the tilt to within a degree, shorter ones to five.
LONG = 8.0
NEAR, FAR = np.radians(1.5), np.radians(6.0)
#: Angles of rows that differ by less are the same but for the detector's pixels.
SAME = np.radians(0.5)
#: Neighbours that a row's angle is taken from, at least.
MIN_NEIGHBOURS = 3


def of(boxes: Doubles) -> float:
    """Angle of a page's rows, in radians, clockwise on the screen; 0 where nothing shows it.

    Args:
        boxes: Nx4x2, corners of quads clockwise on the screen.
    """
    widths = np.linalg.norm(boxes[:, 1] - boxes[:, 0], axis=1)
    heights = np.linalg.norm(boxes[:, 3] - boxes[:, 0], axis=1)
    ratios = np.maximum(widths, heights) / np.maximum(np.minimum(widths, heights), 1e-9)
    edges = np.where(
        (widths >= heights)[:, None], boxes[:, 1] - boxes[:, 0], boxes[:, 3] - boxes[:, 0]
    )
    angles = _quarter(np.arctan2(edges[:, 1], edges[:, 0]))
    shown = ratios >= MIN_RATIO
    tilt, window = 0.0, FAR
    if shown.any():
        weights = np.minimum(ratios[shown], 20.0) ** 2
        tilt = _median(angles[shown], weights)
        window = NEAR if _median(ratios[shown], weights) >= LONG else FAR
    tilt = _of_rows(boxes, np.minimum(widths, heights), tilt, window)
    return tilt if abs(tilt) < MAX_TILT else 0.0


def _of_rows(boxes: Doubles, heights: Doubles, tilt: float, window: float) -> float:
    """The tilt that most neighbours in a row agree on, near the given one."""
    angles = _neighbours(boxes, heights, tilt, window)
    if len(angles) < MIN_NEIGHBOURS:
        return tilt
    agreeing = np.exp(-(((angles[:, None] - angles) / SAME) ** 2)).sum(axis=1)
    near = np.abs(angles - angles[agreeing.argmax()]) < 2 * SAME
    return tilt + float(np.median(angles[near]))


def _neighbours(boxes: Doubles, heights: Doubles, tilt: float, window: float) -> Doubles:
    """Angles from each box's centre to that of the next one on its right, beside the tilt."""
    axes = np.array([[np.cos(tilt), -np.sin(tilt)], [np.sin(tilt), np.cos(tilt)]])
    turned = boxes @ axes
    centres = turned.mean(axis=1)
    left, right = turned[:, :, 0].min(axis=1), turned[:, :, 0].max(axis=1)
    across = centres[None, :, 0] - centres[:, None, 0]
    down = centres[None, :, 1] - centres[:, None, 1]
    apart = left[None] >= right[:, None] - 0.2 * heights[:, None]
    alike = np.abs(heights[None] - heights[:, None]) < 0.4 * np.maximum(
        heights[None], heights[:, None]
    )
    angles = np.arctan2(down, np.maximum(across, 1e-9))
    in_row = apart & alike & (across > 0) & (np.abs(angles) <= window)
    distances = np.where(in_row, across, np.inf)
    nearest = distances.argmin(axis=1)
    rows = np.arange(len(boxes))
    to_nearest: Doubles = angles[rows, nearest][np.isfinite(distances[rows, nearest])]
    return to_nearest


def _quarter(angles: Doubles) -> Doubles:
    """Angles brought to within an eighth of a turn, as a side and its neighbour stand for one."""
    brought: Doubles = (angles + np.pi / 4) % (np.pi / 2) - np.pi / 4
    return brought


def _median(values: Doubles, weights: Doubles) -> float:
    order = values.argsort()
    sums = weights[order].cumsum()
    return float(values[order][np.searchsorted(sums, sums[-1] / 2)])
