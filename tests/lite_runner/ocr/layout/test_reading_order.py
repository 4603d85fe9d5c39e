"""Reading order: rows, tilt, columns, tables, vertical text."""

from __future__ import annotations

from typing import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lite_runner.arrays import Floats
from lite_runner.ocr.detector import geometry
from lite_runner.ocr.layout import reading_order
from tests.lite_runner.ocr.quads import page, paragraph, rectangle, turned


def order(quads: Sequence[Floats], seed: int = 7, upside_down: bool = False) -> list[int]:
    """Reading order of quads that were shuffled."""
    shuffled = np.random.default_rng(seed).permutation(len(quads)).tolist()
    read = reading_order.of([quads[index] for index in shuffled], upside_down)
    return [shuffled[index] for index in read]


def assert_read_as_listed(quads: Sequence[Floats]) -> None:
    assert order(quads) == list(range(len(quads)))


def test_an_empty_page_has_no_order() -> None:
    assert reading_order.of([]) == []


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 4), st.integers(1, 12), st.floats(-15, 15), st.integers(0, 99))
def test_a_tilted_page_is_read_row_by_row(
    columns: int, rows: int, degrees: float, seed: int
) -> None:
    quads = [geometry.clockwise(turned(quad, degrees, (500, 400))) for quad in page(columns, rows)]
    assert order(quads, seed) == list(range(len(quads)))


@pytest.mark.parametrize("degrees", range(-15, 16, 3))
def test_short_words_that_lie_flatter_than_their_rows_are_read_row_by_row(degrees: int) -> None:
    widths = [(70, 90, 60), (90, 60, 80), (60, 40, 60), (80, 60, 60), (70, 50, 90), (66, 50, 70)]
    quads = []
    for row, cells in enumerate(widths):
        for column, width in enumerate(cells):
            flat = rectangle(-width / 2, -18, width, 36)
            middle = turned(np.array([[120 + 330 * column, 80 + 70 * row]]), degrees)
            quads.append(geometry.clockwise(turned(flat, 0.7 * degrees) + middle))
    assert_read_as_listed(quads)


def test_lines_of_one_row_may_differ_in_height_and_place() -> None:
    tall, low, small = (
        rectangle(500, 96, 100, 40),
        rectangle(100, 110, 200, 30),
        rectangle(320, 105, 100, 20),
    )
    under = rectangle(90, 145, 200, 30)
    assert reading_order.of([under, tall, small, low]) == [3, 2, 1, 0]


