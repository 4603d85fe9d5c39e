"""Which lines are upside down: votes of a page, and what is read both ways."""

from __future__ import annotations

from typing import Sequence

import numpy as np
import pytest

from lite_runner.ocr import direction
from lite_runner.ocr.line_crop import LineCrop
from tests.lite_runner.ocr.quads import rectangle

THRESHOLD = 0.9


def line(length: float, upside_down: float, true_way: int = 0) -> LineCrop:
    """A line 10 pixels high with a mark at its start; ``true_way`` is 1 if it is upside down."""
    pixels = np.full((10, round(10 * length), 3), 255, np.uint8)
    pixels[0, 0] = 0
    if true_way:
        pixels = pixels[::-1, ::-1].copy()
    return LineCrop(pixels, rectangle(0, 0, 10 * length, 10), 1.0, upside_down=upside_down)


class Reader:
    """Reads lines with their mark at the start better; counts what it was given."""

    def __init__(self, score: float = 0.99, other: float = 0.7) -> None:
        self.count = 0
        self.score, self.other = score, other

    def __call__(self, lines: Sequence[LineCrop]) -> None:
        self.count += len(lines)
        for crop in lines:
            right = crop.pixels[0, 0, 0] == 0
            crop.text, crop.score = ("read", self.score) if right else ("pear", self.other)


def settle(
    lines: list[LineCrop], reader: Reader | None, sideways: bool = False
) -> tuple[list[int], float]:
    settled, share = direction.settle(lines, THRESHOLD, reader, sideways)
    return [crop.angle for crop in settled], share


def test_a_page_that_agrees_is_read_once() -> None:
    reader = Reader()
    lines = [line(12, 0.02), line(8, 0.3), line(1.2, 0.4), line(20, 0.1)]
    assert settle(lines, reader) == ([0] * 4, 0.0)
    assert reader.count == 0
    assert settle([], reader) == ([], 0.0)


def test_a_line_that_disagrees_with_its_page_is_read_both_ways() -> None:
    reader = Reader()
    lines = [line(12, 0.02), line(12, 0.99), line(12, 0.99, true_way=1), line(12, 0.01)] * 2
    angles, share = settle([*lines, *[line(20, 0.0)] * 4], reader)
    assert angles == [0, 0, 180, 0] * 2 + [0] * 4
    assert reader.count == 8, "four lines, both ways"
    assert share == pytest.approx(240 / (8 * 120 + 4 * 200))


def test_a_page_upside_down_is_turned_and_three_of_its_lines_are_read_both_ways() -> None:
    reader = Reader()
    lines = [line(10 + n, 0.98, true_way=1) for n in range(9)]
    assert settle([*lines, line(1, 0.6, 1), line(9, 0.55, 1)], reader) == ([180] * 11, 1.0)
    assert reader.count == 6


def test_text_that_only_looks_upside_down_stays() -> None:
    for lines in ([line(6, 0.97)], [line(10, 0.95) for _ in range(8)]):
        assert settle(lines, Reader()) == ([0] * len(lines), 0.0)


@pytest.mark.parametrize("way", [0, 1])
@pytest.mark.parametrize("probability", [0.1, 0.5, 0.97])
def test_a_lone_short_crop_is_read_both_ways(way: int, probability: float) -> None:
    reader = Reader()
    assert settle([line(1.5, probability, way)], reader)[0] == [180 * way]
    assert reader.count == 2


def test_what_reads_alike_both_ways_stays_with_its_page() -> None:
    for page, angle in ((0.02, 0), (0.98, 180)):
        lines = [line(12, page, true_way=angle // 180) for _ in range(4)]
        short = line(1, 1 - page, true_way=1 - angle // 180)
        assert settle([*lines, short], Reader(0.99, 0.96))[0] == [angle] * 5


@pytest.mark.parametrize("way", [0, 1])
@pytest.mark.parametrize("probability", [0.05, 0.45, 0.95])
def test_a_page_on_its_side_has_no_usual_way_up(way: int, probability: float) -> None:
    lines = [line(12, probability, way) for _ in range(6)]
    assert settle(lines, Reader(), sideways=True) == ([180 * way] * 6, float(way))


def test_without_a_recogniser_the_classifier_and_the_page_decide() -> None:
    lines = [line(12, 0.02), line(12, 0.95), line(12, 0.7), line(1.5, 0.7), line(12, 0.1)]
    assert settle(lines, None)[0] == [0, 180, 0, 0, 0]
    assert settle([line(12, 0.98), line(12, 0.95), line(5, 0.4)], None)[0] == [180] * 3


def test_turned_lines_start_at_the_other_end() -> None:
    [settled], _ = direction.settle([line(6, 0.97, true_way=1)], THRESHOLD, Reader())
    assert settled.text == "read"
    assert settled.pixels[0, 0, 0] == 0
    assert settled.box.tolist() == [[60, 10], [0, 10], [0, 0], [60, 0]]
