"""Around the detector: input sizes, and probability maps drawn by hand."""

from __future__ import annotations

import dataclasses
from typing import Callable

import cv2
import numpy as np
import pyclipper
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lite_runner.arrays import Floats
from lite_runner.ocr.detector import detection, geometry
from lite_runner.pack import Detector

WIDTH, HEIGHT = 640, 480


def blank() -> Floats:
    return np.zeros((HEIGHT, WIDTH), np.float32)


def drawn(
    centre: tuple[float, float], size: tuple[float, float], degrees: float, value: float = 0.9
) -> Floats:
    """A map with one rectangle of text, turned clockwise."""
    corners = cv2.boxPoints((centre, size, degrees))
    fine = cv2.fillPoly(np.zeros((HEIGHT * 4, WIDTH * 4)), [np.rint(corners * 4).astype(int)], 1)
    return ((cv2.resize(fine, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA) > 0.5) * value).astype(
        np.float32
    )


def found(probability: Floats, detector: Detector) -> list[tuple[Floats, float]]:
    return detection.postprocess(probability, WIDTH, HEIGHT, detector)


def grown(size: tuple[float, float], ratio: float) -> tuple[float, float]:
    """Closed form of unclip for a rectangle."""
    by = size[0] * size[1] * ratio / (2 * (size[0] + size[1]))
    return size[0] + 2 * by, size[1] + 2 * by


def rounded(side: float) -> int:
    return max(32, round(side / 32) * 32)


def is_strip(width: int, height: int) -> bool:
    return max(width, height) > detection.LONG_STRIP * min(width, height)


@given(
    width=st.integers(1, 30000),
    height=st.integers(1, 30000),
    min_side=st.integers(1, 1000),
    max_side=st.integers(32, 2000),
)
@example(width=17994, height=19764, min_side=391, max_side=720)
@example(width=10000, height=1, min_side=736, max_side=960)
@example(width=1, height=1, min_side=736, max_side=960)
def test_input_sides_are_multiples_of_32_within_bounds(
    width: int, height: int, min_side: int, max_side: int, detector: Detector
) -> None:
    limits = dataclasses.replace(detector, min_side=min_side, max_side=max_side)
    size = detection.input_size(width, height, limits)
    assert all(side % 32 == 0 and side >= 32 for side in size)
    if is_strip(width, height):
        assert min(size) <= rounded(max_side / 2)
        assert max(size) <= rounded(max(width, height, max_side))
    else:
        assert max(size) <= rounded(max_side)


@pytest.mark.parametrize(
    ("picture", "size"),
    [
        ((960, 736), (960, 736)),
        ((800, 750), (800, 736)),
        ((1920, 1080), (960, 544)),
        ((400, 368), (800, 736)),
        ((200, 100), (960, 480)),
        ((1, 1), (736, 736)),
        ((20000, 20), (20000, 32)),
        ((1000, 8000), (480, 3840)),
        ((100, 1), (960, 32)),
    ],
)
def test_small_pictures_grow_and_large_ones_shrink(
    picture: tuple[int, int], size: tuple[int, int], detector: Detector
) -> None:
    limits = dataclasses.replace(detector, min_side=736, max_side=960)
    assert detection.input_size(*picture, limits) == size


@pytest.mark.parametrize(
    ("width", "height", "runs"),
    [(96, 64, 1), (64, 96, 1), (960, 640, 1), (2400, 320, 3), (320, 2400, 3)],
)
def test_the_map_is_the_networks_answer_to_the_normalised_picture(
    width: int, height: int, runs: int, detector: Detector
) -> None:
    image = np.random.default_rng(4).integers(0, 256, (height, width, 3)).astype(np.uint8)
    batches: list[Floats] = []

    def network(shape: tuple[int, ...], fill: Callable[[Floats], None]) -> Floats:
        batch: Floats = np.full(shape, np.nan, np.float32)
        fill(batch)
        batches.append(batch)
        return batch[:, 1:2] * 2 + 3

    probability = detection.probability_map(image, detector, network)
    assert probability.dtype == np.float32
    np.testing.assert_allclose(probability, image[:, :, 1] / 63.75 + 1, atol=1e-4)
    assert len(batches) == runs
    assert len({batch.shape for batch in batches}) == 1, "one model serves all tiles"
    for batch in batches:
        assert batch.dtype == np.float32
        assert max(batch.shape) <= 960


