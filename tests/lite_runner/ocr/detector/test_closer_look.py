"""Small text in large pictures, with a detector that sees strokes which are dark enough."""

from __future__ import annotations

import dataclasses
import weakref
from pathlib import Path
from typing import Any, Callable

import cv2
import numpy as np
import pytest

from lite_runner import Ocr, Options
from lite_runner.arrays import Floats, Image
from lite_runner.ocr.detector import closer_look, detection, geometry
from lite_runner.ocr.detector.closer_look import CloserLook, Detections, merge
from lite_runner.ocr.detector.detection import Region
from lite_runner.pack import Detector
from lite_runner.predictor.protocol import Output

#: As drawn: strokes two pixels wide, six apart, 16 high.
STROKE, PITCH, HEIGHT = 2, 6, 16


def strokes(image: Image, x: int, y: int, width: int, size: int = 1, grey: int = 0) -> Floats:
    """Draw a line of strokes, ``size`` times as large; returns its box."""
    for left in range(x, x + width - STROKE * size, PITCH * size):
        image[y : y + HEIGHT * size, left : left + STROKE * size] = grey
    bottom = y + HEIGHT * size
    return np.array([[x, y], [x + width, y], [x + width, bottom], [x, bottom]], np.float32)


def paper(width: int, height: int) -> Image:
    return np.full((height, width, 3), 255, np.uint8)


