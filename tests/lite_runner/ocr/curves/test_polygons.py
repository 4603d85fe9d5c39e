"""Curved lines: their middle, what is cut out along it, and the reader around rules for models."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from lite_runner import LiteError, Ocr, Options
from lite_runner.arrays import Floats, Image
from lite_runner.ocr.curves import circle, outline
from lite_runner.ocr.curves.centre_line import CentreLine, extended, straighten
from lite_runner.predictor.protocol import Output

#: A band along a circle: its middle, half of its height, and the angles of its ends in degrees.
CENTRE, RADIUS, HALF = np.array([300.0, 320.0]), 220.0, 20.0
#: As cv2.ellipse has them: clockwise from the right, so over the top from left to right.
ARCH, CUP, RING = (200, 340), (160, 20), (100, 430)


def arc(first: float, last: float) -> CentreLine:
    return circle.Circle(CENTRE, RADIUS).arc(*np.radians([first, last]).tolist(), (HALF, HALF))


def band(first: float, last: float, left: int = 10, right: int = 90) -> Image:
    """White, with a band along the circle whose first half is as dark as ``left``."""
    image = np.full((640, 600, 3), 255, np.uint8)
    middle = (first + last) / 2
    for begin, end, grey in ((first, middle, left), (middle, last, right)):
        shape = arc(begin, end).outline(90)
        cv2.fillPoly(image, [np.rint(shape).astype(np.int32)], (grey, grey, grey))
    return image


def from_middle(points: Floats) -> Floats:
    """How far points lie from the middle of the band, outwards."""
    distances: Floats = np.hypot(*(points - CENTRE).T) - RADIUS
    return distances


def signed_area(points: Floats) -> float:
    """Positive for what runs clockwise on the screen."""
    following = np.roll(points, -1, axis=0)
    return float((points[:, 0] * following[:, 1] - following[:, 0] * points[:, 1]).sum() / 2)


@pytest.mark.parametrize("ends", [ARCH, CUP])
def test_the_middle_of_an_outline(ends: tuple[float, float]) -> None:
    line = outline.centre_line(arc(*ends).outline(60)[::-1], 0.0, 1.5)
    assert np.abs(from_middle(line.points)).max() < 0.2 * HALF, "smoothing draws it inwards"
    assert np.median(line.halves) == pytest.approx(HALF, rel=0.1)
    assert line.points[0, 0] < line.points[-1, 0], "from left to right"
    assert line.length == pytest.approx(arc(*ends).length, rel=0.05)


@pytest.mark.parametrize("ends", [ARCH, CUP])
def test_a_filled_bend_follows_its_outer_side(ends: tuple[float, float]) -> None:
    """As detectors that were trained with quads see it: a sickle instead of a band."""
    shape = arc(*ends).outline(60)
    upper, lower = shape[:60], shape[60:]
    inner = upper if ends is CUP else lower
    share = np.sin(np.linspace(0, np.pi, 60))[:, None]
    inner += 0.35 * share * (CENTRE - inner)
    line = outline.centre_line(np.concatenate([upper, lower]), 0.0, 1.5)
    assert np.abs(from_middle(line.points)).max() < HALF


def test_a_straightened_band_is_straight() -> None:
    line = arc(*ARCH)
    strip = straighten(band(*ARCH), line)
    height, width = strip.pixels.shape[:2]
    assert height == 2 * HALF
    assert width == pytest.approx(line.length, abs=2)
    assert strip.pixels[3:-3, 3 : width // 2 - 5].max() < 50
    assert strip.pixels[3:-3, width // 2 + 5 : -3].min() > 50
    back = strip.to_picture(
        CentreLine(np.array([[9.5, 20], [99.5, 20]], np.float32), np.full(2, 10, np.float32))
    )
    assert np.abs(from_middle(back.points)).max() < 1
    np.testing.assert_allclose(back.halves, 10, rtol=0.02)


def test_a_line_goes_on_as_it_was_bent() -> None:
    longer = extended(arc(*ARCH), 60.0)
    assert np.abs(from_middle(longer.points)).max() < 2
    assert longer.length == pytest.approx(arc(*ARCH).length + 120, rel=0.01)


@pytest.mark.parametrize("ends", [ARCH, CUP])
def test_curved_lines_are_read_with_polygons(
    ends: tuple[float, float], pack_folder: Path, engine: Any
) -> None:
    with Ocr(pack_folder, engine, Options(polygons=True)) as reader:
        [line] = reader.read(band(*ends)).lines
    assert (line.text, line.angle) == ("l", 0)
    assert line.polygon is not None
    assert signed_area(line.polygon) > 0
    assert line.polygon.dtype == np.float32
    half = len(line.polygon) // 2
    outside, inside = np.split(from_middle(line.polygon), 2)[:: 1 if ends is ARCH else -1]
    assert outside.min() > HALF > 0 > -HALF > inside.max(), "the text lies within"
    assert line.polygon[0, 0] < line.polygon[half - 1, 0]
    assert line.box.shape == (4, 2)
    np.testing.assert_allclose(line.box[0], line.box.min(axis=0), atol=2)


def test_a_curved_line_that_is_upside_down_starts_at_its_other_end(
    pack_folder: Path, engine: Any
) -> None:
    turned = np.array([[0.0, 1.0]], np.float32)
    with Ocr(pack_folder, engine, Options(polygons=True)) as reader:
        [upright] = reader.read(band(*ARCH)).lines
        engine.models["cls.nb"] = lambda batch: [Output(np.repeat(turned, len(batch), axis=0))]
        [line] = reader.read(band(*ARCH)).lines
    assert (line.text, line.angle) == ("r", 180)
    assert line.polygon is not None
    assert upright.polygon is not None
    np.testing.assert_allclose(
        line.polygon, np.roll(upright.polygon, len(line.polygon) // 2, axis=0), atol=1
    )


def test_a_ring_is_read_from_its_gap_on(pack_folder: Path, engine: Any) -> None:
    with Ocr(pack_folder, engine, Options(polygons=True)) as reader:
        [line] = reader.read(band(*RING)).lines
    assert line.text == "l"
    assert line.polygon is not None
    away = line.polygon[0] - CENTRE
    assert np.degrees(np.arctan2(away[1], away[0])) == pytest.approx(RING[0], abs=8)


def test_straight_lines_are_read_as_without_polygons(
    pack_folder: Path, engine: Any, sheet: Image
) -> None:
    with Ocr(pack_folder, engine) as reader:
        plain = reader.read(sheet).lines
    with Ocr(pack_folder, engine, Options(polygons=True)) as reader:
        lines = reader.read(sheet).lines
    assert [line.polygon for line in plain] == [None, None]
    for line, other in zip(lines, plain):
        assert (line.text, line.score) == (other.text, other.score)
        np.testing.assert_array_equal(line.box, other.box)
        np.testing.assert_array_equal(line.polygon, line.box)


def test_without_pyclipper_polygons_are_refused(
    pack_folder: Path, engine: Any, sheet: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyclipper", None)
    with pytest.raises(LiteError, match=r"no pyclipper.*apt-get install python3-pyclipper") as told:
        Ocr(pack_folder, engine, Options(polygons=True))
    assert "\n" not in str(told.value)
    with Ocr(pack_folder, engine) as reader:
        assert len(reader.read(sheet)) == 2
