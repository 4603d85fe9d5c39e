"""The arithmetic of the reader in Java, part by part, beside that of the reader in Python."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cross_build.android import abi, assets
from lite_runner import pack as packs
from lite_runner.arrays import Floats, Image
from lite_runner.ocr.detector import detection, fine_strokes, geometry, tiled_map
from lite_runner.ocr.layout import reading_order
from lite_runner.ocr.recogniser import bidi, long_lines
from lite_runner.pictures import image
from tests import double
from tests.cross_build.android.probe import FailedError, Probe
from tests.lite_runner.ocr.quads import page, paragraph, rectangle, turned

RANDOM = np.random.default_rng(7)
NOISE: Image = RANDOM.integers(0, 256, (301, 423, 3), np.uint8)
SLOW = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def differences(one: Image, other: Image) -> Floats:
    assert one.shape == other.shape
    return np.abs(one.astype(np.float32) - other.astype(np.float32))


@pytest.mark.parametrize(
    "size",
    # Larger, smaller, by half, beyond half, by whole numbers, one side only, next to nothing.
    [(960, 672), (300, 200), (212, 151), (211, 150), (141, 100), (57, 33), (423, 20), (1, 1)],
)
def test_pictures_are_scaled_as_in_python(
    probe: Probe, samples: Path, size: tuple[int, int]
) -> None:
    for picture in (NOISE, image.load(samples / "shop_sign.jpg")):
        # OpenCV's builds round differently here and there.
        found = differences(probe.resize(picture, *size), image.resize(picture, *size))
        assert found.max() <= 1
        assert (found > 0).mean() < 0.02


@pytest.mark.parametrize("angle", [0, 3, 45, 90, 130, 180, 270.5])
def test_lines_are_cut_out_as_in_python(probe: Probe, samples: Path, angle: float) -> None:
    picture = image.load(samples / "shop_sign.jpg")
    box = cv2.boxPoints(((580.3, 400.7), (410.2, 61.6), angle))
    quad = geometry.text_first(geometry.clockwise(np.asarray(box, np.float32)))
    # OpenCV before 5 takes places in 32nds of a pixel, which shows at sharp edges.
    assert differences(probe.crop(picture, quad), geometry.crop(picture, quad)).mean() < 0.5


def test_a_line_may_reach_over_the_edge(probe: Probe) -> None:
    quad = np.array([[-9, -7], [60, -2], [58, 30], [-11, 25]], np.float32)
    assert differences(probe.crop(NOISE, quad), geometry.crop(NOISE, quad)).mean() < 4
    quad += np.array([380, 285], np.float32)
    assert differences(probe.crop(NOISE, quad), geometry.crop(NOISE, quad)).mean() < 4


def test_no_rectangle_is_cut_out_of_a_line(probe: Probe) -> None:
    with pytest.raises(FailedError, match="three corners of the quad are on one line"):
        probe.crop(NOISE, np.array([[0, 0], [5, 5], [9, 9], [2, 2]], np.float32))


@pytest.mark.parametrize("degrees", [0, 90, 180, 270, -90, 450])
def test_pictures_of_a_camera_are_turned(probe: Probe, degrees: int) -> None:
    assert np.array_equal(probe.turn(NOISE, degrees), np.rot90(NOISE, -degrees // 90))


def test_no_other_rotation_is_taken(probe: Probe) -> None:
    with pytest.raises(FailedError, match="rotation of 45 degrees; expected a multiple of 90"):
        probe.turn(NOISE, 45)


@pytest.mark.parametrize("shift", [-40, 0, 40])
def test_transparency_is_laid_on_what_it_is_laid_on_in_python(probe: Probe, shift: int) -> None:
    bgra = RANDOM.integers(0, 256, (40, 50, 4), np.uint8)
    bgra[:, :, :3] = np.clip(bgra[:, :, :3].astype(int) + shift, 0, 255)
    blue, green, red, alpha = (bgra[:, :, n].astype(np.uint32) for n in range(4))
    argb = alpha << 24 | red << 16 | green << 8 | blue
    assert np.array_equal(probe.blend(argb), image.to_bgr(bgra))


@SLOW
@given(
    st.tuples(st.floats(15, 75), st.floats(12, 48)),
    st.tuples(st.floats(1, 24), st.floats(1, 16)),
    st.floats(0, 360),
)
def test_means_are_taken_of_the_same_pixels(
    probe: Probe, centre: tuple[float, float], size: tuple[float, float], angle: float
) -> None:
    probability = np.random.default_rng(1).random((60, 90)).astype(np.float32)
    quad = np.asarray(cv2.boxPoints((centre, size, angle)), np.float32)
    expected = detection._mean_inside(probability, quad)
    # Lines that reach over the edge are clipped by OpenCV first, which moves some of their pixels.
    inside = quad.min() >= 1 and quad[:, 0].max() <= 88 and quad[:, 1].max() <= 58
    assert probe.mean(probability, quad) == pytest.approx(expected, abs=1e-6 if inside else 0.03)


@pytest.fixture(scope="session")
def detector(double_pack: Path) -> packs.Detector:
    return packs.load(double_pack).detector


def in_order(regions: list[tuple[Floats, float]]) -> list[tuple[Floats, float]]:
    """Regions from left to right, for both readers give them in no order."""
    return sorted(regions, key=lambda region: float(region[0][:, 0].mean()))


def strange(seed: int) -> Floats:
    """A probability map with lines at any angle, unsure ones, a ring with a hole, and noise."""
    random = np.random.default_rng(seed)
    probability = np.zeros((480, 640), np.float32)
    for cell in range(11):
        centre = np.array((80 + 160 * (cell % 4), 80 + 160 * (cell // 4))) + random.uniform(
            -9, 9, 2
        )
        size = random.uniform((20, 6), (130, 30))
        box = cv2.boxPoints((centre.tolist(), size.tolist(), float(random.uniform(-90, 90))))
        value = float(random.uniform(0.4, 1))
        cv2.fillPoly(probability, [np.rint(box).astype(np.int32)], value)
    cv2.ellipse(probability, (560, 400), (50, 40), 20, 0, 360, 0.95, 12)
    # Over the edge, and with a dent.
    cv2.rectangle(probability, (-5, 440), (60, 500), 0.9, -1)
    cv2.rectangle(probability, (20, 450), (30, 500), 0.0, -1)
    return np.where(random.random(probability.shape) < 0.003, 0.8, probability).astype(np.float32)


@pytest.mark.parametrize("dilate", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_maps_give_the_same_boxes(
    probe: Probe, double_pack: Path, tmp_path: Path, seed: int, dilate: bool
) -> None:
    files = packs.load(double_pack)
    detector = dataclasses.replace(files.detector, dilate=dilate)
    (tmp_path / "assets").mkdir()
    changed = dataclasses.replace(files, detector=detector)
    assets.write(changed, abi.module(), tmp_path / "assets")
    probability = strange(seed)
    expected = detection.postprocess(probability, 1000, 700, detector)
    found = probe.find(tmp_path / "assets", probability, 1000, 700)
    assert len(expected) >= 4
    assert len(found) == len(expected)
    for (quad, score), (box, other) in zip(in_order(found), in_order(expected)):
        # clipper counts in sixteenths of a pixel of the map, which is some two of the picture.
        assert np.abs(quad - box).max() < 0.5
        # A corner halfway between two pixels is rounded this way or that.
        assert score == pytest.approx(other, abs=0.04)


def test_holes_are_regions_as_in_python(
    probe: Probe, detector: packs.Detector, double_assets: Path
) -> None:
    probability = np.zeros((96, 160), np.float32)
    probability[10:80, 10:150] = 0.9
    probability[30:50, 40:70] = 0.2  # a hole too unsure to be one
    probability[30:36, 80:86] = 0.29  # and one that is text with its border
    probability[60:96, 100:120] = 0.2  # a dent that is open to the edge's side
    probability[35:40, 45:50] = 0.7  # an island in the hole
    # Its pixels touch those of the large region at a corner only: still one region.
    probability[80:86, 150:156] = 0.9
    expected = detection.postprocess(probability, 160, 96, detector)
    found = probe.find(double_assets, probability, 160, 96)
    assert len(expected) == len(found) == 3
    for (quad, score), (box, other) in zip(in_order(found), in_order(expected)):
        assert np.abs(quad - box).max() < 0.2
        assert score == pytest.approx(other, abs=1e-4)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_maps_of_one_value(probe: Probe, double_assets: Path, value: float) -> None:
    found = probe.find(double_assets, np.full((64, 96), value, np.float32), 96, 64)
    assert len(found) == int(value)
    if found:
        assert np.abs(found[0][0] - [[0, 0], [96, 0], [96, 64], [0, 64]]).max() < 0.01


@SLOW
@given(st.integers(1, 9000), st.integers(1, 9000), st.sampled_from([0, 32, 320, 736, 1000]))
def test_inputs_have_the_size_they_have_in_python(
    probe: Probe,
    detector: packs.Detector,
    double_assets: Path,
    width: int,
    height: int,
    max_side: int,
) -> None:
    wanted = dataclasses.replace(detector, max_side=max_side or detector.max_side)
    expected = detection.input_size(width, height, wanted)
    assert probe.size(double_assets, width, height, max_side) == expected


@SLOW
@given(st.integers(1, 20000), st.sampled_from([32, 320, 640, 960]))
def test_strips_are_cut_as_in_python(probe: Probe, length: int, span: int) -> None:
    assert probe.tiles(length, span) == tiled_map.starts(length, span)


@SLOW
@given(st.integers(1, 60000), st.sampled_from([160, 320, 800, 1184]))
def test_long_lines_are_cut_as_in_python(probe: Probe, length: int, span: int) -> None:
    overlap = min(192, span // 3)
    expected = long_lines.starts(length, span, overlap)
    assert probe.segments(length, span, overlap) == expected


@pytest.mark.parametrize("scale", [0.1, 0.25, 0.37, 0.66])
def test_fine_strokes_are_seen_where_python_sees_them(
    probe: Probe, samples: Path, scale: float
) -> None:
    for name in ("mixed_page.png", "receipt.jpg", "small_print.png"):
        picture = image.load(samples / name)
        expected = fine_strokes.fine_cells(picture, scale)
        found = probe.strokes(picture, scale)
        assert found.shape == expected.shape
        assert expected.sum() > 0 or scale > 0.3
        # Grey is rounded differently by some builds of OpenCV.
        assert (found != expected).mean() < 0.002


def limited(double_pack: Path, folder: Path, **stages: dict[str, Any]) -> tuple[packs.Pack, Path]:
    """The double's pack with networks that take one size only, and a module's assets of it."""
    data = json.loads((double_pack / "pack.json").read_text())
    said = {stage: {**data[stage], **more} for stage, more in stages.items()}
    files = packs.load(double.pack(folder / "pack", **said))
    (folder / "assets").mkdir()
    assets.write(files, abi.module(), folder / "assets")
    return files, folder / "assets"


@SLOW
@given(st.integers(1, 9000), st.integers(1, 9000))
def test_inputs_of_one_size_are_filled_as_in_python(
    probe: Probe, double_pack: Path, tmp_path_factory: Any, width: int, height: int
) -> None:
    fixed = {"fixed_size": True, "shape": [480, 640]}
    files, folder = limited(double_pack, tmp_path_factory.mktemp("fixed"), det=fixed)
    expected = detection.input_size(width, height, files.detector)
    assert probe.size(folder, width, height) == expected


#: What decides how a line is laid out: letters of all directions, digits, signs and brackets.
CHARACTERS = [*"אבبتaéZ1290٢٣ .,:-/+%$#€()[]«»<>؟،!_", "لا", "🇩🇪", "𐤀", "\u0301", "\u064e", ""]


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(CHARACTERS), max_size=24))
def test_lines_from_right_to_left_are_read_as_in_python(
    probe: Probe, characters: list[str]
) -> None:
    assert probe.logical(characters) == bidi.logical(characters)


def test_the_characters_are_those_of_the_pack(probe: Probe, tmp_path: Path) -> None:
    # Odd spaces, a lone carriage return, a line separator, and a character outside the first plane.
    lines = ["a", "\u3000", "\r", "\u2028", "\\", "=", "𠀀", "\x85"]
    folder = double.pack(tmp_path / "pack")
    files = packs.load(folder)
    recogniser = dataclasses.replace(files.recogniser, charset=(*lines, " "))
    golden = dataclasses.replace(files.golden, lines=(" \\ =a\tb ", "č😀"))
    (tmp_path / "assets").mkdir()
    changed = dataclasses.replace(files, recogniser=recogniser, golden=golden)
    assets.write(changed, abi.module(), tmp_path / "assets")
    assert probe.charset(tmp_path / "assets") == [*lines, " "]


#: Kinds of pages, by their lines.
PAGES = {
    "rows": page(3, 7),
    "columns": [*paragraph(80, 100, 9), *paragraph(560, 117, 9), *paragraph(1040, 100, 6)],
    "headings": [
        rectangle(80, 20, 700, 44),
        *paragraph(80, 100, 7),
        *paragraph(560, 100, 7),
        rectangle(80, 400, 880, 40),
        *paragraph(80, 460, 6),
        *paragraph(560, 460, 5),
    ],
    "vertical": [
        rectangle(100, 20, 500, 50),
        *(geometry.text_first(rectangle(640 - 70 * line, 120, 40, 500)) for line in range(9)),
    ],
    "words": page(4, 6, 66),
}


@pytest.mark.parametrize("tilt", [-12, -3, 0, 5])
@pytest.mark.parametrize("kind", PAGES)
def test_lines_are_ordered_as_in_python(probe: Probe, kind: str, tilt: int) -> None:
    quads = [turned(quad, tilt, (400, 400)) for quad in PAGES[kind]]
    shuffled = RANDOM.permutation(len(quads)).tolist()
    quads = [quads[index] for index in shuffled]
    for upside_down in (False, True):
        expected = reading_order.of(quads, upside_down)
        assert probe.order(quads, upside_down, False) == expected
        expected = reading_order.of_turned(quads, upside_down)
        assert probe.order(quads, upside_down, True) == expected


@SLOW
@given(st.integers(0, 2**32 - 1), st.integers(0, 60))
def test_scattered_lines_are_ordered_as_in_python(probe: Probe, seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    quads = []
    for left, top, width, height in random.uniform(20, 400, (count, 4)):
        quad = geometry.clockwise(turned(rectangle(left, top, width, height / 8), left / 40))
        quads.append(np.roll(quad, int(random.integers(4)), axis=0))
    assert probe.order(quads, False, False) == reading_order.of(quads)