def rigid(detector: Detector, height: int, width: int) -> Detector:
    """The same of a network that takes one size only."""
    network = dataclasses.replace(detector.network, shape=(height, width), fixed_size=True)
    return dataclasses.replace(detector, network=network)


@given(
    width=st.integers(1, 30000),
    height=st.integers(1, 30000),
    rows=st.integers(32, 1000),
    columns=st.integers(32, 1000),
    min_side=st.integers(1, 1000),
)
def test_pictures_are_scaled_to_fit_into_a_fixed_input(
    width: int, height: int, rows: int, columns: int, min_side: int, detector: Detector
) -> None:
    limits = dataclasses.replace(rigid(detector, rows, columns), min_side=min_side)
    across, down = detection.input_size(width, height, limits)
    if not is_strip(width, height):
        assert across <= columns
        assert down <= rows
        # As large as it fits, but not larger than it takes to have the least side.
        fits = abs(across - columns) <= 1 or abs(down - rows) <= 1
        assert fits or abs(min(across, down) - max(min_side, min(width, height))) <= 1
    elif height > width:
        assert across <= columns
    else:
        assert down <= rows
    # Aspect is kept but for rounding.
    assert abs(across * height - down * width) <= max(width, height)


@pytest.mark.parametrize(
    ("picture", "size"),
    [
        ((640, 480), (640, 480)),
        ((1280, 960), (640, 480)),
        ((960, 1280), (360, 480)),
        ((64, 48), (64, 48)),
        ((20, 16), (40, 32)),
        ((3000, 400), (1800, 240)),
        ((400, 3000), (320, 2400)),
        ((3000, 100), (3000, 100)),
    ],
)
def test_a_fixed_input_keeps_the_pictures_aspect(
    picture: tuple[int, int], size: tuple[int, int], detector: Detector
) -> None:
    assert detection.input_size(*picture, rigid(detector, 480, 640)) == size


@pytest.mark.parametrize(
    ("width", "height", "runs"),
    [(640, 480, 1), (300, 480, 1), (640, 213, 1), (50, 40, 1), (2400, 200, 5), (250, 1300, 4)],
)
def test_a_fixed_input_is_padded_and_its_map_cut(
    width: int, height: int, runs: int, detector: Detector
) -> None:
    fixed = rigid(detector, 480, 640)
    image = np.random.default_rng(5).integers(0, 256, (height, width, 3)).astype(np.uint8)
    batches: list[Floats] = []

    def network(shape: tuple[int, ...], fill: Callable[[Floats], None]) -> Floats:
        batch: Floats = np.full(shape, np.nan, np.float32)
        fill(batch)
        batches.append(batch)
        return batch[:, 1:2] * 2 + 3

    probability = detection.probability_map(image, fixed, network)
    np.testing.assert_allclose(probability, image[:, :, 1] / 63.75 + 1, atol=1e-4)
    assert len(batches) == runs
    assert all(batch.shape == (1, 3, 480, 640) for batch in batches)
    for batch in batches:
        assert (batch[:, :, height:] == 0).all()
        assert (batch[:, :, :, width:] == 0).all()


def test_boxes_of_a_fixed_input_are_in_the_pictures_own_pixels(detector: Detector) -> None:
    image = np.full((960, 400, 3), 255, np.uint8)
    cv2.rectangle(image, (100, 200), (299, 259), (0, 0, 0), -1)

    def dark(shape: tuple[int, ...], fill: Callable[[Floats], None]) -> Floats:
        batch: Floats = np.empty(shape, np.float32)
        fill(batch)
        return (batch[:, :1] < -0.5).astype(np.float32)

    sharp = dataclasses.replace(rigid(detector, 480, 640), dilate=False)
    probability = detection.probability_map(image, sharp, dark)
    assert probability.shape == (480, 200)
    [(quad, _)] = detection.postprocess(probability, 400, 960, sharp)
    across, down = grown((200, 60), sharp.unclip_ratio)
    assert np.abs(quad.mean(axis=0) - [200, 230]).max() < 3
    assert geometry.size(quad) == pytest.approx((across, down), abs=6)


