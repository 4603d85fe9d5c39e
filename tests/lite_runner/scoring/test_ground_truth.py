"""True lines and boxes: those of the samples, and folders that are damaged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from lite_runner.ocr.detector import geometry
from lite_runner.pictures import image
from lite_runner.scoring import ground_truth
from lite_runner.scoring.ground_truth import TruthError

SAMPLES = Path(__file__).parents[3] / "samples"


@pytest.mark.parametrize("one", ground_truth.pictures(SAMPLES), ids=lambda one: one.path.name)
def test_the_samples_boxes_are_where_their_ink_is(one: ground_truth.Picture) -> None:
    pixels = cv2.cvtColor(image.load(one.path), cv2.COLOR_BGR2GRAY)
    height, width = pixels.shape
    assert one.boxes is not None
    assert len(one.boxes) == len(one.lines)
    for box in one.boxes:
        quad = np.array(box, np.float32)
        assert (quad >= 0).all()
        assert (quad <= [width, height]).all()
        # Clockwise as seen on the screen, where y grows downwards.
        assert cv2.contourArea(quad, oriented=True) > 0
        inside = np.zeros_like(pixels)
        cv2.fillConvexPoly(inside, np.rint(quad).astype(np.int32), 1)
        border = cv2.dilate(inside, np.ones((9, 9), np.uint8)) - cv2.dilate(
            inside, np.ones((5, 5), np.uint8)
        )
        # Ink makes what is inside vary, and nothing else is written close around it.
        assert pixels[inside > 0].std() > 1.5 * pixels[border > 0].std()


@pytest.mark.parametrize("one", ground_truth.pictures(SAMPLES), ids=lambda one: one.path.name)
def test_the_samples_boxes_end_where_their_ink_does(one: ground_truth.Picture) -> None:
    # Blurred as far as the noise of the darkest picture asks for.
    pixels = cv2.GaussianBlur(image.load(one.path), (0, 0), 1.5)
    assert one.boxes is not None
    for box, text in zip(one.boxes, one.lines):
        line = geometry.crop(pixels, np.array(box, np.float32)).astype(np.float32).mean(axis=2)
        deep = max(3, round(0.16 * line.shape[0]))
        # Upwards and downwards a line is as high as its font, whatever it says.
        ends = {"start": line[:, :deep], "end": line[:, -deep:]}
        for side, strip in ends.items():
            assert np.ptp(strip) > 0.2 * np.ptp(line), (text, side)


def test_a_samples_boxes_start_where_their_text_does() -> None:
    known = {one.path.name: one.boxes or () for one in ground_truth.pictures(SAMPLES)}
    *card, note, last = known["upside_down.jpg"]
    for quad in card:
        assert quad[0] == max(quad, key=sum), "a line on its head starts at the bottom right"
    for quad in (note, last):
        assert quad[0] == min(quad, key=sum)
    spine = known["vertical_line.jpg"][0]
    across = [x for x, _ in spine]
    assert sorted(across)[2:] == sorted(across[:2]), (
        "a line down the spine has its top to the right"
    )
    assert spine[0][1] < spine[1][1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.png").write_bytes(b"")
    (tmp_path / "labels.json").write_text(json.dumps({"about": "x", "a.png": ["one", "two"]}))
    return tmp_path


def boxes(folder: Path, value: Any) -> Path:
    text = value if isinstance(value, str) else json.dumps(value)
    (folder / "boxes.json").write_text(text)
    return folder


QUAD = [[0, 0], [9, 0], [9, 5], [0, 5]]


def test_boxes_belong_to_lines(folder: Path) -> None:
    assert ground_truth.pictures(folder)[0].boxes is None
    boxes(folder, {"about": "y", "a.png": [QUAD, QUAD]})
    (found,) = ground_truth.pictures(folder)
    assert found.boxes is not None
    assert found.boxes[1][2] == (9.0, 5.0)


def test_a_picture_without_boxes_has_none(folder: Path) -> None:
    assert ground_truth.pictures(boxes(folder, {"b.png": [QUAD]}))[0].boxes is None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("{", r"boxes\.json: is not JSON"),
        ("[]", r"boxes\.json: expected an object of lists by picture"),
        ({"a.png": [QUAD]}, r"a\.png: expected a quad for each of the 2 lines .*, found 1$"),
        ({"a.png": [QUAD, QUAD[:3]]}, r"a\.png: quad 2: expected four corners \[x, y\]"),
        ({"a.png": [QUAD, 5]}, r"a\.png: quad 2: expected four corners .*, found 5$"),
        ({"a.png": [QUAD, ["12", "34", "56", "78"]]}, r'expected corners \[x, y\].*, found "12"$'),
        ({"a.png": [QUAD, [[1, "x"]] * 4]}, r"quad 2: expected corners \[x, y\] in pixels"),
        ({"a.png": [QUAD, [[1, float("nan")]] * 4]}, r"in pixels, found \[1, NaN\]$"),
        ({"a.png": [QUAD, [[1, 10**400]] * 4]}, r"quad 2: expected corners \[x, y\] in pixels"),
        ({"a.png": [QUAD, [[1, True]] * 4]}, r"in pixels, found \[1, true\]$"),
        ({"a.png": [[[1, 2, 3]] * 4, QUAD]}, r"quad 1: .* in pixels, found \[1, 2, 3\]$"),
    ],
)
def test_damaged_boxes_are_told_in_one_line(folder: Path, value: Any, words: str) -> None:
    with pytest.raises(TruthError, match=words) as caught:
        ground_truth.pictures(boxes(folder, value))
    assert "\n" not in str(caught.value)
