"""Quads: corner order and straightened crops."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lite_runner.arrays import Floats, Image
from lite_runner.ocr.detector import geometry
from tests.lite_runner.ocr.quads import rectangle, turned


@st.composite
def convex_quads(draw: st.DrawFn) -> Floats:
    """Rectangles, turned, moved, and with corners pulled out of place."""
    width, height = draw(st.floats(10, 500)), draw(st.floats(10, 500))
    quad = rectangle(-width / 2, -height / 2, width, height)
    pulls = draw(st.lists(st.floats(-0.2, 0.2), min_size=8, max_size=8))
    quad += np.reshape(pulls, (4, 2)).astype(np.float32) * min(width, height)
    return turned(quad, draw(st.floats(0, 360))) + np.float32(draw(st.floats(400, 1000)))


@given(convex_quads())
def test_clockwise_does_not_depend_on_the_order_of_the_corners(quad: Floats) -> None:
    sums = np.sort(quad.sum(axis=1))
    assume(sums[1] - sums[0] > 0.01)
    orders = [geometry.clockwise(quad[list(order)]) for order in itertools.permutations(range(4))]
    assert len({order.tobytes() for order in orders}) == 1
    first = orders[0]
    assert first.dtype == np.float32
    assert {tuple(corner) for corner in first} == {tuple(corner) for corner in quad}
    assert first[0].sum() == sums[0], "starts at the top left"
    following = np.roll(first, -1, axis=0)
    assert (first[:, 0] * following[:, 1] - following[:, 0] * first[:, 1]).sum() > 0, "clockwise"


@pytest.mark.parametrize(
    "diamond",
    [
        [[100, 50], [150, 100], [100, 150], [50, 100]],
        [
            [677.0321044921875, 798.1852416992188],
            [768.3848266601562, 889.5379638671875],
            [677.0321044921875, 980.8906860351562],
            [585.6793823242188, 889.5379638671875],
        ],
    ],
    ids=["whole numbers", "fractions"],
)
def test_a_square_on_its_corner_has_one_order_too(diamond: list[list[float]]) -> None:
    quad = np.array(diamond, np.float32)
    orders = {geometry.clockwise(quad[list(p)]).tobytes() for p in itertools.permutations(range(4))}
    assert len(orders) == 1


@given(st.floats(1, 500), st.floats(1, 500), st.floats(0, 360))
def test_size_is_that_of_the_rectangle(width: float, height: float, degrees: float) -> None:
    quad = turned(rectangle(100, 100, width, height), degrees)
    assert geometry.size(quad) == pytest.approx((width, height), abs=0.01)


def test_size_takes_the_longer_of_opposite_sides() -> None:
    quad = np.array([[0, 0], [40, 0], [100, 30], [0, 20]], np.float32)
    assert geometry.size(quad) == pytest.approx((np.hypot(100, 10), np.hypot(60, 30)))


@pytest.mark.parametrize(
    ("width", "height", "first"),
    [(100, 20, 0), (100, 100, 0), (100, 149, 0), (100, 150, 1), (20, 200, 1)],
)
def test_text_written_downwards_starts_at_the_top_right(
    width: int, height: int, first: int
) -> None:
    quad = rectangle(10, 10, width, height)
    assert (geometry.text_first(quad) == np.roll(quad, -first, axis=0)).all()


@pytest.fixture(scope="module")
def noise() -> Image:
    return np.random.default_rng(3).integers(0, 256, (80, 120, 3)).astype(np.uint8)


def test_an_upright_crop_is_the_slice(noise: Image) -> None:
    cut = geometry.crop(noise, rectangle(20, 10, 50, 30))
    assert np.abs(cut.astype(int) - noise[10:40, 20:70]).max() <= 1


def test_a_crop_over_the_edge_repeats_the_border(noise: Image) -> None:
    cut = geometry.crop(noise, rectangle(-10, 10, 50, 30))
    assert cut.shape == (30, 50, 3)
    assert (cut[:, :9] == noise[10:40, :1]).all()


@pytest.mark.parametrize(("width", "height"), [(0.2, 0.3), (1, 1), (60, 0.4)])
def test_a_crop_has_at_least_one_pixel(width: float, height: float, noise: Image) -> None:
    cut = geometry.crop(noise, rectangle(20, 10, width, height))
    assert cut.shape == (max(1, round(height)), max(1, round(width)), 3)


def pattern() -> Image:
    """100x40, a colour in each quarter."""
    image = np.zeros((40, 100, 3), np.uint8)
    image[:20, :50], image[:20, 50:] = (250, 20, 20), (20, 250, 20)
    image[20:, :50], image[20:, 50:] = (20, 20, 250), (200, 200, 200)
    return image


def inner_difference(cut: Image) -> float:
    """Mean difference from the pattern, its rim left out."""
    assert cut.shape == (40, 100, 3)
    inner = (slice(4, 36), slice(4, 96))
    return float(np.abs(cut[inner].astype(int) - pattern()[inner]).mean())


@pytest.mark.parametrize("degrees", range(-180, 180, 15))
def test_a_turned_rectangle_comes_back_upright(degrees: int) -> None:
    quad = turned(rectangle(100, 130, 100, 40), degrees, (150, 150))
    matrix = cv2.getPerspectiveTransform(rectangle(0, 0, 100, 40), quad)
    image = cv2.warpPerspective(pattern(), matrix, (300, 300))
    cut = geometry.crop(np.asarray(image, np.uint8), quad)
    assert inner_difference(cut) < 8


def test_a_downward_line_comes_back_lying() -> None:
    image = np.zeros((200, 100, 3), np.uint8)
    image[50:150, 30:70] = np.rot90(pattern(), -1)
    quad = geometry.text_first(geometry.clockwise(rectangle(30, 50, 40, 100)))
    assert inner_difference(geometry.crop(image, quad)) < 8