def test_a_blank_map_has_no_text(detector: Detector) -> None:
    assert found(blank(), detector) == []


def test_specks_are_no_text(detector: Detector) -> None:
    probability = blank()
    probability[10:480:20, 10:640:20] = 1.0
    probability[5, 100:200] = 1.0
    assert found(probability, dataclasses.replace(detector, dilate=False)) == []


@pytest.mark.parametrize(("thickness", "count"), [(1, 0), (3, 0), (4, 1), (8, 1)])
@pytest.mark.parametrize("upright", [False, True])
def test_thin_regions_are_no_text(
    thickness: int, count: int, upright: bool, detector: Detector
) -> None:
    probability = np.zeros((WIDTH, WIDTH), np.float32)
    probability[100 : 100 + thickness, 200:300] = 1.0
    sharp = dataclasses.replace(detector, dilate=False)
    turned = probability.T if upright else probability
    assert len(detection.postprocess(np.ascontiguousarray(turned), WIDTH, WIDTH, sharp)) == count


def test_specks_do_not_hide_the_text(detector: Detector) -> None:
    probability = blank()
    probability[::20, ::20] = 1.0
    probability[200:280, 180:420] = 0.0
    alone = drawn((300, 240), (200, 30), 0)
    [(expected, _)] = found(alone, detector)
    [(quad, _)] = found(np.maximum(alone, probability), detector)
    assert (quad == expected).all()


@settings(deadline=None, max_examples=60)
@given(
    x=st.floats(230, 410),
    y=st.floats(200, 280),
    width=st.floats(60, 200),
    height=st.floats(12, 50),
    degrees=st.integers(-44, 44),
)
def test_a_rectangle_of_text_becomes_the_grown_rectangle(
    x: float, y: float, width: float, height: float, degrees: int, detector: Detector
) -> None:
    size = (width, height)
    [(quad, score)] = found(drawn((x, y), size, degrees), detector)
    truth = cv2.boxPoints(((x, y), grown(size, detector.unclip_ratio), degrees))
    expected = geometry.clockwise(np.clip(truth, 0, (WIDTH, HEIGHT)).astype(np.float32))
    assert quad.dtype == np.float32
    # The map's own pixels, the half of one that dilating moves, and the slant they may suggest.
    # Near the diagonal either of two corners may be the one nearest the top left.
    turns = [np.roll(quad, n, axis=0) for n in ((0, 1, 3) if abs(degrees) > 40 else (0,))]
    assert min(np.abs(turn - expected).max() for turn in turns) < 5
    assert np.abs(quad.mean(axis=0) - expected.mean(axis=0)).max() < 1.5
    assert score >= detector.box_threshold
    assert (geometry.clockwise(quad) == quad).all()


def test_quads_are_told_in_the_pictures_own_pixels(detector: Detector) -> None:
    probability = drawn((300, 240), (200, 30), 0)
    [(small, _)] = found(probability, detector)
    [(large, _)] = detection.postprocess(probability, WIDTH * 3, HEIGHT * 2, detector)
    np.testing.assert_allclose(large, small * [3, 2], atol=1e-3)


@pytest.mark.parametrize("centre", [(40, 20), (600, 20), (600, 460), (40, 460), (320, 9), (9, 240)])
@pytest.mark.parametrize("degrees", [0, 20, -30])
def test_quads_stay_inside_the_picture(
    centre: tuple[int, int], degrees: int, detector: Detector
) -> None:
    [(quad, _)] = found(drawn(centre, (120, 40), degrees), detector)
    assert quad.min() >= 0
    assert (quad <= (WIDTH, HEIGHT)).all()
    assert min(geometry.size(quad)) >= 1


@pytest.mark.parametrize(("value", "count"), [(0.29, 0), (0.31, 0), (0.45, 0), (0.55, 1), (1.0, 1)])
def test_faint_regions_are_no_text(value: float, count: int, detector: Detector) -> None:
    sharp = dataclasses.replace(detector, dilate=False)
    boxes = found(drawn((300, 240), (200, 30), 0, value), sharp)
    assert [score for _, score in boxes] == pytest.approx([value] * count, abs=1e-3)


