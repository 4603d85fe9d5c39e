"""Where a picture has strokes as fine as of text that a detector misses at some scale.

Text has two to three strokes across a letter, so strokes stand the closer the smaller it is. The
measure takes a tenth of the detector's time and needs no network.
"""

from __future__ import annotations

import cv2
import numpy as np

from lite_runner.arrays import Image, Ints

#: Text of at least this height, in pixels of the detector's map, is found. Text of 18 pixels at a
#: quarter (4.5) is not; of 60 lines of 16 at a half PP-OCRv4, v6 tiny and v6 small read 55 to 59.
READABLE = 8
#: A cell is so many pixels of the map wide and high, and looked at with its neighbours in a row, or
#: for text that is written downwards in a column.
CELL, NEIGHBOURS = 4, 10
#: Strokes a pixel of the map from which on text is smaller than :data:`READABLE`: Latin text has
#: 0.37 to 0.40 at 3 to 4.5 pixels, 0.27 at 9, 0.22 at 12; Chinese 0.54 to 0.50, 0.30 and 0.24.
FINE = 0.3
#: Least difference of grey between a stroke and what is beside it.
_CONTRAST = 32


def fine_cells(image: Image, scale: float) -> Ints:
    """Which cells of a picture have strokes of text too small for the detector.

    Args:
        image: uint8 HxWx3 BGR.
        scale: of the detector's map to the picture, below 1.

    Returns:
        int64 of 0 and 1, a value for each :data:`CELL` by :data:`CELL` pixels of the map.
    """
    rows, columns = (max(1, round(side * scale / CELL)) for side in image.shape[:2])
    # A few rows of each cell are enough, and save converting and comparing the others.
    every = max(1, round(0.5 / scale))
    across = _fine_in_rows(image[::every], rows, columns, scale)
    down = _fine_in_rows(image[:, ::every].transpose(1, 0, 2), columns, rows, scale)
    return np.asarray(across | down.T, np.int64)


def _fine_in_rows(
    pixels: Image, rows: int, columns: int, scale: float
) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Which of rows x columns of cells have fine strokes across, of text that stands in rows."""
    edges = _edges(np.ascontiguousarray(pixels))
    y, x = _bounds(edges.shape[0], rows), _bounds(edges.shape[1], columns)
    sums = cv2.integral(edges)  # int32: edges of up to two thousand million pixels
    counts = np.diff(np.diff(sums[np.ix_(y, x)], axis=0), axis=1)
    pixels_of_cells = np.outer(np.diff(y), np.diff(x))
    fine = _beside(counts) > FINE * scale * _beside(pixels_of_cells)
    return np.asarray(fine, bool)


def _edges(rows: Image) -> Image:
    """1 where grey starts to rise by :data:`_CONTRAST` within two pixels, else 0."""
    grey = cv2.cvtColor(rows, cv2.COLOR_BGR2GRAY)
    if grey.shape[1] < 4:
        return np.zeros(grey.shape, np.uint8)
    rise = cv2.subtract(grey[:, 2:], grey[:, :-2])
    _, strong = cv2.threshold(rise, _CONTRAST, 1, cv2.THRESH_BINARY)
    return np.asarray(cv2.subtract(strong[:, 1:], strong[:, :-1]), np.uint8)


def _bounds(length: int, count: int) -> Ints:
    """Where ``count`` equal parts of a length begin, and the last one's end."""
    return np.arange(count + 1, dtype=np.int64) * length // count


def _beside(values: Ints) -> Ints:
    """Sums over a cell and its neighbours in a row, as far as there are any."""
    sums = np.cumsum(values, axis=1, dtype=np.int64)
    sums = np.concatenate([np.zeros_like(sums[:, :1]), sums], axis=1)
    cells = np.arange(values.shape[1])
    ends = np.minimum(cells + NEIGHBOURS // 2, len(cells))
    starts = np.maximum(cells - NEIGHBOURS // 2, 0)
    return np.asarray(sums[:, ends] - sums[:, starts], np.int64)