class Eye:
    """Sees what is darker than a half, and joins what stands near each other in a row."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, shape: tuple[int, ...], fill: Callable[[Floats], None]) -> Floats:
        batch: Floats = np.full(shape, np.nan, np.float32)
        fill(batch)
        self.shapes.append(shape)
        dark = (batch[0, 0] < 0).astype(np.uint8)
        return cv2.dilate(dark, np.ones((1, 13), np.uint8)).astype(np.float32)[None, None]


def look(image: Image, detector: Detector, eye: Eye, closer: bool = True) -> Detections:
    sharp = dataclasses.replace(detector, dilate=False)
    height, width = image.shape[:2]
    probability = detection.probability_map(image, sharp, eye, 960)
    regions = detection.postprocess(probability, width, height, sharp)
    scale = max(probability.shape) / max(height, width)
    return CloserLook(sharp, 960, eye, closer).find(image, regions, scale)


def centres(regions: list[Region]) -> list[tuple[float, float]]:
    return sorted(tuple(quad.mean(axis=0).round(1).tolist()) for quad, _ in regions)


def assert_found(detections: Detections, boxes: list[Floats]) -> None:
    found = centres(detections.regions)
    assert len(found) == len(boxes), found
    expected = sorted(tuple(box.mean(axis=0).tolist()) for box in boxes)
    np.testing.assert_allclose(found, expected, atol=8)


def test_small_text_of_a_large_picture_is_found_once_also_across_tiles(detector: Detector) -> None:
    image, eye = paper(3840, 2160), Eye()
    boxes = [
        strokes(image, x, y, width)
        for x, y, width in [(20, 10, 300), (700, 540, 900), (900, 1000, 2000), (3500, 2130, 300)]
    ]
    detections = look(image, detector, eye)
    assert_found(detections, boxes)
    assert detections.smallest_text is None
    assert len(set(eye.shapes)) == 2, "the page, and tiles of one shape"
    assert max(max(shape) for shape in eye.shapes) == 960


def test_smaller_text_still_is_found_by_a_third_look(detector: Detector) -> None:
    image, eye = paper(6000, 2100), Eye()
    boxes = [strokes(image, 400, 400, 500), strokes(image, 5000, 1900, 400)]
    assert_found(look(image, detector, eye), boxes)


def test_tiles_without_fine_strokes_are_passed_over(detector: Detector) -> None:
    image, eye = paper(3840, 2160), Eye()
    box = strokes(image, 3000, 1900, 400)
    assert_found(look(image, detector, eye), [box])
    assert len(eye.shapes) <= 3


@pytest.mark.parametrize("size", [None, 6, 12])
def test_pictures_without_small_text_are_looked_at_once(
    size: int | None, detector: Detector
) -> None:
    image, eye = paper(3840, 2160), Eye()
    boxes = [] if size is None else [strokes(image, 500, 700, 2400, size)]
    detections = look(image, detector, eye)
    assert len(detections.regions) >= len(boxes)
    assert len(eye.shapes) == 1
    assert detections.smallest_text is None


def test_large_text_beside_small_text_stays_as_it_was(detector: Detector) -> None:
    image = paper(3840, 2160)
    heading = strokes(image, 200, 200, 3000, 10)
    alone = look(image, detector, Eye()).regions
    notes = [strokes(image, 3000, 1500 + 60 * row, 600) for row in range(8)]
    found = look(image, detector, Eye()).regions
    assert len(found) == len(alone) + len(notes)
    assert set(centres(alone)) <= set(centres(found))
    assert heading[2][1] < notes[0][0][1]


def test_a_texture_ends_after_a_few_tiles(detector: Detector) -> None:
    image, eye = paper(3840, 2160), Eye()
    for top in range(0, 2160, 30):
        strokes(image, 0, top, 3840, grey=200)
    detections = look(image, detector, eye)
    assert detections.regions == []
    assert len(eye.shapes) <= 1 + closer_look.TRIES


@pytest.mark.parametrize(("side", "missed"), [(960, 32), (480, 64)])
def test_a_given_side_is_kept_and_what_may_be_missing_is_reported(
    side: int, missed: int, detector: Detector
) -> None:
    image, eye = paper(3840, 2160), Eye()
    strokes(image, 700, 540, 900)
    limits = dataclasses.replace(detector, max_side=side)
    assert look(image, limits, eye, closer=False) == Detections([], missed)
    assert [max(shape) for shape in eye.shapes] == [side]


def test_a_side_above_the_packs_is_looked_at_in_tiles(detector: Detector) -> None:
    image, eye = paper(3840, 2160), Eye()
    box = strokes(image, 700, 540, 2100)
    limits = dataclasses.replace(detector, max_side=3840)
    assert_found(look(image, limits, eye, closer=False), [box])
    assert {shape[2:] for shape in eye.shapes} == {(960, 960)}


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("ink", [0, 250])
def test_thin_strips_get_a_border_in_their_own_colour(
    ink: int, turned: bool, detector: Detector
) -> None:
    strip = np.full((40, 900, 3), 250 - ink, np.uint8)
    strip[8:32, 100:800] = ink
    image = np.ascontiguousarray(strip.transpose(1, 0, 2)) if turned else strip
    seen: list[Floats] = []

    def run(shape: tuple[int, ...], fill: Callable[[Floats], None]) -> Floats:
        batch: Floats = np.full(shape, np.nan, np.float32)
        fill(batch)
        seen.append(batch[0, 0].T if turned else batch[0, 0])
        return ((batch[:, :1] > 0) == (ink > 127)).astype(np.float32)

    sharp = dataclasses.replace(detector, dilate=False)
    probability = detection.probability_map(image, sharp, run)
    [grey] = seen
    assert grey.shape[0] >= 3 * 40
    assert (grey[:32] == grey[0, 0]).all()
    assert (grey[-32:] == grey[0, 0]).all()
    [(quad, _)] = detection.postprocess(probability, image.shape[1], image.shape[0], sharp)
    width, height = sorted(geometry.size(quad), reverse=True)
    assert width == pytest.approx(700 + 37, abs=5)
    assert height == 40
    assert sorted(quad.mean(axis=0)) == pytest.approx([20, 450], abs=2)


def box(x: float, y: float, width: float, height: float) -> Region:
    corners = [[x, y], [x + width, y], [x + width, y + height], [x, y + height]]
    return np.array(corners, np.float32), 0.9


LINE = box(100, 100, 400, 20)


@pytest.mark.parametrize(
    ("coarse", "fine", "expected"),
    [
        ([LINE], [], [LINE]),
        ([], [LINE], [LINE]),
        # Small: the closer look knows better, also where it splits or joins words.
        ([LINE], [box(102, 98, 398, 18)], [box(102, 98, 398, 18)]),
        ([LINE], [box(100, 100, 150, 18), box(260, 100, 240, 18)], "fine"),
        ([box(100, 100, 90, 20), box(200, 100, 300, 20)], [LINE], "fine"),
        ([LINE], [box(100, 100, 60, 18)], "coarse"),
        # A block of lines.
        ([box(100, 100, 400, 100)], [box(100, 100 + 34 * n, 400, 24) for n in range(3)], "fine"),
        # A heading that falls apart.
        ([box(0, 0, 800, 100)], [box(0, 0, 300, 95), box(350, 0, 300, 90)], "coarse"),
        ([box(0, 0, 800, 100)], [box(20, 20, 60, 20)], "coarse"),
        ([LINE], [box(100, 300, 400, 20)], "both"),
        # A region around a whole page, and a few lines in it.
        ([box(0, 0, 9000, 9000)], [box(300, 700 * n, 800, 24) for n in range(1, 4)], "both"),
    ],
)
def test_each_text_of_two_looks_is_kept_once(
    coarse: list[Region], fine: list[Region], expected: str | list[Region]
) -> None:
    named = {"coarse": coarse, "fine": fine, "both": coarse + fine}
    wanted = named[expected] if isinstance(expected, str) else expected
    merged = merge(coarse, fine, 30)
    assert [quad.tolist() for quad, _ in merged] == [quad.tolist() for quad, _ in wanted]


def test_the_first_model_is_let_go_before_tiles_open_another(
    pack_folder: Path, engine: Any
) -> None:
    """A map is its model's own memory, which would be held beside that of the next one."""
    maps: list[weakref.ref[Floats]] = []

    def detect(batch: Floats) -> list[Output]:
        assert all(first() is None for first in maps[:1])
        dark = np.asarray(batch[:, :1] < 0.5, np.float32)
        maps.append(weakref.ref(dark))
        return [Output(dark)]

    engine.models["det.nb"] = detect
    image = paper(2400, 1400)
    strokes(image, 200, 200, 600)
    with Ocr(pack_folder, engine, Options(recognise=False, classify=False)) as reader:
        reader.read(image)
    assert len(maps) > 1
