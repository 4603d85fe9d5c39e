"""Reading order: columns one after the other, in them rows from top to bottom, left to right.

Lines written downwards side by side, as Chinese and Japanese books have them, are read from right
to left; those that run upwards from left to right.
"""

from __future__ import annotations

from typing import Sequence

import numpy as np

from lite_runner.arrays import Doubles, Floats
from lite_runner.ocr.layout import columns, page_rotation, tilt

#: Lines written downwards are at least so many times as long as wide: a lone 1 or I is not.
MIN_VERTICAL = 3.0
#: White space between neighbours of a vertical text, at most, in widths of its lines.
MAX_GAP = 2.0


def of(quads: Sequence[Floats], upside_down: bool = False) -> list[int]:
    """Indices of quads in reading order, on a page whose own tilt is taken out.

    Args:
        quads: 4x2 each, clockwise on the screen, the text's own top left first.
        upside_down: the page lies on its head.
    """
    if not len(quads):
        return []
    boxes = np.stack(quads).astype(np.float64)
    if upside_down:
        boxes = -boxes
    # Whatever is equal is taken from the top left on, however the quads were given.
    across, down = boxes.mean(axis=1).T
    given = np.lexsort((across, down))
    boxes = boxes[given]
    angle = tilt.of(boxes)
    boxes = boxes @ np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    heights = _heights(boxes)
    units = _units(boxes, heights)
    edges = np.array([_edges(boxes[unit]) for unit in units])
    thickness = [float(heights[unit].mean()) for unit in units]
    ordered = [
        unit
        for group in columns.split(edges, range(len(units)))
        for unit in _row_by_row(edges, thickness, group)
    ]
    return [int(given[index]) for unit in ordered for index in units[unit]]


def of_turned(quads: Sequence[Floats], upside_down: bool) -> list[int]:
    """Reading order on a page that lay on its side and was turned counter-clockwise.

    What still runs across its lines, such as the title over a page of vertical text, was upright
    before: it is read before or after the others, as it stood above or below them.

    Args:
        quads, upside_down: as of :func:`of`, in the picture that was turned.
    """
    across = [index for index, quad in enumerate(quads) if page_rotation.runs_down(quad)]
    along = [index for index in range(len(quads)) if index not in across]
    before_turn = [page_rotation.turned_back(quad, 0) for quad in quads]
    middle = np.mean([before_turn[index][:, 1].mean() for index in along or across])
    ordered = [across[n] for n in of([before_turn[index] for index in across])]
    above = [index for index in ordered if before_turn[index][:, 1].mean() < middle]
    below = [index for index in ordered if index not in above]
    return [*above, *(along[n] for n in of([quads[i] for i in along], upside_down)), *below]


def _row_by_row(edges: Doubles, heights: Sequence[float], group: Sequence[int]) -> list[int]:
    """Rows from top to bottom, each from left to right.

    Two lines share a row if their middles lie within half a line's height of each other.
    """
    middles = ((edges[:, columns.TOP] + edges[:, columns.BOTTOM]) / 2).tolist()
    rows: list[list[int]] = []
    for index in sorted(group, key=middles.__getitem__):
        if rows:
            row = rows[-1]
            middle = sum(middles[member] for member in row) / len(row)
            near = 0.5 * min(heights[index], sum(heights[member] for member in row) / len(row))
            if abs(middles[index] - middle) < near:
                row.append(index)
                continue
        rows.append([index])
    centre = edges[:, columns.LEFT] + edges[:, columns.RIGHT]
    return [index for row in rows for index in sorted(row, key=lambda i: float(centre[i]))]


def _units(boxes: Doubles, heights: Doubles) -> list[list[int]]:
    """Lines that are read on their own, and vertical texts, whose lines follow each other."""
    runs = boxes[:, 1] - boxes[:, 0]
    lengths = np.linalg.norm(runs, axis=1)
    vertical = (np.abs(runs[:, 1]) > np.abs(runs[:, 0])) & (lengths >= MIN_VERTICAL * heights)
    units = [[index] for index in np.flatnonzero(~vertical).tolist()]
    # From right to left: the line next to a unit's last one is looked for among those after it.
    rest = sorted(np.flatnonzero(vertical).tolist(), key=lambda i: -float(boxes[i, :, 0].mean()))
    while rest:
        unit = [rest.pop(0)]
        for index in list(rest):
            if _are_neighbours(boxes[unit[-1]], boxes[index], MAX_GAP * float(heights[index])):
                unit.append(index)
                rest.remove(index)
        units.append(unit if runs[unit, 1].sum() > 0 else unit[::-1])
    return units


def _are_neighbours(right: Doubles, left: Doubles, gap: float) -> bool:
    """Whether two vertical lines stand beside each other with no more than a gap between."""
    top = max(right[:, 1].min(), left[:, 1].min())
    bottom = min(right[:, 1].max(), left[:, 1].max())
    lower = min(np.ptp(right[:, 1]), np.ptp(left[:, 1]))
    return bool(right[:, 0].min() - left[:, 0].max() <= gap and bottom - top >= 0.5 * lower)


def _heights(boxes: Doubles) -> Doubles:
    """Each line's height, across the way that it runs."""
    sides = [np.linalg.norm(boxes[:, 1] - boxes[:, 0], axis=1)]
    sides.append(np.linalg.norm(boxes[:, 3] - boxes[:, 0], axis=1))
    lower: Doubles = np.minimum(*sides)
    return lower


def _edges(boxes: Doubles) -> list[float]:
    """Left, top, right and bottom of quads together."""
    return [*boxes.min(axis=(0, 1)).tolist(), *boxes.max(axis=(0, 1)).tolist()]