def test_a_page_upside_down_is_read_from_its_own_top() -> None:
    quads = [turned(quad, 180, (500, 400)) for quad in page(3, 5)]
    assert order(quads, upside_down=True) == list(range(15))


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_reading_order_does_not_depend_on_the_order_given(data: st.DataObject) -> None:
    cells = data.draw(st.lists(st.integers(0, 24), min_size=1, max_size=12, unique=True))
    sides = st.floats(0.1, 0.9)
    quads = []
    for cell in cells:
        width, height = 150 * data.draw(sides), 40 * data.draw(sides)
        corner = (200 * (cell % 5) + data.draw(st.floats(0, 49)), 50.0 * (cell // 5))
        quads.append(rectangle(*corner, width, height))
    shuffled = data.draw(st.permutations(range(len(quads))))
    read = reading_order.of([quads[index] for index in shuffled])
    assert sorted(read) == list(range(len(quads)))
    assert [shuffled[index] for index in read] == reading_order.of(quads)


@pytest.mark.parametrize("tilt", [-8, 0, 3])
@pytest.mark.parametrize("shift", [0, 17], ids=["aligned", "lines between lines"])
@pytest.mark.parametrize("columns", [2, 3])
def test_columns_of_text_are_read_one_after_the_other(columns: int, shift: int, tilt: int) -> None:
    quads = [
        quad
        for column in range(columns)
        for quad in paragraph(80 + 480 * column, 100 + shift * (column % 2), 9)
    ]
    assert_read_as_listed([geometry.clockwise(turned(quad, tilt, (400, 300))) for quad in quads])


def test_headings_over_columns_come_before_and_between_them() -> None:
    title, note = rectangle(200, 20, 700, 44), rectangle(500, 700, 60, 30)
    heading = rectangle(80, 400, 880, 40)
    upper = paragraph(80, 100, 7) + paragraph(560, 100, 7)
    lower = paragraph(80, 460, 6) + paragraph(560, 460, 5)
    assert_read_as_listed([title, *upper, heading, *lower, note])


def test_a_heading_over_some_columns_divides_all_of_them() -> None:
    title, heading = rectangle(80, 40, 600, 40), rectangle(80, 400, 700, 40)
    upper, lower = (
        [quad for column in range(3) for quad in paragraph(80 + 480 * column, top, 7)]
        for top in (100, 470)
    )
    assert_read_as_listed([title, *upper, heading, *lower])


def test_a_short_column_may_end_before_its_neighbour() -> None:
    assert_read_as_listed(paragraph(80, 100, 12) + paragraph(560, 100, 4))


@pytest.mark.parametrize(
    ("widths", "pitch"),
    [
        ((80, 60, 70), 36),
        ((420, 60), 36),
        ((300, 300, 300), 80),
        ((130, 400, 90), 50),
    ],
    ids=["short cells", "names and prices", "rows far apart", "three kinds of cells"],
)
def test_a_table_is_read_row_by_row(widths: Sequence[int], pitch: int) -> None:
    quads = []
    for row in range(10):
        for column, width in enumerate(widths):
            cell = width * (0.98 if row % 3 else 0.9)
            quads.append(rectangle(60 + 450 * column, 60 + pitch * row, cell, 30))
    assert_read_as_listed(quads)


def test_a_table_of_loosely_filled_cells_is_read_row_by_row() -> None:
    widths = np.random.default_rng(5).uniform(100, 440, (12, 2))
    quads = []
    for row in range(12):
        for column in range(2):
            quads.append(rectangle(60 + 500 * column, 60 + 40 * row, widths[row, column], 30))
    assert_read_as_listed(quads)


def test_a_table_between_columns_of_text_is_read_in_its_place() -> None:
    text = paragraph(80, 100, 6) + paragraph(560, 100, 6)
    title = rectangle(80, 350, 880, 36)
    table = [rectangle(left, 420 + 60 * row, 90, 30) for row in range(4) for left in (80, 420, 760)]
    assert_read_as_listed([*text, title, *table])


@pytest.mark.parametrize("tilt", [-6, 0, 6])
def test_vertical_lines_are_read_from_right_to_left(tilt: int) -> None:
    heading = rectangle(100, 20, 500, 50)
    lines = [rectangle(640 - 70 * line, 120, 40, 500) for line in range(9)]
    under = rectangle(100, 680, 300, 36)
    turned_lines = [turned(geometry.text_first(quad), tilt, (300, 300)) for quad in lines]
    horizontal = [turned(quad, tilt, (300, 300)) for quad in (heading, under)]
    assert_read_as_listed([horizontal[0], *turned_lines, horizontal[1]])


def test_a_title_across_the_lines_of_a_turned_page_comes_first() -> None:
    """As vertical text with an upright title is seen after its page was turned."""
    lines = [rectangle(120, 40 + 70 * line, 500, 40) for line in range(8)]
    title, number = (np.roll(rectangle(left, 200, 36, 250), 1, axis=0) for left in (40, 660))
    quads = [title, *lines, number]
    for seed in range(3):
        shuffled = np.random.default_rng(seed).permutation(len(quads)).tolist()
        read = reading_order.of_turned([quads[index] for index in shuffled], False)
        assert [shuffled[n] for n in read] == list(range(len(quads)))


def test_two_tiers_of_vertical_lines_are_read_one_after_the_other() -> None:
    upper = [rectangle(640 - 70 * line, 100, 40, 300) for line in range(6)]
    lower = [rectangle(640 - 70 * line, 440, 40, 300) for line in range(6)]
    assert_read_as_listed([geometry.text_first(quad) for quad in [*upper, *lower]])


def test_lines_running_upwards_are_read_from_left_to_right() -> None:
    lines = [rectangle(100 + 70 * line, 100, 40, 500) for line in range(4)]
    assert_read_as_listed([np.roll(geometry.text_first(quad), 2, axis=0) for quad in lines])


def test_a_row_of_lone_digits_is_read_from_left_to_right() -> None:
    assert_read_as_listed([rectangle(100 + 60 * digit, 50, 16, 40) for digit in range(6)])
