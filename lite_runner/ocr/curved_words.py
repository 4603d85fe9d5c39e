"""Words of a line that was straightened, back along its bend."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lite_runner.arrays import Floats
from lite_runner.ocr import words
from lite_runner.ocr.curves.centre_line import CentreLine, resampled
from lite_runner.ocr.curves.tracing import CurvedRegion
from lite_runner.ocr.page import Word
from lite_runner.pack import Recogniser

#: A line of length 1 and height 1.
_UNIT = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
#: Points that shares of a line are rounded to.
_POINTS = 512


def curved_words(
    steps: words.Steps, recogniser: Recogniser, line: CentreLine, text: str
) -> tuple[Word, ...]:
    """The words of a curved line, each with the smallest rectangle around it.

    Args:
        steps: what was read of the straightened line.
        recogniser: by which.
        line: its middle, from the text's start.
        text: the line in the order of reading.
    """
    fine = resampled(line, _POINTS)
    return tuple(
        replace(word, box=_box(fine, *word.box[:2, 0].tolist()))
        for word in words.words(steps, recogniser, _UNIT, text)
    )


def _box(line: CentreLine, left: float, right: float) -> Floats:
    """The rectangle, float32 4x2, around the part of a line between two shares of its length."""
    first = min(round(left * (_POINTS - 1)), _POINTS - 4)
    last = max(round(right * (_POINTS - 1)), first + 3)
    return CurvedRegion(CentreLine(line.points[first:last], line.halves[first:last]), 1.0).box
