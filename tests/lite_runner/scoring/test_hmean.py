"""Matching of quads, against cases one can compute by hand."""

from __future__ import annotations

from itertools import permutations

import pytest

from lite_runner.scoring import hmean


def box(x: float, y: float, width: float = 100, height: float = 20) -> list[list[float]]:
    return [[x, y], [x + width, y], [x + width, y + height], [x, y + height]]


@pytest.mark.parametrize(
    ("other", "share"),
    [
        (box(0, 0), 1.0),
        (box(50, 0), 1 / 3),
        (box(0, 10), 1 / 3),
        (box(100, 0), 0.0),
        (box(500, 500), 0.0),
        (box(0, 0, 50), 0.5),
        (box(0, 0)[::-1], 1.0),
        (box(0, 0)[2:] + box(0, 0)[:2], 1.0),
        ([[0, 0], [0, 0], [0, 0], [0, 0]], 0.0),
    ],
)
def test_overlap(other: list[list[float]], share: float) -> None:
    assert hmean.overlap(box(0, 0), other) == pytest.approx(share, abs=1e-5)
    assert hmean.overlap(other, box(0, 0)) == pytest.approx(share, abs=1e-5)


def test_overlap_of_turned_quads() -> None:
    square = [[10, 0], [20, 10], [10, 20], [0, 10]]
    assert hmean.overlap(square, box(0, 0, 20, 20)) == pytest.approx(0.5, abs=1e-5)


def test_perfect_empty_and_nothing() -> None:
    assert hmean.match([box(0, 0)], [box(0, 0)]).as_dict()["hmean"] == 1.0
    assert hmean.match([], []).as_dict() == {
        **{"hmean": 1.0, "precision": 1.0, "recall": 1.0, "matched": 0, "true": 0, "found": 0}
    }
    assert hmean.match([box(0, 0)], []).as_dict()["hmean"] == 0.0
    assert hmean.match([], [box(0, 0)]).as_dict()["precision"] == 0.0


def test_a_line_is_matched_once() -> None:
    # Two halves of a line: one reaches half, the other must not count for the same line.
    found = hmean.match([box(0, 0)], [box(0, 0, 55), box(45, 0, 55)])
    assert found == (1, 1, 2)
    assert found.as_dict()["precision"] == 0.5


def test_the_order_does_not_matter() -> None:
    true = [box(0, 30 * n) for n in range(3)]
    for found in permutations([box(10, 0), box(5, 30), box(0, 63)]):
        assert hmean.match(true, list(found)) == (3, 3, 3)


def test_the_larger_overlap_wins() -> None:
    # The second quad lies nearer to the first line, and takes it.
    found = hmean.match([box(0, 0), box(0, 8)], [box(0, 5), box(0, 1)])
    assert found.matched == 2
