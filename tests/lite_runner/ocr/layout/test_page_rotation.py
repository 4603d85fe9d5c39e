"""Pages on their side: when a page is one, and where its boxes come to lie."""

from __future__ import annotations

import numpy as np
import pytest

from lite_runner.ocr.detector import geometry
from lite_runner.ocr.layout import page_rotation
from tests.lite_runner.ocr.quads import rectangle

DOWN = [geometry.text_first(rectangle(60 * line, 20, 30, 300)) for line in range(4)]
WORD = rectangle(10, 400, 30, 30)
ACROSS = rectangle(0, 400, 300, 30)
#: A 1 or 4 that stands alone, as text_first takes it for a line written downwards.
DIGITS = [geometry.text_first(rectangle(60 * place, 20, 24, 44)) for place in range(6)]
#: A table's cells on a page that lies on its side.
CELLS = [geometry.text_first(rectangle(60 * place, 20, 24, 54)) for place in range(6)]


@pytest.mark.parametrize(
    ("quads", "expected"),
    [
        ([], False),
        (DOWN, True),
        (DOWN[:3], True),
        (DOWN[:2], False),
        ([*DOWN, WORD, WORD, WORD], True),
        ([*DOWN, ACROSS], True),
        ([*DOWN, ACROSS, ACROSS], False),
        ([ACROSS] * 5, False),
        ([WORD] * 5, False),
        (DIGITS, False),
        (CELLS, True),
        ([*CELLS[:3], *DIGITS], True),
        ([*CELLS[:2], *DIGITS], False),
    ],
)
def test_a_page_is_on_its_side_where_most_of_its_lines_are(quads: list, expected: bool) -> None:
    assert page_rotation.is_sideways(quads) is expected


def test_quads_of_the_turned_picture_lie_on_the_same_pixels() -> None:
    image = np.zeros((120, 200, 3), np.uint8)
    image[30:90, 20:50] = 255
    rotated = page_rotation.quarter_turn(image)
    assert rotated.shape == (200, 120, 3)
    rows, columns = np.nonzero(rotated[:, :, 0])
    quad = rectangle(columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1)
    back = page_rotation.turned_back(quad, 200)
    assert back.dtype == np.float32
    # The top left of the turned picture was the top right.
    assert back.tolist() == [[50, 30], [50, 90], [20, 90], [20, 30]]


@pytest.mark.parametrize(
    ("first", "degrees"), [(0, 0), (1, 0), (2, 180), (3, 180)], ids=["right", "down", "left", "up"]
)
def test_angle_says_whether_text_runs_backwards(first: int, degrees: int) -> None:
    quad = rectangle(10, 10, 50, 50)
    assert page_rotation.angle(np.roll(quad, -first, axis=0)) == degrees
