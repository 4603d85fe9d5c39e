"""Columns of running text: where a page is read down one column before the next begins.

A recursive XY-cut (Nagy and Seth 1984) along gutters of white space. What crosses a gutter, such as
a heading over two columns, divides the page into bands above and below. A table has gutters, too,
but is read row by row: its cells are short or fill their columns loosely, its rows lie apart.
"""

from __future__ import annotations

from typing import Sequence

import numpy as np

from lite_runner.arrays import Doubles

#: Least lines on either side of a gutter, and their least median length in heights.
MIN_LINES, MIN_LENGTH = 3, 5.0
#: The same of lines that have one of equal height across the gutter, as rows of a table do.
MIN_ALIGNED_LENGTH = 7.0
#: A line fills its column with this share of its width; so many lines must.
FILLED, MOSTLY = 0.75, 0.6
#: Rows of text stand at most so many heights apart, those of a table further.
MAX_PITCH = 2.0
#: A gutter's least width, and how far lines of one row may lie apart, in heights of lines.
MIN_GUTTER, SAME_ROW = 0.7, 0.3
#: Gutters tried for a block, those with most lines beside them first.
MAX_TRIED = 12

LEFT, TOP, RIGHT, BOTTOM = range(4)


def split(edges: Doubles, indices: Sequence[int]) -> list[list[int]]:
    """Cut a block into groups of lines, in the order in which they are read.

    Args:
        edges: Nx4, each line's left, top, right and bottom, of a page without tilt.
        indices: the block's lines.

    Returns:
        Indices of each group, which is read row by row.
    """
    gutters = [
        gutter
        for gutter in _gutters(edges, indices)
        if any(_halves(edges, band, [gutter]) for band in _bands(edges, indices, [gutter]))
    ]
    groups: list[list[int]] = []
    rest: list[int] = []  # bands without columns stay together
    for band in _bands(edges, indices, gutters) if gutters else []:
        halves = _halves(edges, band, gutters)
        if halves is None:
            rest += band
            continue
        groups += split(edges, rest) if rest else []
        groups += split(edges, halves[0]) + split(edges, halves[1])
        rest = []
    if not groups:
        return [list(indices)]
    return groups + (split(edges, rest) if rest else [])


def _halves(
    edges: Doubles, band: Sequence[int], gutters: Sequence[float]
) -> tuple[list[int], list[int]] | None:
    """A band's lines on both sides of the first gutter that has columns on both sides."""
    for gutter in gutters:
        left = [index for index in band if edges[index, RIGHT] <= gutter]
        right = [index for index in band if edges[index, LEFT] >= gutter]
        if _are_columns(edges, left, right):
            return left, right
    return None


def _gutters(edges: Doubles, indices: Sequence[int]) -> list[float]:
    """Where lines begin and few cross, those that divide the block most evenly first."""
    if len(indices) < 2 * MIN_LINES:
        return []
    block = edges[list(indices)]
    before = 0.25 * float(np.median(block[:, BOTTOM] - block[:, TOP]))
    places = np.unique(block[:, LEFT] - before)[:, None]
    left = (block[:, RIGHT] <= places).sum(axis=1)
    right = (block[:, LEFT] >= places).sum(axis=1)
    even = np.minimum(left, right) - 2 * (len(block) - left - right)
    order = (-even).argsort(kind="stable")[:MAX_TRIED]
    return [float(places[index, 0]) for index in order if even[index] > 0]


def _bands(edges: Doubles, indices: Sequence[int], gutters: Sequence[float]) -> list[list[int]]:
    """Lines between those that cross a gutter, which are bands of their own."""
    bands: list[list[int]] = [[]]
    for index in sorted(indices, key=lambda i: float(edges[i, TOP] + edges[i, BOTTOM])):
        left, right = edges[index, LEFT], edges[index, RIGHT]
        if any(left < gutter < right for gutter in gutters):
            bands += [[index], []]
        else:
            bands[-1].append(index)
    return [band for band in bands if band]


def _are_columns(edges: Doubles, left: Sequence[int], right: Sequence[int]) -> bool:
    """Whether two sides of a gutter are columns of running text, rather than of a table."""
    if min(len(left), len(right)) < MIN_LINES:
        return False
    before, after = edges[list(left)], edges[list(right)]
    both = np.concatenate([before, after])
    height = float(np.median(both[:, BOTTOM] - both[:, TOP]))
    if after[:, LEFT].min() - before[:, RIGHT].max() < MIN_GUTTER * height:
        return False
    if not _side_by_side(before, after):
        return False
    before, after = _nearest(before, RIGHT), _nearest(after, LEFT)
    least = MIN_ALIGNED_LENGTH if _are_aligned(before, after, height) else MIN_LENGTH
    return all(_is_running_text(side, least, height) for side in (before, after))


def _is_running_text(side: Doubles, least: float, height: float) -> bool:
    """Whether lines are long, close to each other, and fill their column."""
    if len(side) < MIN_LINES or _median_length(side) < least:
        return False
    return _pitch(side) <= MAX_PITCH * height and _fills(side)


def _side_by_side(before: Doubles, after: Doubles) -> bool:
    """Whether the lower of two blocks has the other beside at least half of itself."""
    top = max(before[:, TOP].min(), after[:, TOP].min())
    bottom = min(before[:, BOTTOM].max(), after[:, BOTTOM].max())
    sizes = [side[:, BOTTOM].max() - side[:, TOP].min() for side in (before, after)]
    return bool(bottom - top >= 0.5 * min(sizes))


def _nearest(side: Doubles, edge: int) -> Doubles:
    """Of each row the line next to the gutter, which ``edge`` of the lines faces."""
    middle = (side[:, TOP] + side[:, BOTTOM]) / 2
    same_row = (middle[:, None] > side[None, :, TOP]) & (middle[:, None] < side[None, :, BOTTOM])
    place = side[:, edge] if edge == RIGHT else -side[:, edge]
    nearest: Doubles = side[~(same_row & (place[None] > place[:, None])).any(axis=1)]
    return nearest


def _median_length(side: Doubles) -> float:
    return float(np.median((side[:, RIGHT] - side[:, LEFT]) / (side[:, BOTTOM] - side[:, TOP])))


def _are_aligned(before: Doubles, after: Doubles, height: float) -> bool:
    """Whether most lines of the side with fewer have one of the other side in their row."""
    middles = [(side[:, TOP] + side[:, BOTTOM]) / 2 for side in (before, after)]
    apart = np.abs(middles[0][:, None] - middles[1][None])
    fewer = 0 if len(before) <= len(after) else 1
    in_row = apart.min(axis=1 - fewer) < SAME_ROW * height
    return bool(in_row.mean() >= MOSTLY)


def _fills(side: Doubles) -> bool:
    """Whether most lines are as long as their column is wide, as those of a paragraph are."""
    widths = side[:, RIGHT] - side[:, LEFT]
    return bool((widths >= FILLED * np.percentile(widths, 90)).mean() >= MOSTLY)


def _pitch(side: Doubles) -> float:
    """Median distance of rows that follow each other."""
    return float(np.median(np.diff(np.sort(side[:, TOP] + side[:, BOTTOM]) / 2)))
