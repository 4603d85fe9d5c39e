"""From the outline of a region to the middle line of its text."""

from __future__ import annotations

import math

import numpy as np

from lite_runner.arrays import Doubles, Floats, Ints
from lite_runner.ocr.curves.centre_line import CentreLine, smooth, smoothed

#: Points of an outline among which its ends are looked for, and then looked for closer.
_COARSE, _FINE = 64, 512
#: Neither side of a region is shorter than this share of its outline.
_SHORTEST_SIDE = 0.25
#: Pairs of opposite points that sides are compared with.
_PAIRS = 24
#: Of the widths of a region, this share is as wide as its text or less: the rest may be filled up.
_UNFILLED = 0.1
#: Text that turns by less than this along the line is not filled up, in radians.
_STRAIGHT = 0.3
#: Text that turns by more than this from end to end has one bend, in radians.
_ONE_BEND = 0.5
#: A line turned further than this, in radians, is nearly a circle.
_CIRCLE = math.radians(300)


def centre_line(outline: Floats, reach: float, ratio: float) -> CentreLine:
    """The middle line of a region's text.

    Its ends are the two points of the outline between which the two sides lie nearest to each
    other. Detectors that were trained with quads fill the hollow side of a bend. So what is wider
    than the text is there is taken off that side.

    Args:
        outline: float Nx2, the corners of a polygon, in pixels.
        reach: by how much it was grown; what fills a bend makes that too much.
        ratio: DB's unclip ratio, that is ``reach`` in multiples of half of the region's width.
    """
    upper, lower = _sides(outline)
    points = ((upper + lower) / 2).astype(np.float32)
    widths = np.hypot(*(upper - lower).T)
    line = smoothed(CentreLine(points, (_without_caps(points, widths) / 2).astype(np.float32)))
    line = unfilled(line, outer_side(line))
    inner = np.maximum(line.halves - reach, 1.0)
    halves = inner + np.minimum(reach, inner * ratio)
    return from_start(CentreLine(line.points, halves.astype(np.float32)))


def _sides(outline: Floats) -> tuple[Doubles, Doubles]:
    """Both long sides of a region from one end to the other, as opposite points."""
    coarse = _along(outline, _COARSE)
    shortest = round(_SHORTEST_SIDE * _COARSE)
    firsts, lasts = np.triu_indices(_COARSE, shortest)
    allowed = lasts - firsts <= _COARSE - shortest
    first, last = _nearest(coarse, firsts[allowed], lasts[allowed])
    fine = _along(outline, _FINE)
    ratio = _FINE // _COARSE
    steps = np.arange(-ratio, ratio + 1)
    firsts, lasts = (
        grid.ravel() for grid in np.meshgrid(first * ratio + steps, last * ratio + steps)
    )
    first, last = _nearest(fine, firsts, lasts)
    pairs = [_opposite(fine, first, last, share) for share in np.linspace(0, 1, 4 * _PAIRS)]
    upper, lower = (np.stack(side) for side in zip(*pairs))
    return upper, lower


def _nearest(outline: Doubles, firsts: Ints, lasts: Ints) -> tuple[int, int]:
    """Of pairs of ends, the one between which the sides are nearest to each other."""
    distances = np.zeros(len(firsts))
    for share in np.linspace(0, 1, _PAIRS):
        there, back = _opposite(outline, firsts, lasts, share)
        distances += np.hypot(*(there - back).T)
    best = int(distances.argmin())
    return int(firsts[best]), int(lasts[best])


def _opposite(
    outline: Doubles, first: Ints | int, last: Ints | int, share: float
) -> tuple[Doubles, Doubles]:
    """Points on both sides at a share of the ways from the first end to the last."""
    count = len(outline)
    return (
        _at(outline, np.asarray(first + share * (last - first))),
        _at(outline, np.asarray(first - share * (count - (last - first)))),
    )


def _at(outline: Doubles, index: Doubles) -> Doubles:
    """Points of a closed outline at fractions of its indices."""
    count = len(outline)
    whole = np.floor(index).astype(int)
    part = (index - whole)[..., None]
    result: Doubles = outline[whole % count] * (1 - part) + outline[(whole + 1) % count] * part
    return result


def _along(outline: Floats, count: int) -> Doubles:
    """So many points of a closed outline, evenly spaced."""
    closed = np.concatenate([outline, outline[:1]]).astype(np.float64)
    steps = np.hypot(*np.diff(closed, axis=0).T)
    distances = np.concatenate([[0.0], np.cumsum(steps)])
    positions = np.arange(count) * distances[-1] / count
    return np.stack([np.interp(positions, distances, axis) for axis in closed.T], axis=1)


def _without_caps(points: Floats, widths: Doubles) -> Doubles:
    """Widths that do not go to zero towards the round ends of a region."""
    half = float(np.median(widths)) / 2
    distances = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    inside = np.flatnonzero((distances >= half) & (distances <= distances[-1] - half))
    if not len(inside):
        return np.full_like(widths, 2 * half)
    result: Doubles = widths.copy()
    result[: inside[0]], result[inside[-1] + 1 :] = widths[inside[0]], widths[inside[-1]]
    return result


def unfilled(line: CentreLine, outer_side: Doubles) -> CentreLine:
    """A line moved to the outer side of its bends, by what their inner side was filled with.

    Args:
        outer_side: as :func:`outer_side` tells, of the line as it is in the picture.
    """
    halves = np.minimum(line.halves, np.quantile(line.halves, _UNFILLED) * 1.15)
    moved = line.points + line.normals * ((line.halves - halves) * outer_side)[:, None]
    return smoothed(CentreLine(moved.astype(np.float32), halves.astype(np.float32)))


def outer_side(line: CentreLine) -> Doubles:
    """Where the outer side of the bend at each point is: 1 for the glyphs' tops, -1 below."""
    if abs(line.turning) > _ONE_BEND:
        return np.full(len(line.points), float(np.sign(line.turning)))
    steps = np.gradient(line.points, axis=0)
    directions = np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))
    # Turning in an eighth of the line to either side, as a share of what counts as a bend.
    turning = smooth(np.gradient(smooth(directions)), 6.0) * len(directions) / 4
    result: Doubles = np.clip(turning / _STRAIGHT, -1, 1)
    return result


def from_start(line: CentreLine) -> CentreLine:
    """From left to right; of text that goes up, down or around, with its tops outside."""
    across, down = (line.points[-1] - line.points[0]).tolist()
    if abs(across) > abs(down) / 2 and abs(line.turning) < _CIRCLE:
        return line if across > 0 else line.reversed()
    return line if line.turning > 0 else line.reversed()