def test_dilating_joins_broken_strokes(detector: Detector) -> None:
    probability = drawn((300, 240), (200, 30), 0)
    probability[:, 300] = 0.0
    assert len(found(probability, dataclasses.replace(detector, dilate=False))) == 2
    assert len(found(probability, detector)) == 1


def test_lines_come_from_top_to_bottom(detector: Detector) -> None:
    places = [(450, 100), (150, 102), (450, 198), (150, 200), (300, 300)]
    maps = [drawn(place, (200, 24), 0) for place in places]
    centres = [quad.mean(axis=0) for quad, _ in found(np.maximum.reduce(maps), detector)]
    np.testing.assert_allclose(centres, places, atol=2)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), blur=st.sampled_from([3, 9, 25]))
def test_any_map_gives_good_quads(seed: int, blur: int, detector: Detector) -> None:
    probability = np.random.default_rng(seed).random((96, 128), np.float32)
    probability = cv2.GaussianBlur(probability, (blur, blur), 0)
    probability = (probability - probability.min()) / np.ptp(probability)
    for quad, score in detection.postprocess(probability, 300, 200, detector):
        assert detector.box_threshold <= score <= 1
        assert np.isfinite(quad).all()
        assert (quad >= 0).all()
        assert (quad <= (300, 200)).all()
        assert min(geometry.size(quad)) >= 1
        assert cv2.contourArea(quad, True) > 0, "clockwise"


@settings(deadline=None)
@given(st.floats(8, 300), st.floats(8, 300), st.floats(0, 89), st.floats(0.3, 3))
def test_unclip_grows_each_side_by_area_times_ratio_through_perimeter(
    width: float, height: float, degrees: float, ratio: float
) -> None:
    result = detection.unclip(((400, 400), (width, height), degrees), ratio)
    expected = grown((width, height), ratio)
    assert sorted(geometry.size(result)) == pytest.approx(sorted(expected), rel=1e-4)
    np.testing.assert_allclose(result.mean(axis=0), (400, 400), atol=1e-3)


def by_clipping(corners: Floats, ratio: float) -> Floats:
    """unclip as DB's authors do it: with a library that offsets any polygon."""
    scale = 16.0  # it counts in whole numbers
    offset = pyclipper.PyclipperOffset()
    path = np.rint(corners * scale).astype(int).tolist()
    offset.AddPath(path, pyclipper.JT_ROUND, pyclipper.ET_CLOSEDPOLYGON)
    distance = cv2.contourArea(corners) * ratio / cv2.arcLength(corners, True)
    (part,) = offset.Execute(distance * scale)
    around = cv2.minAreaRect(np.array(part, np.float32) / np.float32(scale))
    return np.asarray(cv2.boxPoints(around), np.float32)


def test_unclip_is_what_offsetting_the_polygon_gives() -> None:
    """To a sixth of a pixel of the map; the library's whole numbers were seen to cost a ninth."""
    random = np.random.default_rng(7)
    worst = 0.0
    for _ in range(5000):
        rectangle = (
            tuple(random.uniform(100, 900, 2)),
            (random.uniform(detection.MIN_REGION, 500), random.uniform(detection.MIN_REGION, 60)),
            random.uniform(-90, 90),
        )
        ratio = random.uniform(0.5, 3)
        expected = by_clipping(cv2.boxPoints(rectangle), ratio)
        result = detection.unclip(rectangle, ratio)
        # Each corner beside one of the other's: where a box starts is told later.
        apart = np.abs(result[:, None] - expected[None]).max(axis=2)
        worst = max(worst, apart.min(axis=0).max(), apart.min(axis=1).max())
    assert worst < 1 / 6


def test_unclip_leaves_a_line_without_area_alone() -> None:
    for size in ((10.0, 0.0), (0.0, 0.0)):
        rectangle = ((5.0, 0.0), size, 0.0)
        assert (detection.unclip(rectangle, 1.6) == cv2.boxPoints(rectangle)).all()
